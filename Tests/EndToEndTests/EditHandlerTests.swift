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

    private struct DeadRow: Decodable {
        var number: Int
        var event: String
        var handler: String
        var attempts: Int
        var failure: String?
    }

    private func mail(_ body: String) -> String {
        "app.on(\"content.item.save\", function(model, item, ctx) \(body) end, { name = \"mail\" })\n"
    }

    @Test func thatGaveUpAreListedAndToldAgainWhenSomebodySaysSo() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook("mail.lua", mail("error('mail server down')"))
        for id in ["1", "2"] { try await instance.run("put", "content/notes", "-", input: #"{"_id":"\#(id)"}"#) }
        try StoreVandal(storage: instance.storage).execute(
            "UPDATE delivery SET attempts = 11, due = 0; UPDATE outbox SET due = 0")
        let last = try await instance.attempt("put", "content/other", "-", input: #"{"_id":"1"}"#)
        #expect(last.status == 0 && last.errors.contains("given up"), "\(last)")
        let dead = try await instance.json([DeadRow].self, "hooks", "dead")
        #expect(dead.map(\.event) == ["content.item.save", "content.item.save"])
        #expect(dead.map(\.handler) == ["mail", "mail"] && dead.map(\.attempts) == [12, 12])
        #expect(dead[0].failure?.contains("mail server down") == true)
        let number = "\(dead[0].number)"

        let again = try await instance.attempt("hooks", "dead", "--replay", number)
        #expect(again.status == 70 && again.output.hasPrefix("failed \(number) content.item.save to mail"), "\(again)")
        try instance.hook("mail.lua", nil)
        let gone = try await instance.attempt("hooks", "dead", "--replay", "all")
        #expect(gone.status == 66 && gone.errors.contains("'mail'"), "\(gone)")
        try instance.hook("mail.lua", mail("app.log(item._id, { channel = 'told' })"))
        #expect(
            try await instance.run("hooks", "dead", "--replay", "all")
                == "delivered \(dead[1].number) content.item.save to mail\n")
        #expect(try await told(instance).contains("2"))
        #expect(try await instance.run("hooks", "dead") == "no dead events\n")
    }

    @Test func thatGaveUpCanBeForgotten() async throws {
        let instance = try await RealInstance.make("a")
        try instance.hook("mail.lua", mail("error('mail server down')"))
        try await instance.run("put", "content/notes", "-", input: #"{"_id":"1"}"#)
        try StoreVandal(storage: instance.storage).execute(
            "UPDATE delivery SET attempts = 11, due = 0; UPDATE outbox SET due = 0")
        try await instance.run("put", "content/other", "-", input: #"{"_id":"1"}"#)
        #expect(try await instance.run("hooks", "dead", "--forget", "all").hasPrefix("forgotten "))
        #expect(try await instance.json([DeadRow].self, "hooks", "dead").isEmpty)
    }
}
