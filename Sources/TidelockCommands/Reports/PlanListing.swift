internal import ContentModel
internal import SyncEngine
internal import SyncProtocol

/// One row of a plan as people and `--json` see it.
struct ListedRow: Codable, Sendable, Equatable {
    enum Operation: String, Codable, Sendable {
        case create, update, delete, release, drop, skip
        /// The destination has such an item: it may be updated, or be left as it is.
        case send
    }

    /// What a row meets at the destination that this source did not send.
    enum Meeting: String, Codable, Sendable {
        /// An edit of what the source sent.
        case edited
        /// What the source sent was deleted there.
        case deleted
        /// An item that was made there, or that another source sent.
        case foreign
    }

    /// Why the fields of an item are not told, or not all of them.
    enum Gap: String, Codable, Sendable {
        /// Handlers of the destination hold some of them back.
        case heldBack = "held_back"
        /// Handlers of the destination let nothing of the item out.
        case withheld
        case tooLarge = "too_large"
        /// The source does not send the item any more.
        case moved
    }

    var kind: String
    var id: String
    var operation: Operation
    /// What the handler said that left it out, or that the filter of the run did.
    var reason: String?
    var conflict: Meeting?
    /// The fields that differ, where they were wanted and the destination has the item.
    var changes: [ListedChange]?
    /// How many more fields differ.
    var more: Int?
    var gap: Gap?
}

extension ListedRow {
    private static let leftOut = "left the filter"

    /// What the plan changes, and then what handlers left out; `limit` rows at most.
    ///
    /// Throws when a row names no kind.
    static func list(_ planned: [PlannedRow], _ excluded: [ExcludedItem], limit: Int) throws -> [ListedRow] {
        let excluded = try excluded.map { (item: ItemKey(try Kind($0.kind), $0.id), row: $0) }
        // A row that a handler dropped and that has to go stands in both lists, and is told with its reason once.
        let reasons = Dictionary(
            excluded.map { ($0.item, $0.row.reason) }, uniquingKeysWith: { first, _ in first })
        var told: Set<ItemKey> = []
        var rows: [ListedRow] = []
        for row in planned.prefix(limit) {
            let item = ItemKey(try Kind(row.kind), row.id)
            told.insert(item)
            rows.append(
                ListedRow(
                    kind: row.kind, id: row.id, operation: row.listed,
                    reason: reasons[item] ?? (row.isLeftOut == true ? Self.leftOut : nil), conflict: row.meeting))
        }
        guard planned.count <= limit else { return rows }
        for (item, row) in excluded where !told.contains(item) {
            rows.append(
                ListedRow(kind: row.kind, id: row.id, operation: row.isDropped ? .drop : .skip, reason: row.reason))
        }
        return Array(rows.prefix(limit))
    }

    mutating func note(_ comparison: ItemComparison) {
        switch comparison {
        case .absent:
            // It may have been deleted there, which is an edit as well.
            if conflict == .foreign { conflict = nil }
            if operation == .send || operation == .update { operation = .create }
            return
        case .fields(let difference, let isPartial):
            changes = ListedChange.list(difference)
            if difference.count > difference.fields.count { more = difference.count - difference.fields.count }
            if isPartial { gap = .heldBack }
        case .withheld: gap = .withheld
        case .tooLarge: gap = .tooLarge
        case .moved: gap = .moved
        }
        // The source did not know of the item that is there.
        guard operation == .create || operation == .send else { return }
        operation = .update
        conflict = .foreign
    }
}

extension PlannedRow {
    fileprivate var listed: ListedRow.Operation {
        switch operation {
        case .delete: .delete
        case .release: .release
        case .put:
            switch destination.holder {
            case .source, .edited: isDeletedThere == true ? .create : .update
            case .other: .send
            case .nobody: cameFromThere == true ? .send : .create
            }
        }
    }

