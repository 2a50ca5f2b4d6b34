import Foundation

extension [UInt8] {
    /// Whether the bytes of the text occur anywhere. By Foundation, because whole databases are searched.
    func holds(_ text: String) -> Bool {
        Data(self).range(of: Data(text.utf8)) != nil
    }
}

/// Every file below a folder.
func files(below folder: URL) throws -> [(path: String, contents: [UInt8])] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).compactMap { name in
        (try? Data(contentsOf: folder.appending(path: name))).map { (name, Array($0)) }
    }
}
