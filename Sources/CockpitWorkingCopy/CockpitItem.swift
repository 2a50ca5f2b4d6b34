/// One document of a Cockpit installation, as the store takes it.
public struct CockpitItem: Sendable, Equatable {
    /// `models`, `locales`, `assets/folders`, `assets`, `content/<model>` or `singletons`.
    public var kind: String
    /// The value of the key that identifies an item within its kind.
    public var id: String
    /// The stored JSON text byte for byte; for models, which are PHP files, the same value as JSON.
    public var json: [UInt8]
    /// Where it was found: "content.sqlite: collections_articles row 17".
    public var source: String
    /// Of an asset: the path of its file below `uploads`, as the document says it. Checked for being there, and for
    /// nothing else.
    public var path: String?
}

/// What a storage folder holds and what is wrong with it, found without taking anything.
public struct CockpitInventory: Sendable, Equatable {
    /// How many items of one kind can be taken.
    public struct Count: Sendable, Equatable {
        public var kind: String
        public var items: Int
    }

    /// In the order in which the kinds are read; kinds without items are absent.
    public private(set) var counts: [Count] = []
    /// What cannot be taken. A table that is broken throughout would fill memory, so the list ends at
    /// `listedProblems` while `problemCount` goes on.
    public private(set) var problems: [CockpitProblem] = []
    public private(set) var problemCount = 0

    public static let listedProblems = 1_000

    public var itemCount: Int { counts.reduce(0) { $0 + $1.items } }

    /// Items of one kind come together, so the last count is the only one that can still grow.
    mutating func add(_ item: CockpitItem) {
        if counts.last?.kind == item.kind {
            counts[counts.count - 1].items += 1
        } else {
            counts.append(Count(kind: item.kind, items: 1))
        }
    }

    mutating func add(_ problem: CockpitProblem) {
        problemCount += 1
        if problems.count < Self.listedProblems { problems.append(problem) }
    }
}
