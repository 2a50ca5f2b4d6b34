import Foundation
import Testing

@testable import TidelockCommands

@Suite("Files below the folder of an instance")
struct InstanceFolderTests {
    private let parent = FileManager.default.temporaryDirectory.appending(path: "tidelock-folder-\(UUID().uuidString)")
    private let folder: InstanceFolder

    init() throws {
        folder = InstanceFolder(url: parent.appending(path: "site", directoryHint: .isDirectory))
        try FileManager.default.createDirectory(
            at: folder.url.appending(path: "jobs"), withIntermediateDirectories: true)
    }

    private func remove() {
        try? FileManager.default.removeItem(at: parent)
    }

    @Test(arguments: ["x.lua", "jobs/x.lua", "jobs/..x.lua"])
    func areFoundWhetherTheyAreThereOrNot(path: String) throws {
        defer { remove() }
        #expect(folder.file(at: path)?.path == folder.url.path + "/" + path)
        try Data().write(to: folder.url.appending(path: path))
        #expect(folder.file(at: path)?.path == folder.url.path + "/" + path)
    }

    @Test(arguments: ["", "/", "/etc/hosts", "..", "../x.lua", "jobs/../../x.lua", "jobs/../x.lua", "./x.lua", "a\0b"])
    func othersAreRefused(path: String) {
        defer { remove() }
        #expect(folder.file(at: path) == nil)
    }

    @Test func linksThatLeadOutAreRefused() throws {
        defer { remove() }
        let outside = parent.appending(path: "outside")
        try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
        try Data().write(to: outside.appending(path: "x.lua"))
        for (name, target) in [("linked", outside), ("x.lua", outside.appending(path: "x.lua"))] {
            try FileManager.default.createSymbolicLink(
                at: folder.url.appending(path: name), withDestinationURL: target)
        }
        #expect(folder.file(at: "linked/x.lua") == nil && folder.file(at: "x.lua") == nil)
        try Data().write(to: folder.url.appending(path: "jobs/y.lua"))
        try FileManager.default.createSymbolicLink(
            at: folder.url.appending(path: "y.lua"), withDestinationURL: folder.url.appending(path: "jobs/y.lua"))
        #expect(folder.file(at: "y.lua") != nil)
    }
}
