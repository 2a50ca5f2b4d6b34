import JSONKernel

/// The kernel as tests want it: texts in, texts or problems out.
final class Kernel {
    let parser = jk_parser_create()!
    private var buffer = jk_buffer()

    deinit {
        jk_buffer_release(&buffer)
        jk_parser_destroy(parser)
    }

    struct Refusal: Error, Equatable {
        var status: jk_status
        var offset: Int
    }

    func normalise(_ bytes: [UInt8]) throws -> [UInt8] {
        try written(over: bytes) { jk_normalise(parser, $0, bytes.count, &buffer, $1) }
    }

    func canonicalise(_ bytes: [UInt8]) throws -> [UInt8] {
        try written(over: bytes) { jk_canonicalise(parser, $0, bytes.count, &buffer, $1) }
    }

    func normalise(_ text: String) throws -> String { try decoded(normalise(Array(text.utf8))) }

    func canonicalise(_ text: String) throws -> String { try decoded(canonicalise(Array(text.utf8))) }

    func hash(_ bytes: [UInt8]) throws -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        try check(over: bytes) { jk_hash(parser, $0, bytes.count, &digest, $1) }
        return digest
    }

    func intake(_ bytes: [UInt8]) throws -> (stored: [UInt8], digest: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: 32)
        let stored = try written(over: bytes) { jk_intake(parser, $0, bytes.count, &buffer, nil, &digest, $1) }
        return (stored, digest)
    }

    /// The stored form of a text and the index that comes with it.
    func indexedIntake(_ bytes: [UInt8]) throws -> (stored: [UInt8], nodes: [jk_node]) {
        var digest = [UInt8](repeating: 0, count: 32)
        var index = jk_index()
        let stored = try written(over: bytes) { jk_intake(parser, $0, bytes.count, &buffer, &index, &digest, $1) }
        return (stored, Array(UnsafeBufferPointer(start: index.nodes, count: index.count)))
    }

    /// Lends the index of a document.
    func index<Result>(_ bytes: [UInt8], _ body: (UnsafeBufferPointer<jk_node>, jk_index) throws -> Result) throws
        -> Result
    {
        try bytes.withUnsafeBufferPointer { text in
            var index = jk_index()
            var problem = jk_problem()
            let status = jk_index_document(parser, text.baseAddress, text.count, &index, &problem)
            guard status == JK_OK else { throw Refusal(status: status, offset: problem.offset) }
            return try body(UnsafeBufferPointer(start: index.nodes, count: index.count), index)
        }
    }

    func refusal(_ bytes: [UInt8]) -> Refusal? {
        do {
            try index(bytes) { _, _ in }
            return nil
        } catch {
            return error as? Refusal
        }
    }

    private func written(
        over bytes: [UInt8], _ call: (UnsafePointer<UInt8>?, UnsafeMutablePointer<jk_problem>) -> jk_status
    ) throws -> [UInt8] {
        try check(over: bytes, call)
        return Array(UnsafeBufferPointer(start: buffer.bytes, count: buffer.length))
    }

    private func check(
        over bytes: [UInt8], _ call: (UnsafePointer<UInt8>?, UnsafeMutablePointer<jk_problem>) -> jk_status
    ) throws {
        var problem = jk_problem()
        let status = bytes.withUnsafeBufferPointer { call($0.baseAddress, &problem) }
        guard status == JK_OK else { throw Refusal(status: status, offset: problem.offset) }
    }

    private func decoded(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// A text with each `~XX` replaced by the byte of that hex value, for texts that are not UTF-8.
func bytes(_ text: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = Substring(text)
    while let first = rest.first {
        if first == "~", let byte = UInt8(rest.dropFirst().prefix(2), radix: 16) {
            result.append(byte)
            rest = rest.dropFirst(3)
        } else {
            result += Array(String(first).utf8)
            rest = rest.dropFirst()
        }
    }
    return result
}
