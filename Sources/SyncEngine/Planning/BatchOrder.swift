internal import ContentModel

/// Finds out which batches of a plan hold items of a tree whose parents may be in batches before them.
///
/// Items of a tree come level by level. A batch waits for all before it where a level begins, and so does the next one,
/// because parents may be in the batch in which the level began. Behind that, the parents of all items of the level are
/// where they belong, so that the other batches of a wide level travel beside one another.
struct BatchOrder {
    /// Where the level that is written began.
    private var level: (kind: Kind, number: Int, batch: Int)?
    /// Where items of a kind were first written.
    private var begun: [Kind: Int] = [:]
    /// Items of the level may have parents in batches that were written before.
    private var isBelow = false
    /// The batch that is being filled.
    private var batch = 1
    private var follows = false

    /// Notes an item of the batch that is being filled.
    mutating func note(_ kind: Kind, level number: Int) {
        if level?.kind != kind || level?.number != number { begin(kind, number) }
        guard isBelow, let level, let first = begun[kind] else { return }
        if batch > first, batch - level.batch <= 1 { follows = true }
    }

    private mutating func begin(_ kind: Kind, _ number: Int) {
        // Top items of another look at the kind may be below what the first look found.
        let isAnotherLook = level?.kind != kind && begun[kind] != nil
        isBelow = number > 0 || isAnotherLook
        level = (kind, number, batch)
        if begun[kind] == nil { begun[kind] = batch }
    }

    /// From here on, rows are looked at once more.
    mutating func beginLook() {
        level = nil
    }

    /// Closes the batch, and answers whether it follows those before it.
    mutating func close() -> Bool {
        defer {
            batch += 1
            follows = false
        }
        return follows
    }
}
