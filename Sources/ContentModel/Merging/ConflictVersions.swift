/// The versions of an item that a conflict is about.
public struct ConflictVersions: Sendable {
    /// What arrives or waits; nil for a delete.
    public var source: JSONDocument?
    /// What is here; nil when it was deleted here.
    public var target: JSONDocument?
    /// What both were made of; nil where that is not known.
    public var base: JSONDocument?

    public init(source: JSONDocument?, target: JSONDocument?, base: JSONDocument? = nil) {
        self.source = source
        self.target = target
        self.base = base
    }

    /// Those that there are, with their names.
    public var documents: [(name: String, document: JSONDocument)] {
        [("source", source), ("target", target), ("base", base)].compactMap { name, document in
            document.map { (name, $0) }
        }
    }
}
