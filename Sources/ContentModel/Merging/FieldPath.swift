/// Where a value lies in an item: member names, and ids of list elements, or where they stand in a list without ids.
struct FieldPath: Hashable {
    private enum Step: Hashable {
        case member([UInt8])
        case element([UInt8])
    }

    private var steps: [Step] = []

    /// The item itself.
    static let item = FieldPath()

    private init() {}

    var depth: Int { steps.count }
    var isItem: Bool { steps.isEmpty }
    /// Whether it leads to an element of a list itself.
    var isElement: Bool { if case .element? = steps.last { true } else { false } }

    func member(_ name: [UInt8]) -> FieldPath { appending(.member(name)) }

    func element(_ id: [UInt8]) -> FieldPath { appending(.element(id)) }

    /// An element of a list without ids.
    func element(at position: Int) -> FieldPath { element(Array(String(position).utf8)) }

    private func appending(_ step: Step) -> FieldPath {
        var path = self
        path.steps.append(step)
        return path
    }

    /// The paths that this one leads through, from the item on and without itself.
    var way: [FieldPath] {
        steps.indices.map { count in
            var path = FieldPath.item
            path.steps = Array(steps.prefix(count))
            return path
        }
    }

    func isBelow(_ other: FieldPath) -> Bool { depth > other.depth && steps.starts(with: other.steps) }
}

// MARK: As text

extension FieldPath {
    /// Bytes of a path as text; longer ones are cut.
    private static let textBytes = 256

    /// Such as `seo.title` and `blocks[b1].text`.
    ///
    /// Where `.`, `[`, `]` and `\` are part of a key or an id, a `\` stands before them, and a key without characters
    /// is `\e`: so no two paths share a text, but for those that are cut.
    var text: String {
        var text: [UInt8] = []
        for (position, step) in steps.enumerated() {
            switch step {
            case .member(let name):
                if position > 0 { text.append(Sign.point) }
                text += name.isEmpty ? Sign.noName : Self.escaped(name)
            case .element(let id): text += [Sign.open] + Self.escaped(id) + [Sign.close]
            }
        }
        return Self.cut(text)
    }

    /// The text of earlier releases, which knew no escapes: several paths may share it.
    var earlierText: String {
        var text: [UInt8] = []
        for step in steps {
            switch step {
            case .member(let name):
                text += (text.isEmpty ? [] : [Sign.point]) + name.prefix(Self.textBytes)
            case .element(let id): text += [Sign.open] + id.prefix(Self.textBytes) + [Sign.close]
            }
        }
        return Self.cut(text)
    }

    /// The path with that text; nil where none has it, and where it may be cut.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard !Self.isCut(bytes) else { return nil }
        var reader = Reader(text: bytes)
        while !reader.isAtEnd {
            guard let step = reader.step(isFirst: steps.isEmpty) else { return nil }
            steps.append(step)
        }
    }

    /// Whether a path of this text may go on behind it.
    static func isCut(_ text: [UInt8]) -> Bool { text.count >= textBytes }

    private static func cut(_ text: [UInt8]) -> String { String(decoding: text.prefix(textBytes), as: UTF8.self) }

    private static func escaped(_ name: [UInt8]) -> [UInt8] {
        name.prefix(textBytes).flatMap { Sign.all.contains($0) ? [Sign.escape, $0] : [$0] }
    }
}

/// What has a meaning of its own in the text of a path.
private enum Sign {
    static let point = UInt8(ascii: ".")
    static let open = UInt8(ascii: "[")
    static let close = UInt8(ascii: "]")
    static let escape = UInt8(ascii: "\\")
    static let all = [point, open, close, escape]
    /// A key without characters: nothing at all would be the item, or the end of its parent.
    static let noName = [escape, UInt8(ascii: "e")]
}

extension FieldPath {
    /// Reads just the texts that `text` writes.
    private struct Reader {
        let text: [UInt8]
        private var place = 0

        init(text: [UInt8]) {
            self.text = text
        }

        var isAtEnd: Bool { place == text.count }

        /// Nil where none stands here.
        mutating func step(isFirst: Bool) -> Step? {
            if take([Sign.open]) {
                guard let id = name(), take([Sign.close]) else { return nil }
                return .element(id)
            }
            guard isFirst || take([Sign.point]) else { return nil }
            if take(Sign.noName) { return .member([]) }
            guard let name = name(), !name.isEmpty else { return nil }
            return .member(name)
        }

        /// Up to the next sign; nil where an escape stands before something else.
        private mutating func name() -> [UInt8]? {
            var name: [UInt8] = []
            while !isAtEnd {
                if take([Sign.escape]) {
                    guard !isAtEnd, Sign.all.contains(text[place]) else { return nil }
                } else if Sign.all.contains(text[place]) {
                    return name
                }
                name.append(text[place])
                place += 1
            }
            return name
        }

        private mutating func take(_ bytes: [UInt8]) -> Bool {
            guard text[place...].starts(with: bytes) else { return false }
            place += bytes.count
            return true
        }
    }
}
