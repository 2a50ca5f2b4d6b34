internal import ContentModel
internal import Hummingbird
internal import NIOCore
internal import SyncProtocol

/// A form while it arrives, part after part.
///
/// A class, because whoever writes a file stops where it ends, and the next one goes on there.
final class ArrivingForm {
    private var parser: FormParser
    private var bytes: WholeBody.AsyncIterator
    private let problem: BodyProblem
    private let length: Int64

    init(_ body: WholeBody, _ parser: FormParser) {
        self.parser = parser
        bytes = body.makeAsyncIterator()
        problem = body.problem
        length = body.length
    }

    /// A file of so many bytes needs as much room, with its copy, as everything that is still to come with its copies,
    /// and the copies of what came.
    var neededBytes: Int64 { bytes.left + (length - bytes.left) / 2 }

    /// The next part, when the content of the one before it was read; nil behind the last.
    func nextPart() async throws -> FormPart? {
        guard let event = try await next() else { return nil }
        guard case .part(let part) = event else { preconditionFailure("the part before is not read to its end") }
        return part
    }

    /// The next bytes of the part; nil at its end.
    func nextBytes() async throws -> ByteBuffer? {
        if case .bytes(let bytes)? = try await next() { bytes } else { nil }
    }

    /// The content of a part that is no file. Throws `too_large`, and `malformed_message` for what is no text.
    func text() async throws -> String {
        var read: [UInt8] = []
        while let bytes = try await nextBytes() {
            read.append(contentsOf: bytes.readableBytesView)
            guard read.count <= Limits.formFieldBytes else {
                throw TidelockError(.tooLarge, "A field of the form is larger than \(Limits.formFieldBytes) bytes.")
            }
        }
        guard let text = String(validating: read, as: UTF8.self) else { throw FormParser.malformed("is no text") }
        return text
    }

    private func next() async throws -> FormParser.Event? {
        while true {
            if let event = try noting({ try parser.next() }) { return event }
            guard let more = try await bytes.next() else {
                try noting { try parser.finish() }
                return nil
            }
            parser.take(more)
        }
    }

    /// Whoever writes a file tells what is wrong with the form in words of its own.
    private func noting<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as TidelockError {
            problem.note(error)
            throw error
        }
    }
}

/// The content of one part of a form, which can be read once.
struct FormContent: AsyncSequence {
    let form: ArrivingForm

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(form: form) }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let form: ArrivingForm

        mutating func next() async throws -> ByteBuffer? { try await form.nextBytes() }
    }
}
