import Testing

@testable import RemotePeer

@Suite("What others wrote, on one line")
struct ShownTextTests {
    @Test func aLineThatEndedIsSeen() {
        let message = "strip.lua:1: ran out of CPU time\n    1 | app.on(\"x\")"
        #expect(message.shown == "strip.lua:1: ran out of CPU time — 1 | app.on(\"x\")")
        #expect("a\r\n\n  b\u{2028}c\n".shown == "a — b — c")
    }

    @Test func controlCharactersAreLeftOutAndTheEndComes() {
        #expect("a\u{1b}[31mb\u{7}\tc".shown == "a[31mbc")
        #expect(String(repeating: "x", count: 600).shown.count == 500)
        #expect("\n".shown.isEmpty)
    }
}
