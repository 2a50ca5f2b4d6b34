internal import SyncProtocol

/// Which batches travel, so that never more than a window of them is under way, and none before those that it follows.
struct BatchTraffic: Sendable {
    let window: Int
    private var next = 1
    private var last = 0
    private var underWay: Set<Int> = []
    /// Those that have not set out and wait for all before them.
    private var following: Set<Int> = []

    init(window: Int) {
        self.window = window
    }

    var isQuiet: Bool { underWay.isEmpty && next > last }

    /// The batches to send now that those up to `number` may travel.
    mutating func ready(upTo number: Int, follows: Bool) -> [Int] {
        if follows, number >= next { following.insert(number) }
        last = max(last, number)
        return departures()
    }

    /// The batches to send now that all of them may travel.
    mutating func ready(_ batches: [BatchInfo]) -> [Int] {
        for batch in batches where batch.follows == true && batch.number >= next { following.insert(batch.number) }
        last = max(last, batches.count)
        return departures()
    }

    /// The batches to send now that one more has arrived.
    mutating func arrived(_ number: Int) -> [Int] {
        underWay.remove(number)
        return departures()
    }

    private mutating func departures() -> [Int] {
        var numbers: [Int] = []
        while underWay.count < window, next <= last, underWay.isEmpty || !following.contains(next) {
            numbers.append(next)
            underWay.insert(next)
            following.remove(next)
            next += 1
        }
        return numbers
    }
}