    fileprivate var meeting: ListedRow.Meeting? {
        switch (operation, destination.holder) {
        case (.put, .edited) where isDeletedThere == true: .deleted
        case (.put, .edited) where followsEdit == true: nil
        case (.put, .edited), (.delete, .edited): .edited
        case (.put, .other), (.delete, .other): .foreign
        default: nil
        }
    }
}

/// A field that a planned item changes, as `--json` prints it: values are JSON texts, in which numbers keep their
/// spelling.
struct ListedChange: Codable, Sendable, Equatable {
    var path: String
    var change: FieldDifference.Change
    var old: String?
    var new: String?
    /// A value is longer than what is told of it; left out where none is.
    var cut: Bool?

    /// Fields named of one item, and bytes told of one value and of all values of an item.
    static let limit = 200
    static let valueBytes = 4_096
    static let itemBytes = 64 << 10

    static func list(_ difference: FieldDifference) -> [ListedChange] {
        var room = itemBytes
        return difference.fields.map { ListedChange($0, room: &room) }
    }

    private init(_ field: FieldDifference.Field, room: inout Int) {
        (path, change) = (field.path, field.change)
        old = field.old?.beginning(min(Self.valueBytes, room))
        room -= old?.utf8.count ?? 0
        new = field.new?.beginning(min(Self.valueBytes, room))
        room -= new?.utf8.count ?? 0
        let isCut = field.old?.bytes.count != old?.utf8.count || field.new?.bytes.count != new?.utf8.count
        cut = isCut ? true : nil
    }
}

extension JSONDocument {
    /// The first bytes as text, whole characters only.
    fileprivate func beginning(_ limit: Int) -> String {
        guard bytes.count > limit else { return text }
        var end = max(limit, 0)
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return String(decoding: bytes[..<end], as: UTF8.self)
    }
}

// MARK: For people

extension ListedRow {
    /// The row, and below it the first of its fields.
    func lines(_ direction: Direction) -> [String] {
        let changes = changes ?? []
        var lines = [line(direction)] + changes.prefix(Self.shownFields).map { "      " + $0.line }
        let rest = max(0, changes.count - Self.shownFields) + (more ?? 0)
        if rest > 0 { lines.append("      … and \(rest) more fields\(more == nil ? "; --json lists them" : "")") }
        if let gap { lines.append("      (\(gap.words))") }
        if self.changes == [], gap == nil { lines.append("      (the destination holds just that)") }
        return lines
    }

    private static let shownFields = 20

    private func line(_ direction: Direction) -> String {
        "  \(operation.rawValue)  \(kind)/\(id.printable)" + (conflict?.words(direction) ?? "")
            + (reason.map { $0.isEmpty ? "" : ": \($0.printable)" } ?? "")
    }
}

extension ListedRow.Meeting {
    fileprivate func words(_ direction: Direction) -> String {
        switch (self, direction) {
        case (.edited, .push): ", edited at the destination"
        case (.edited, .pull): ", edited here"
        case (.deleted, .push): ", deleted at the destination"
        case (.deleted, .pull): ", deleted here"
        case (.foreign, .push): ", of which the destination has a version of its own"
        case (.foreign, .pull): ", of which there is a version here"
        }
    }
}

extension ListedRow.Gap {
    fileprivate var words: String {
        switch self {
        case .heldBack: "fields that handlers of the destination hold back are not compared"
        case .withheld: "handlers of the destination do not show what it holds"
        case .tooLarge: "too large to be compared"
        case .moved: "the item has changed since the plan was made"
        }
    }
}

extension ListedChange {
    fileprivate var line: String {
        let name = path.isEmpty ? "(the whole item)" : path.printable
        return switch change {
        case .added: "+ \(name): \(shown(new))"
        case .removed: "- \(name): \(shown(old))"
        case .changed: "~ \(name): \(shown(old)) → \(shown(new))"
        case .reordered: "~ \(name), in another order: \(shown(old)) → \(shown(new))"
        }
    }

    private func shown(_ value: String?) -> String { (value ?? "").printable }
}
