import ContentModel
import TidelockTestSupport

/// Made-up items; the same number and seed give the same item.
enum Articles {
    /// `count` articles from number `first` on, of about `bytes` bytes each.
    static func make(_ count: Int, from first: Int = 0, bytes: Int = 300, seed: UInt64 = 1) -> [JSONDocument] {
        (first..<first + count).map {
            article($0, bytes: bytes, random: SeededRandom(seed: seed &* 1_000_003 &+ UInt64($0)))
        }
    }

    static func id(_ number: Int) -> String {
        let text = String(number, radix: 16)
        return "a" + String(repeating: "0", count: 23 - text.count) + text
    }

    private static let words = [
        "harbour", "Lampe", "copper", "märz", "weather", "bridge", "ferry", "straße", "silver", "灯台",
    ]

    private static func article(_ number: Int, bytes: Int, random: SeededRandom) -> JSONDocument {
        var body = ""
        while body.utf8.count < bytes { body += words[Int(random.next() % UInt64(words.count))] + " " }
        return .object([
            ("_id", JSONDocument(string: id(number))), ("title", JSONDocument(string: "Article \(number)")),
            ("body", JSONDocument(string: body)), ("rank", JSONDocument(integer: number)),
            ("_internalNotes", JSONDocument(string: "kept back \(random.next())")),
            ("debugMode", JSONDocument(bool: number % 4 == 0)), ("tags", .emptyArray), ("cover", .null),
            ("_state", JSONDocument(integer: 1)), ("_modified", JSONDocument(integer: 1_770_000_000 + number)),
        ])
    }
}

/// Handler files that several stories use.
enum Handlers {
    /// The two handlers of the documentation.
    static let documented = """
        app.on("sync.content.before", function(items, ctx)
          for _, item in ipairs(items) do
            item._internalNotes = nil
          end
        end, { name = "strip-internal", priority = 50 })

        app.on("sync.content.before", function(items, ctx)
          for _, item in ipairs(items) do
            if item.debugMode ~= nil then item.debugMode = false end
          end
        end, { name = "no-debug", priority = 40 })

        """

    /// A filter whose loop has this body.
    static func filter(_ body: String, name: String = "filter") -> String {
        """
        app.on("sync.content.before", function(items, ctx)
          for _, item in ipairs(items) do
            \(body)
          end
        end, { name = "\(name)" })

        """
    }
}
