internal import ContentModel
internal import Hummingbird
internal import Synchronization

/// A body that has to have as many bytes as were announced: one that breaks off ends like any other otherwise.
struct WholeBody: AsyncSequence, Sendable {
    let body: RequestBody
    let length: Int64
    let problem = BodyProblem()

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), left: length, problem: problem)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var parts: RequestBody.AsyncIterator
        /// How many bytes have not come yet.
        fileprivate(set) var left: Int64
        fileprivate let problem: BodyProblem

        mutating func next() async throws -> ByteBuffer? {
            let part = try await nextPart()
            left -= Int64(part?.readableBytes ?? 0)
            guard left >= 0, part != nil || left == 0 else {
                throw problem.noting("The upload does not have as many bytes as it announced.")
            }
            return part
        }

        /// Where the connection ends in the middle, the parser may say so in its own words.
        private mutating func nextPart() async throws -> ByteBuffer? {
            do {
                return try await parts.next()
            } catch {
                throw problem.noting("The upload broke off before its end.", error)
            }
        }
    }
}

/// What was wrong with a body. A class, because who reads the body is not who is told.
final class BodyProblem: Sendable {
    private let noted = Mutex<TidelockError?>(nil)

    var error: TidelockError? { noted.withLock { $0 } }

    func note(_ error: TidelockError) { noted.withLock { $0 = error } }

    fileprivate func noting(_ what: String, _ cause: (any Error)? = nil) -> TidelockError {
        let problem = TidelockError(.malformedMessage, what, underlying: cause)
        note(problem)
        return problem
    }
}
