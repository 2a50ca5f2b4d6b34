import ContentModel
import SyncProtocol

/// What pushes of one and the same plan sent, however often they were killed.
struct PushTraffic: Equatable {
    /// Bytes of each sending of a batch, by its number.
    private(set) var batches: [Int: [Int]] = [:]
    /// Bytes of everything else.
    private(set) var rest = 0
    /// Requests that were answered with the word that work goes on: how many there are is for the time to say that the
    /// work takes, whatever was killed.
    private(set) var waits = 0

    init() {}

    init(_ costs: [RequestCost]) {
        for cost in costs {
            if cost.isWorking {
                waits += 1
            } else if let number = cost.batch {
                batches[number, default: []].append(cost.bytes)
            } else {
                rest += cost.bytes
            }
        }
    }

    /// Bytes without waiting.
    var bytes: Int { rest + batches.values.reduce(0) { $0 + $1.reduce(0, +) } }

    /// Bytes of each batch sent once. The largest sending is the whole one: a kill cuts the others short.
    var needed: Int { batches.values.reduce(0) { $0 + ($1.max() ?? 0) } }

    var largestBatch: Int { batches.values.compactMap { $0.max() }.max() ?? 0 }

    /// How many sendings were repetitions.
    var repeated: Int { batches.values.reduce(0) { $0 + $1.count - 1 } }
}

extension PushTraffic {
    /// Bytes that may travel at most in a round that was broken off so often, when this is what did.
    ///
    /// A kill breaks off, and so does a push that gives up after one: what it was sending once more is cut short too. A
    /// kill of the destination does so twice: libcurl repeats at once what a connection has lost, and a process that is
    /// dying may still take that. Of the batches, those that were on their way then travel once more. Everything else costs
    /// what it costs in `whole`, a push that nobody killed, and asking how things stand: after each break, and by the
    /// push that ends a round, for which there may be nothing left to do.
    func most(breaks: Int, whole: PushTraffic) throws -> Int {
        let again = breaks * Limits.window * largestBatch
        let asking = (breaks + 1) * Standing.fixed + breaks * (try Standing.lists(batches: batches.keys.max() ?? 0))
        return needed + again + whole.rest + asking
    }

    /// Where batches end is for the items in them to say, so their number differs a little from round to round, and
    /// with it what is needed: by far less than a fiftieth, and one batch where there are only a few.
    func isAlike(_ whole: PushTraffic) -> Bool {
        needed <= whole.needed + whole.needed / 50 + largestBatch
    }
}

/// What it costs after a kill to ask how things stand.
enum Standing {
    /// What does not grow with the transfer: the heads and tokens of the questions and answers, and what the
    /// destination says of each kind.
    static let fixed = 16 << 10

    /// Bytes of the messages that name every batch, as they travel.
    ///
    /// For each kill there is one of each at most: the state of the killed transfer, the answer to an open that names
    /// what is staged, and another commit. Each of them comes after a kill that either ended the run before or cut the
    /// same message short.
    static func lists(batches: Int) throws -> Int {
        guard batches > 0 else { return 0 }
        let infos = (1...batches).map(info)
        var opened = TransferOpened(status: .open, responder: InstanceIdentity(id: transfer, name: "production"))
        opened.staged = infos.map(\.digest)
        let state = TransferState(id: transfer, phase: .open, stagedBatches: infos.map(\.number), result: nil)
        let commit = CommitTransfer(fence: 1, batches: infos, expectedRoots: [:], confirmations: Confirmations())
        return try size(opened) + size(state) + size(commit)
    }

    private static let transfer = "01930000-0000-7000-8000-000000000000"

    /// As good as random: digests and lengths are what packing cannot shorten.
    private static func info(_ number: Int) -> BatchInfo {
        let digest = sha256(Array("batch \(number)".utf8))
        let length = digest.prefix(2).reduce(0) { $0 << 8 | Int($1) }
        return BatchInfo(number: number, digest: digest.hex, operations: Int(digest[2]), bytes: length)
    }

    private static func size(_ message: some Encodable) throws -> Int {
        try WireBody.pack(WireBody.encode(message)).bytes.count
    }
}
