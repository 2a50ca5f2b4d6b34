import ContentModel

/// What a source remembers of a row it sent.
struct ModelMemory: Hashable {
    var source: ModelItem?
    /// What was sent last, whatever has become of it there.
    var output: ModelItem?
    /// The life of the item that this was made of.
    var life: Int
    var isHeld: Bool
    /// A rollback took the row back, which the source learnt when its item was this.
    var reverted: ModelItem?
    /// The item was gone for a while, here or there, after somebody else had taken the row over.
    var isUncertain = false
    /// The destination kept an item that a handler dropped, and the source may not have heard of it.
    var isSpared = false
    /// The row was not ours for a while, so that the source may not believe any more that it is.
    var wasOthers = false

    /// Whether what was sent is not all of the item that is here now, which is the one it was made of, edited since or
    /// not, and no other that was made anew when that was gone.
    func isLess(than row: ModelRow) -> Bool {
        guard let output, output != source, output != row.item else { return false }
        return life == row.life || source == row.item
    }

    /// What stays known when the destination does not hold the output any more. `row`: what was looked at, and is not
    /// sent; another item than the one of which something was sent does not take its place.
    func letGo(_ row: ModelRow? = nil, isSpared: Bool = false) -> ModelMemory {
        var memory = self
        (memory.isHeld, memory.reverted, memory.isUncertain, memory.isSpared) = (false, nil, false, isSpared)
        guard let row, output == nil || life == row.life else { return memory }
        (memory.source, memory.life) = (row.item, row.life)
        return memory
    }
}

/// The delete of an item that stayed.
struct KeptDelete: Hashable {
    /// Of the mirror that was to delete it.
    var source: Int
    /// The policy said so, and nobody has to decide any more; nil where a later run may have met the item once more.
    var isDecided: Bool?
    /// The source holds the item again by now, which the instance may have found out.
    var mayBeSettled = false

    /// The same after one more run of the source that kept the item.
    func kept(by policy: ConflictPolicy) -> KeptDelete {
        isDecided == false && policy == .target ? KeptDelete(source: source, isDecided: nil) : self
    }
}
