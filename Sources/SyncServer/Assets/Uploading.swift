internal import ContentModel
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol
internal import Synchronization

/// Files that applications send to become assets.
extension Reception {
    /// Everything that can be told beforehand is refused before a byte of the file is read. A file that does not arrive
    /// whole is never seen by anybody.
    func upload(_ arrival: Arrival, _ request: Request) async throws -> Answer {
        let length = try arrival.uploadLength
        let name = try arrival.uploadName
        let place = try await dependencies.assetEditor.place(for: length)
        try await receive(WholeBody(body: request.body, length: length), at: place, arrival)
        let asset = try await dependencies.assetEditor.add(
            AssetUpload(
                file: place, name: name, title: arrival.queryText("title"), folder: arrival.queryText("folder")))
        var answer = Answer(status: 201, body: asset.bytes)
        if let id = asset.string("_id") { answer.headers = [("location", Endpoint.readAsset.path(id))] }
        return answer
    }

    /// Writes the body part by part. The file appears at its place when all of it has been written, so what breaks off
    /// leaves nothing behind.
    private func receive(_ body: WholeBody, at place: String, _ arrival: Arrival) async throws {
        do {
            try await FileIO().writeFile(contents: body, path: place, context: arrival.context)
        } catch {
            // Whoever writes the file has wrapped what was wrong with the body in words of its own.
            if let problem = body.problem.error.withLock({ $0 }) { throw problem }
            // Whoever asks for room again learns whether somebody else has filled the disk meanwhile.
            _ = try await dependencies.assetEditor.place(for: body.length)
            throw TidelockError(.storageFailed, "The uploaded file could not be written.", underlying: error)
        }
    }
}

extension Arrival {
    /// How long the file is. Throws `usage` when the request does not say: whether there is room has to be known first.
    fileprivate var uploadLength: Int64 {
        get throws {
            guard let length = header("content-length").flatMap({ Int64($0) }), length >= 0 else {
                throw TidelockError(
                    .usage, "An upload says in 'content-length' how many bytes it has.",
                    hint: "Send the file in one piece, not in chunks.")
            }
            return length
        }
    }

    /// A value of the query; an empty one is none.
    fileprivate func queryText(_ name: String) -> String? {
        queryValue(name).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// What the file is called. Throws `usage` and `invalid_asset`.
    fileprivate var uploadName: String {
        get throws {
            guard header("content-type")?.lowercased().hasPrefix("multipart/") != true else {
                throw TidelockError(
                    .usage, "An upload is the file itself, not a form that holds it.",
                    hint: "Send the bytes as the body, for example with 'curl --data-binary @FILE'.")
            }
            guard let name = queryText("name"), name.utf8.count <= Kind.longestName else {
                throw TidelockError(
                    .usage, "An upload says in 'name' what its file is called, in at most \(Kind.longestName) bytes.",
                    hint: "For example POST \(Endpoint.addAsset.path())?name=photo.jpg.")
            }
            // What the file is, its bytes say, but those come later.
            try FileType.requireHarmless(name: name, head: [])
            return name
        }
    }
}

/// A body that has to have as many bytes as were announced: one that breaks off ends like any other otherwise.
private struct WholeBody: AsyncSequence, Sendable {
    let body: RequestBody
    let length: Int64
    let problem = BodyProblem()

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(parts: body.makeAsyncIterator(), left: length, problem: problem)
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var parts: RequestBody.AsyncIterator
        fileprivate var left: Int64
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
private final class BodyProblem: Sendable {
    let error = Mutex<TidelockError?>(nil)

    func noting(_ what: String, _ cause: (any Error)? = nil) -> TidelockError {
        let problem = TidelockError(.malformedMessage, what, underlying: cause)
        error.withLock { $0 = problem }
        return problem
    }
}
