internal import ContentModel
internal import Foundation
internal import Hummingbird
internal import SyncEngine
internal import SyncProtocol

/// Assets for applications: what is stored of them, and their files.
extension Reception {
    func assets(_ arrival: Arrival, _ request: Request) async throws -> Response {
        switch arrival.endpoint {
        case .addAsset: try await upload(arrival, request).response(to: arrival)
        case .removeAsset: try await removeAsset(arrival).response(to: arrival)
        case .readAsset: Answer(body: try await asset(arrival).bytes).response(to: arrival)
        default: try await file(arrival)
        }
    }

    private func removeAsset(_ arrival: Arrival) async throws -> Answer {
        try await dependencies.assetEditor.remove(try arrival.parameter("id"))
        return Answer(status: 204, body: [])
    }

    /// The asset that the path names, by its id or by the path of its file.
    private func asset(_ arrival: Arrival) async throws -> JSONDocument {
        if arrival.endpoint == .readUpload {
            let path = arrival.uploadPath
            if let path, let asset = try await dependencies.assets.asset(path: path) { return asset }
            throw TidelockError(.notFound, "There is no file at this path.")
        }
        let id = try arrival.parameter("id")
        if let asset = try await dependencies.assets.asset(id: id) { return asset }
        throw TidelockError(.unknownItem, "There is no asset '\(id.printable)'.")
    }

    /// The bytes, or those of them that are asked for, read from disk part by part while they are sent.
    private func file(_ arrival: Arrival) async throws -> Response {
        let asset = try await asset(arrival)
        let answer = FileAnswer(
            asset, try AssetFile(asset).blob, arrival.fileConditions, isPublic: configuration.publicContentAPI)
        var body = ResponseBody()
        if let range = answer.range {
            let path = try await dependencies.assets.file(of: answer.blob)
            // Neither memory nor the disk is asked for what a HEAD does not send.
            if arrival.method != "HEAD", !range.isEmpty {
                body = try await FileIO().loadFile(
                    path: path, range: Int(range.lowerBound)...Int(range.upperBound - 1), context: arrival.context)
            }
        }
        var headers = HTTPFields()
        for header in answer.headers { headers.set(header.name, header.value) }
        return Response(status: .init(code: answer.status), headers: headers, body: body)
    }
}

extension Arrival {
    /// The path below the folder of uploads, as assets name it; nil when it cannot be one.
    fileprivate var uploadPath: String? {
        guard path.hasPrefix(Endpoint.uploads + "/") else { return nil }
        return path.dropFirst(Endpoint.uploads.count).removingPercentEncoding
    }

    fileprivate var fileConditions: FileConditions {
        FileConditions(
            ifMatch: list("if-match"), ifNoneMatch: list("if-none-match"),
            ifModifiedSince: header("if-modified-since"), ifUnmodifiedSince: header("if-unmodified-since"),
            ifRange: header("if-range"), range: method == "GET" ? header("range") : nil)
    }

    /// A field that may be sent in several lines.
    private func list(_ name: String) -> String? {
        let lines = headers.filter { $0.name.canonicalName == name }.map(\.value)
        return lines.isEmpty ? nil : lines.joined(separator: ",")
    }
}
