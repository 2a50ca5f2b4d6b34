internal import ContentModel

/// Leaves of one digest tree by ascending bucket, each bucket at most once.
struct Leaves {
    struct Entry: Equatable {
        let bucket: UInt16
        let leaf: DigestTree.Leaf

        /// The number of the node that the leaf is below.
        var node: Int { Int(bucket >> 8) }
    }

    private(set) var entries: [Entry] = []

    init() {}

    /// One without rows for each of the buckets, which ascend.
    init(emptying buckets: [UInt16]) {
        for bucket in buckets { append(bucket, .empty) }
    }

    /// How many rows there are below them.
    var count: Int { entries.reduce(0) { $0 + $1.leaf.count } }

    mutating func reserveCapacity(_ count: Int) {
        entries.reserveCapacity(count)
    }

    mutating func append(_ bucket: UInt16, _ leaf: DigestTree.Leaf) {
        precondition(entries.last.map { $0.bucket < bucket } ?? true, "leaves are added in order")
        entries.append(Entry(bucket: bucket, leaf: leaf))
    }

    subscript(bucket: UInt16) -> DigestTree.Leaf? {
        let place = firstPlace { $0.bucket >= bucket }
        return place < entries.count && entries[place].bucket == bucket ? entries[place].leaf : nil
    }

    /// The numbers of the nodes that have any of these leaves below them, ascending.
    var nodes: [Int] {
        var nodes: [Int] = []
        for entry in entries where nodes.last != entry.node { nodes.append(entry.node) }
        return nodes
    }

    /// The leaves below one node.
    func below(node number: Int) -> ArraySlice<Entry> {
        entries[firstPlace { $0.node >= number }..<firstPlace { $0.node > number }]
    }

    /// Others in the place of those that both have, and these where only they are.
    func replacing(_ patch: ArraySlice<Entry>) -> Leaves {
        var merged = Leaves()
        merged.reserveCapacity(entries.count + patch.count)
        var rest = entries[...]
        for entry in patch {
            while let next = rest.first, next.bucket < entry.bucket { merged.entries.append(rest.removeFirst()) }
            if rest.first?.bucket == entry.bucket { rest.removeFirst() }
            merged.entries.append(entry)
        }
        merged.entries += rest
        return merged
    }

    /// The buckets for which these and others do not have the same leaf, ascending.
    func differences(from others: Leaves) -> [UInt16] {
        let buckets = Set(entries.map(\.bucket)).union(others.entries.map(\.bucket))
        return buckets.filter { self[$0] != others[$0] }.sorted()
    }

    /// The place of the first entry for which something is true that stays true from there on.
    private func firstPlace(where isReached: (Entry) -> Bool) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if isReached(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
