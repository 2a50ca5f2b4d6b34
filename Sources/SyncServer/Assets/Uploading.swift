internal import ContentModel
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol

/// Files that applications send to become assets.
extension Reception {
    /// Everything that can be told beforehand is refused before a byte of the file is read. A file that does not arrive
    /// whole is never seen by anybody.
    func upload(_ arrival: Arrival, _ request: Request) async throws -> Answer {
        let length = try arrival.uploadLength
        let body = WholeBody(body: request.body, length: length)
        if let parser = try arrival.formParser {
            return try await uploadForm(ArrivingForm(body, parser), body, arrival)
        }
        let name = try Self.checked(arrival.queryText("name"))
        let place = try await dependencies.assetEditor.place(for: length)
        try await write(body, of: body, to: place, arrival)
        let upload = AssetUpload(
            file: place, name: name, title: arrival.queryText("title"), folder: arrival.queryText("folder"))
        let asset = try await dependencies.assetEditor.add([upload])[0]  // as many as files
        var answer = Answer(status: 201, body: asset.bytes)
        if let id = asset.string("_id") { answer.headers = [("location", Endpoint.readAsset.path(id))] }
        return answer
    }

    /// The files of a form become assets together when all of it has arrived.
    private func uploadForm(_ form: ArrivingForm, _ body: WholeBody, _ arrival: Arrival) async throws -> Answer {
        var upload = FormUpload()
        do {
            for name in ["folder", "title"] { try upload.note(name, arrival.queryText(name)) }
            while let part = try await form.nextPart() {
                if let name = part.file {
                    try await take(fileCalled: name, of: form, into: &upload, body, arrival)
                } else {
                    try upload.note(part.name, try await form.text())
                }
            }
            return Answer(assets: try await dependencies.assetEditor.add(try upload.uploads), of: upload.names)
        } catch {
            await dependencies.assetEditor.discard(upload.places)
            throw error
        }
    }

    private func take(
        fileCalled name: String, of form: ArrivingForm, into upload: inout FormUpload, _ body: WholeBody,
        _ arrival: Arrival
    ) async throws {
        if name.isEmpty {
            // Browsers send a field so for which nobody chose a file.
            guard try await form.nextBytes() == nil else { throw FormParser.malformed("is a file without a name") }
            return
        }
        let name = try Self.checked(name)
        let place = try await dependencies.assetEditor.place(for: form.neededBytes)
        upload.add(file: name, at: place)
        try await write(FormContent(form: form), of: body, to: place, arrival)
    }

    /// Writes bytes part by part. The file appears at its place when all of it has been written, so what breaks off
    /// leaves nothing behind.
    private func write<Content: AsyncSequence>(
        _ content: Content, of body: WholeBody, to place: String, _ arrival: Arrival
    ) async throws where Content.Element == ByteBuffer {
        do {
            try await FileIO().writeFile(contents: content, path: place, context: arrival.context)
        } catch {
            // Whoever writes the file has wrapped what was wrong with the body in words of its own.
            if let problem = body.problem.error { throw problem }
            // Whoever asks for room again learns whether somebody else has filled the disk meanwhile.
            _ = try await dependencies.assetEditor.place(for: body.length)
            throw TidelockError(.storageFailed, "The uploaded file could not be written.", underlying: error)
        }
    }

    /// What a file is called. Throws `usage` and `invalid_asset`.
    private static func checked(_ name: String?) throws -> String {
        guard let name, name.utf8.count <= Kind.longestName else {
            throw TidelockError(
                .usage, "An upload says in 'name' what its file is called, in at most \(Kind.longestName) bytes.",
                hint: "For example POST \(Endpoint.addAsset.path())?name=photo.jpg. Files of a form have names there.")
        }
        // What the file is, its bytes say, but those come later.
        try FileType.requireHarmless(name: name, head: [])
        return name
    }
}

extension Answer {
    /// As Cockpit answers an upload; here none fails that others could do without.
    fileprivate init(assets: [JSONDocument], of names: [String]) {
        let members: [(String, JSONDocument)] = [
            ("uploaded", .array(names.map { JSONDocument(string: $0) })), ("failed", .emptyArray),
            ("assets", .array(assets)),
        ]
        self.init(status: 201, body: JSONDocument.object(members).bytes)
    }
}

extension Arrival {
    /// How long the body is. Throws `usage` when the request does not say: whether there is room has to be known first.
    fileprivate var uploadLength: Int64 {
        get throws {
            guard let length = header("content-length").flatMap({ Int64($0) }), length >= 0 else {
                throw TidelockError(
                    .usage, "An upload says in 'content-length' how many bytes it has.",
                    hint: "Send it in one piece, not in chunks.")
            }
            return length
        }
    }

    /// What takes the body apart when it is a form; nil when it is the file itself. Throws `usage`.
    fileprivate var formParser: FormParser? {
        get throws {
            guard let type = header("content-type"), type.lowercased().hasPrefix("multipart/") else { return nil }
            guard let list = ParameterList(type), list.value == "multipart/form-data",
                let parser = list["boundary"].flatMap(FormParser.init(boundary:))
            else {
                throw TidelockError(
                    .usage, "The request does not say how the parts of its form are told apart.",
                    hint: "A form with files is 'multipart/form-data' with a 'boundary'.")
            }
            return parser
        }
    }

    /// A value of the query; an empty one is none.
    fileprivate func queryText(_ name: String) -> String? {
        queryValue(name).flatMap { $0.isEmpty ? nil : $0 }
    }
}
