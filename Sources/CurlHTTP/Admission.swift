/// Who may connect now and who waits: at most `limit` requests per origin at once, the rest in the order they came.
///
/// Pure. libcurl has such a limit too, but it keeps one queue for all hosts, so a busy host could hold up the others.
struct Admission: Sendable, Equatable {
    typealias ID = UInt64

    private struct Line: Equatable {
        var running = 0
        var waiting: [ID] = []
    }

    private let limit: Int
    private var lines: [Origin: Line] = [:]

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    /// Lets `id` in, or puts it at the end of the line. Returns whether it may start.
    mutating func enter(_ id: ID, at origin: Origin) -> Bool {
        var line = lines[origin] ?? Line()
        defer { lines[origin] = line }
        guard line.running < limit else {
            line.waiting.append(id)
            return false
        }
        line.running += 1
        return true
    }

    /// Takes out a request that had started. Returns the one that may start in its place.
    mutating func leave(_ origin: Origin) -> ID? {
        guard var line = lines[origin] else { return nil }
        defer { lines[origin] = line.running > 0 ? line : nil }
        guard line.waiting.isEmpty else { return line.waiting.removeFirst() }
        line.running -= 1
        return nil
    }

    /// Takes out a request that was still waiting.
    mutating func giveUp(_ id: ID, at origin: Origin) {
        lines[origin]?.waiting.removeAll { $0 == id }
    }
}
