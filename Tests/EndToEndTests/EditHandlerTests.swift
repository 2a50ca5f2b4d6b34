import ContentModel
import Foundation
import Testing
import TidelockTestSupport

@Suite("Handlers of edits on the command line", .story)
struct EditHandlerTests {
    private struct LogRow: Decodable {
        var message: String
    }

    private func told(_ instance: RealInstance) async throws -> [String] {
        try await instance.json([LogRow].self, "log", "--channel", "told").map(\.message)
    }

    @Test func mayChangeTheItemAndAreToldOfIt() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook(
            "edits.lua",
            """
            app.on("content.item.save.before", function(model, item, isUpdate)
              item.slug = model .. (isUpdate and "-again" or "-first")
            end)

            for _, what in ipairs({ "save", "publish", "unpublish", "remove" }) do
              app.on("content.item." .. what, function(model, item, ctx)
                app.log(what .. " " .. model .. " " .. item._id .. " " .. item.slug, { channel = "told" })
              end, { name = what })
            end
            """)
        try await instance.run("put", "content/notes", "-", input: #"{"_id":"1","_state":1}"#)
        #expect(try await instance.item("content/notes", "1").string("slug") == "notes-first")
        try await instance.run("put", "content/notes", "-", input: #"{"_id":"1","_state":0}"#)
        try await instance.run("rm", "content/notes", "1")
        #expect(
            try await told(instance) == [
                "save notes 1 notes-first", "publish notes 1 notes-first", "save notes 1 notes-again",
                "unpublish notes 1 notes-again", "remove notes 1 notes-again",
            ])
        // What is taken in by the thousand is no edit.
        try await instance.take(Articles.make(3))
        #expect(try await told(instance).count == 5)
    }

    @Test func mayRefuseAnEditAndNothingIsStored() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook(
            "edits.lua",
            """
            app.on("content.item.save.before", function(model, item, isUpdate, ctx)
              if not item.title then ctx.veto("a note has a title") end
            end)
            """)
        let refused = try await instance.attempt("put", "content/notes", "-", input: #"{"_id":"1"}"#)
        #expect(refused.status != 0 && refused.errors.contains("a note has a title"), "\(refused)")
        #expect(try await instance.attempt("get", "content/notes", "1").status == 66)
        try await instance.run("put", "content/notes", "-", input: #"{"_id":"1","title":"x"}"#)
        try instance.hook("broken.lua", "this is no Lua")
        let unloaded = try await instance.attempt("put", "content/notes", "-", input: #"{"_id":"2","title":"x"}"#)
        #expect(unloaded.status != 0 && unloaded.errors.contains("broken.lua"), "\(unloaded)")
        #expect(try await instance.attempt("get", "content/notes", "2").status == 66)
        // Models pass no handler.
        try await instance.run("put", "models", "-", input: #"{"name":"notes"}"#)
    }

    @Test func thatFailAreWarnedAboutAndToldAgain() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook(
            "edits.lua",
            """
            app.on("content.item.save", function(model, item, ctx)
              if app.kv.increment("calls") == 1 then error("mail server down") end
              app.log(ctx.delivery_id, { channel = "told" })
            end, { name = "mail" })
            """)
        let put = try await instance.attempt("put", "content/notes", "-", input: #"{"_id":"1"}"#)
        #expect(put.status == 0 && put.errors.contains("mail server down"), "\(put)")
        try await eventually("the handler is told again") {
            try await instance.run("put", "content/notes", "-", input: #"{"_id":"2"}"#)
            return try await told(instance).count == 2
        }
        #expect(Set(try await told(instance)).count == 2)
        #expect(try await instance.run("hooks", "dead") == "no dead events\n")
        #expect(try await instance.attempt("hooks", "dead", "--replay", "7").status == 66)
        #expect(try await instance.attempt("hooks", "dead", "--forget", "x").status == 64)
    }
}
