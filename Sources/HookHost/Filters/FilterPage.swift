internal import ContentModel
internal import LuaRuntime
internal import SyncEngine

/// Items of one kind on their way through the filter handlers, and what has become of each so far.
struct FilterPage {
    let kind: Kind
    private let items: [OutgoingItem]
    private(set) var outcomes: [FilterOutcome]

    init(_ items: [OutgoingItem], of kind: Kind) {
        self.kind = kind
        self.items = items
        outcomes = Array(repeating: .unchanged, count: items.count)
    }

    /// Positions of the items a handler is to see: those it is for, and that no earlier one dropped or skipped.
    func positions(visibleTo handler: Handler) -> [Int] {
        guard handler.options.tellsItemsApart(of: kind) else { return outcomes.indices.filter(isLeft) }
        return outcomes.indices.filter { position in
            body(at: position).map { handler.options.match($0, of: kind) } ?? false
        }
    }

    /// What is left of an item; `nil` once it was dropped or skipped.
    func body(at position: Int) -> JSONDocument? {
        switch outcomes[position] {
        case .unchanged: items[position].body
        case .changed(let document): document
        case .dropped, .skipped: nil
        }
    }

    private func isLeft(_ position: Int) -> Bool {
        switch outcomes[position] {
        case .unchanged, .changed: true
        case .dropped, .skipped: false
        }
    }

    func id(at position: Int) -> String { items[position].id }

    mutating func skip(_ position: Int, reason: String) {
        outcomes[position] = .skipped(reason: reason)
    }

    /// Takes over what a handler did to the items at `positions`, after checking that it was allowed to.
    mutating func take(_ outcome: LuaOutcome, for positions: [Int], _ failure: HookFailure) throws {
        try check(outcome, failure)
        for (index, position) in positions.enumerated() {
            guard case .replaced(let bytes) = outcome.changes[index] else { continue }
            let mayHaveOtherId = outcome.uncertainKeys?.contains(index) ?? true
            try replace(position, with: bytes, mayHaveOtherId: mayHaveOtherId, failure)
        }
        for mark in outcome.marks { try take(mark, for: positions, failure) }
    }

    private func check(_ outcome: LuaOutcome, _ failure: HookFailure) throws {
        if let veto = outcome.marks.first(where: { $0.name == FilterMark.veto.rawValue }) {
            throw failure.refused("vetoed the run", reason: veto.reason)
        }
        if outcome.returnedCount > 1 || outcome.returned != .nil {
            throw failure.misbehaved(
                "returned a value",
                hint: "A filter changes the items in place; use ctx.drop, ctx.skip or ctx.veto for the rest.")
        }
        if outcome.listChanged {
            throw failure.misbehaved(
                "added, removed or moved items of the list",
                hint: "Use ctx.drop(item, reason) to keep an item from the destination.")
        }
    }

    /// The id says where an item belongs; with another one it would overwrite something else there.
    private mutating func replace(
        _ position: Int, with bytes: [UInt8], mayHaveOtherId: Bool, _ failure: HookFailure
    ) throws {
        // The kernel wrote a valid document, because it was given one.
        assert((try? JSONDocument(validating: bytes).bytes) == bytes, "a handler's result is no document")
        let document = JSONDocument(trusted: bytes)
        let id = id(at: position)
        guard !mayHaveOtherId || document.carries(id, under: kind.keyMember) else {
            var failure = failure
            failure.subject = ""
            throw failure.misbehaved(
                "changed '\(kind.keyMember)' of item \(id.printable) of \(kind)",
                hint: "A filter may change everything of an item but the member that identifies it.")
        }
        outcomes[position] = isOriginal(bytes, position) ? .unchanged : .changed(document)
    }

    /// Whether a second handler undid what a first one had done.
    private func isOriginal(_ bytes: [UInt8], _ position: Int) -> Bool {
        if case .unchanged = outcomes[position] { return false }
        return bytes == items[position].body.bytes
    }

    /// Of several verdicts on one item the first counts.
    private mutating func take(_ mark: LuaMark, for positions: [Int], _ failure: HookFailure) throws {
        guard let index = mark.document, positions.indices.contains(index) else {
            throw failure.misbehaved(
                "called ctx.\(mark.name) without an item", hint: "Write ctx.\(mark.name)(item, reason).")
        }
        let position = positions[index]
        guard isLeft(position) else { return }
        let reason = mark.reason ?? "handler '\(failure.handler.name)'"
        outcomes[position] =
            mark.name == FilterMark.drop.rawValue ? .dropped(reason: reason) : .skipped(reason: reason)
    }
}

extension JSONDocument {
    /// Whether a member holds exactly this text. Most items begin with their id, and then need not be parsed.
    fileprivate func carries(_ id: String, under member: String) -> Bool {
        let beginning = JSONDocument.object([(member, JSONDocument(string: id))]).bytes.dropLast()
        let next = bytes.count > beginning.count ? bytes[beginning.count] : 0
        if next == UInt8(ascii: ",") || next == UInt8(ascii: "}"), bytes.starts(with: beginning) { return true }
        // As bytes: Swift would take two spellings of one accented letter for the same id.
        return string(member).map { $0.utf8.elementsEqual(id.utf8) } ?? false
    }
}

/// The functions on `ctx` by which a filter says what is to become of an item or the run.
enum FilterMark: String, CaseIterable {
    case drop, skip, veto
}

extension LuaMark {
    /// The words that a handler gave, short enough to be shown.
    var reason: String? {
        values.lazy.compactMap(\.text).first.map { $0.beginning(500).escapingControls }
    }
}
