import SyncProtocol

/// What one request cost: its own bytes and those of its answer.
struct RequestCost: Sendable, Equatable {
    var method: String
    /// Without the query.
    var path: String
    var bytes = 0
    /// The answer was that the work goes on: the request comes again.
    var isWorking = false
}

extension RequestCost {
    /// The request that these bytes begin; nil when they begin none.
    init?(startOf bytes: [UInt8]) {
        guard let first = bytes.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first),
            let end = bytes.prefix(4_096).firstIndex(of: UInt8(ascii: "\r"))
        else { return nil }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[2] == "HTTP/1.1" else { return nil }
        self.init(method: String(words[0]), path: String(words[1].prefix { $0 != "?" }))
    }

    func isOne(of endpoint: Endpoint) -> Bool {
        let (places, parts) = (endpoint.traits.path.split(separator: "/"), path.split(separator: "/"))
        return method == endpoint.traits.method.rawValue && places.count == parts.count
            && zip(places, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }

    /// The number of the batch that it brings.
    var batch: Int? { isOne(of: .stageBatch) ? path.split(separator: "/").last.flatMap { Int($0) } : nil }
}

extension [RequestCost] {
    /// Batches that were sent more than once: the places of their sendings among all requests, and their bytes.
    var repetitions: String {
        let sendings = Dictionary(grouping: enumerated().filter { $0.element.batch != nil }) { $0.element.path }
        let numbers = Dictionary(grouping: sendings.keys) { $0.split(separator: "/").last ?? "" }
        return numbers.filter { $0.value.reduce(0) { $0 + (sendings[$1]?.count ?? 0) } > 1 }
            .sorted { Int($0.key) ?? 0 < Int($1.key) ?? 0 }
            .map { number, paths in
                let all = paths.sorted().map { path in
                    let each = sendings[path, default: []].map { "#\($0.offset) \($0.element.bytes)" }
                    return "\(path.dropLast(number.count + 9).suffix(6)): \(each.joined(separator: ", "))"
                }
                return "batch \(number) (\(all.joined(separator: "; ")))"
            }.joined(separator: ", ")
    }
}

/// Tells to which request the bytes on each connection belong.
///
/// A client sends no request before the last one on its connection was answered, so each begins a piece of what is
/// read.
struct RequestLedger {
    private(set) var costs: [RequestCost] = []
    /// Where in `costs` the request is that is under way on a connection.
    private var current: [Int: Int] = [:]

    mutating func note(_ bytes: [UInt8], connection: Int, isSent: Bool) {
        if isSent, let request = RequestCost(startOf: bytes) { begin(request, on: connection) }
        // Bytes that come late of a request that was counted before, or of none: they are counted all the same.
        if current[connection] == nil { begin(RequestCost(method: "", path: ""), on: connection) }
        guard let place = current[connection] else { return }
        costs[place].bytes += bytes.count
        if !isSent, bytes.starts(with: "HTTP/1.1 202 ".utf8) { costs[place].isWorking = true }
    }

    private mutating func begin(_ request: RequestCost, on connection: Int) {
        current[connection] = costs.count
        costs.append(request)
    }
}
