internal import JSONKernel
internal import Synchronization

/// A kernel parser with its scratch memory and the buffers it writes stored forms and lists of members to.
///
/// Used by one thread at a time: whoever borrowed it from the pool. That makes sending it between threads safe.
final class JSONParser: @unchecked Sendable {
    let parser: OpaquePointer
    var stored = jk_buffer()
    var children = jk_children()

    init() {
        guard let parser = jk_parser_create() else { fatalError("out of memory") }
        self.parser = parser
    }

    deinit {
        jk_buffer_release(&stored)
        jk_children_release(&children)
        jk_parser_destroy(parser)
    }

    /// The stored form that the last call wrote.
    var storedBytes: [UInt8] {
        Array(UnsafeBufferPointer(start: stored.bytes, count: stored.length))
    }
}

/// Parsers at rest. Borrowing one takes a lock for as long as popping an array does.
final class JSONParserPool: Sendable {
    static let shared = JSONParserPool()

    /// More than run at once on any machine worth counting; the rest are freed when they come back.
    private static let mostIdle = 64

    /// A parser keeps several times the length of its largest document; those above this length take theirs along.
    private static let largestOrdinaryLength = 1 << 20

    private let idle = Mutex<[JSONParser]>([])

    /// Lends a parser for a document of the given length.
    func withParser<Result, Failure: Error>(
        for length: Int, _ body: (JSONParser) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let parser = idle.withLock { $0.popLast() } ?? JSONParser()
        defer { if length <= JSONParserPool.largestOrdinaryLength { giveBack(parser) } }
        return try body(parser)
    }

    private func giveBack(_ parser: JSONParser) {
        idle.withLock { if $0.count < JSONParserPool.mostIdle { $0.append(parser) } }
    }
}
