import ContentModel
import Foundation

/// The folder `storage/uploads`, which holds the files of assets.
struct CockpitUploads {
    let folder: URL

    /// An asset together with the path of its file; the problem where there is no such file. Other items stay as they
    /// are.
    func located(_ item: CockpitItem) -> CockpitTable.Found {
        guard item.kind == CockpitTable.assets.kind else { return .success(item) }
        guard let path = (try? JSONDocument(validating: item.json))?.string("path"), !path.isEmpty else {
            return .failure(
                CockpitProblem(
                    item.source, "the asset `\(item.id)` names no file.",
                    hint: "Upload its file once more in Cockpit."))
        }
        guard FileManager.default.fileExists(atPath: folder.appending(path: path).path) else {
            return .failure(
                CockpitProblem(
                    item.source, "the file `\(folder.path)\(path.hasPrefix("/") ? "" : "/")\(path)` is missing.",
                    hint: "Copy `storage/uploads` as well, or remove the asset in Cockpit."))
        }
        var item = item
        item.path = path
        return .success(item)
    }
}
