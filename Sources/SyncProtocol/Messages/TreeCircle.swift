public import ContentModel

/// Items of a tree that would be inside one another.
public struct TreeCircle: Codable, Sendable, Equatable {
    public var kind: String
    /// The first of them, each inside the one behind it; one at least.
    public var items: [String]
    /// How many there are.
    public var count: Int

    /// Items that are named at most.
    public static let listed = 10

    public init(kind: String, items: [String], count: Int) {
        self.kind = kind
        self.items = items
        self.count = count
    }

    /// What stops a run that would close the circle.
    public var refusal: TidelockError {
        let named = items.prefix(Self.listed).map(\.printable)
        let rest = count - named.count
        let more = rest > 0 ? " → and \(rest) more" : ""
        return TidelockError(
            .treeCycle,
            "In \(kind.printable), these items would be inside one another: \(named.joined(separator: " → "))\(more) → \(named.first ?? ""); nothing was changed.",
            hint: "Give one of them another parent, or push all of them together.",
            details: ["kind": kind])
    }
}

extension TreeCircle {
    /// Numbers and lists that no circle has are refused where a peer tells of one.
    var isPlausible: Bool {
        (1...Self.listed).contains(items.count) && count.isPlausible && count >= items.count
    }
}
