/// The files that `tidelock hooks init` makes, by their paths from the folder of the instance.
///
/// The example is an observer: it changes nothing that is synced.
public enum HookTemplate {
    public static let files: [(path: String, text: String)] = [
        ("hooks/report-pushes.lua", handler), ("hooks/lib/texts.lua", module),
        ("hooks/tests/report-pushes_test.lua", test),
    ]

    private static let handler = """
        local texts = require "lib.texts"

        --- Writes a line into the log once a push is complete. `tidelock log` shows it.
        app.on("sync.push.finished", function(target, ctx)
          app.log(texts.sentence("pushed to", target.name), { channel = "sync" })
        end, { name = "report-pushes" })

        """

    private static let module = """
        -- A module: other files get it with require "lib.texts".
        local texts = {}

        --- Joins words to a sentence.
        function texts.sentence(...)
          local text = table.concat({ ... }, " ")
          return string.upper(string.sub(text, 1, 1)) .. string.sub(text, 2) .. "."
        end

        return texts

        """

    private static let test = """
        -- `tidelock hooks test` runs this. Nothing real is contacted.
        local texts = require "lib.texts"

        describe("report-pushes", function()
          it("writes one line", function()
            local result = fire("sync.push.finished", { target = "production" })
            expect(result.error).to_be_nil()
            expect(result.logs).to_have_length(1)
            expect(result.logs[1].message).to_equal("Pushed to production.")
          end)
        end)

        describe("texts.sentence", function()
          it("begins with a capital and ends with a full stop", function()
            expect(texts.sentence("all", "well")).to_equal("All well.")
          end)
        end)

        """
}
