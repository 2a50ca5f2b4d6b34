internal import ContentStore
internal import Foundation
internal import Glibc

extension TestInstance {
    /// Paths of the files below the instance's folder in which these bytes stand: of its store, what the store has not
    /// moved there yet, files of assets.
    public func files(holding text: String) throws -> [String] {
        // A file may be gone before it is read.
        try FileManager.default.subpathsOfDirectory(atPath: store.folder.path).sorted().filter { name in
            guard let bytes = try? Data(contentsOf: store.folder.appending(path: name)) else { return false }
            return bytes.holds(text)
        }
    }
}

extension Data {
    /// Whether the text stands somewhere in the bytes. It must not be empty.
    fileprivate func holds(_ text: String) -> Bool {
        let wanted = Array(text.utf8)
        return withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return false }
            var position = 0
            while position + wanted.count <= bytes.count {
                let rest = bytes.count - wanted.count + 1 - position
                guard let hit = memchr(start + position, CInt(wanted[0]), rest) else { return false }
                if memcmp(hit, wanted, wanted.count) == 0 { return true }
                position = UnsafeRawPointer(hit) - start + 1
            }
            return false
        }
    }
}
