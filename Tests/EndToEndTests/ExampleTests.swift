import ContentModel
import Foundation
import Testing
import TidelockTestSupport

/// Every file in `hooks/examples/` does what it says, with the real tool and real parts around it.
@Suite("The examples for handlers", .story)
struct ExampleTests {
    @Test(arguments: Examples.names)
    func load(example: String) async throws {
        let instance = try await RealInstance.make("a")
        try instance.use(example)
        #expect(try await instance.run("hooks", "check").hasPrefix("1 files and "))
        let list = try await instance.run("hooks", "list")
        #expect(list.contains("hooks/\(example):"), "\(list)")
    }

    @Test func canAllBeUsedTogether() async throws {
        #expect(!Examples.names.isEmpty)
        let instance = try await RealInstance.make("a")
        for example in Examples.names { try instance.use(example) }
        #expect(try await instance.run("hooks", "check").hasPrefix("\(Examples.names.count) files and "))
    }

    /// Each begins with what it does and what it needs, and gives every handler a name for reports.
    @Test(arguments: Examples.names)
    func sayWhatTheyDo(example: String) throws {
        let lines = try Examples.text(example).split(separator: "\n", omittingEmptySubsequences: false)
        let head = lines.prefix { $0.hasPrefix("---") }
        #expect((2...6).contains(head.count), "the head of \(example) has \(head.count) lines")
        #expect(lines.allSatisfy { $0.count <= 120 })
        #expect(lines.joined(separator: "\n").contains("name = \""))
    }

    @Test func allHaveATest() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let tests = try files(below: folder).filter { $0.path.hasPrefix("ExampleTests") }
        for example in Examples.names {
            #expect(tests.contains { $0.contents.holds(".use(\"\(example)\")") }, "no test uses \(example)")
        }
    }

    @Test func allStandInTheGuide() throws {
        let guide = try String(contentsOf: Examples.hooks.appending(path: "README.md"), encoding: .utf8)
        for example in Examples.names {
            #expect(guide.contains("(examples/\(example))"), "hooks/README.md does not mention \(example)")
        }
    }

    @Test func theTestsBesideTheHandlersPass() async throws {
        let instance = try await RealInstance.make("a")
        try FileManager.default.removeItem(at: instance.hooks)
        try FileManager.default.copyItem(at: Examples.hooks, to: instance.hooks)
        try await instance.run("hooks", "test")
    }
}
