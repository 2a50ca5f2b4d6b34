import ContentModel
import Foundation
import Testing

@testable import TidelockCommands

@Suite("What is said of a file that cannot be read")
struct NamedFileTests {
    @Test(arguments: ["nowhere-at-all/x.json", "/nowhere-at-all/x.json"])
    func oneThatIsNotThere(path: String) {
        let error = NamedFile.unreadable(path)
        #expect(error.code == .notFound && error.message == "There is no file \(path).")
        #expect(error.hint?.contains("begins at the current folder") == !path.hasPrefix("/"))
        #expect(NamedFile.unreadable(path, asked: .folder).message == "There is no folder \(path).")
        #expect(throws: TidelockError.self) { try NamedFile.isFolder(path) }
    }

    @Test func aFolderIsNoFile() throws {
        let folder = FileManager.default.temporaryDirectory.path
        #expect(try NamedFile.isFolder(folder))
        let error = NamedFile.unreadable(folder)
        #expect(error.message == "\(folder) is a folder, not a file." && error.hint != nil)
    }

    @Test func namesAreShownWithoutControlCharacters() {
        #expect(NamedFile.unreadable("nowhere\u{1B}[2J").message == "There is no file nowhere\u{FFFD}[2J.")
    }
}
