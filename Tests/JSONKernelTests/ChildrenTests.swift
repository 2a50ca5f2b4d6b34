import JSONKernel
import SeededNumbers
import Testing

/// Listing the children of one container must find what the full index finds.
@Suite struct ChildrenTests {
    let kernel = Kernel()

    static let seeds = (0..<10).map { _ in UInt64.random(in: 0...UInt64.max) }

    private struct Child: Equatable {
        var value: Range<UInt32>
        var key: Range<UInt32>
        var kind: UInt8
        var flags: UInt8
    }

    /// `nil` where the container is refused.
    private func children(_ text: [UInt8], of container: UInt32) -> [Child]? {
        var children = jk_children()
        defer { jk_children_release(&children) }
        guard jk_list_children(text, text.count, container, &children) == JK_OK else { return nil }
        return UnsafeBufferPointer(start: children.items, count: children.count).map { child in
            Child(
                value: child.start..<child.end, key: child.key_start..<child.key_end, kind: child.kind,
                flags: child.flags)
        }
    }

    @Test(arguments: seeds) func everyContainerListsWhatTheIndexHolds(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<50 {
            let text = Array(RandomValue.any(&random).written(&random, .wild).utf8)
            try kernel.index(text) { nodes, _ in
                for (number, node) in nodes.enumerated() where node.kind >= UInt8(JK_ARRAY.rawValue) {
                    var expected: [Child] = []
                    var child = number + 1
                    while child < node.next {
                        let found = nodes[child]
                        expected.append(
                            Child(
                                value: found.start..<found.end, key: found.key_start..<found.key_end, kind: found.kind,
                                flags: found.flags & ~UInt8(JK_FLAG_SHADOWED)))
                        child = Int(found.next)
                    }
                    let listed = children(text, of: node.start)
                    #expect(listed == expected, "seed \(seed): \(String(decoding: text, as: UTF8.self))")
                }
            }
        }
    }

    /// What claims to be valid and is not may be listed wrongly, but never beyond its end.
    @Test(arguments: seeds) func damagedBytesAreRefusedOrListedWithinBounds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let alphabet = bytes("\"\\{}[]:, ~0A09.eE-tfn~00~FF")
        for _ in 0..<200 {
            var text = Array("{\"a\":\(RandomValue.any(&random).written(&random, .wild))}".utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                text[Int.random(in: 1..<text.count, using: &random)] = alphabet.randomElement(using: &random)!
            }
            text = Array(text.prefix(Int.random(in: 1...text.count, using: &random)))
            for child in children(text, of: 0) ?? [] {
                #expect(child.value.lowerBound < child.value.upperBound, "seed \(seed)")
                #expect(Int(child.value.upperBound) <= text.count, "seed \(seed)")
                #expect(child.key.upperBound <= child.value.lowerBound, "seed \(seed)")
            }
        }
    }

    @Test(arguments: [0, 1, 15, 16, 30, 31, 32, 33, 62, 63, 64, 65])
    func escapesAndBracketsAreSeenWhereverTheyFall(padding: Int) {
        let filler = String(repeating: "x", count: padding)
        let nested = #"{"k":"\#(filler)\\\"]}[{","l":["\\"]}"#
        let text = Array(#"[\#(nested),"\#(filler)\\\\","\#(filler)\"",1]"#.utf8)
        let kinds = children(text, of: 0)?.map(\.kind)
        #expect(kinds == [JK_OBJECT, JK_STRING, JK_STRING, JK_NUMBER].map { UInt8($0.rawValue) })
    }

    @Test(arguments: ["", "1", "\"a\"", "{", "[1", "{\"a\"}", "{\"a\":}", "[1 2]", "{\"a\":1,", "[\"", "[{]"])
    func whatIsNoContainerIsRefused(text: String) {
        #expect(children(Array(text.utf8), of: 0) == nil)
    }

    @Test(arguments: [0.1, 1, -1.5, 1e21, 1.7976931348623157e308, 123_456_789_012_345_680, -0.0])
    func numbersComeBackAsTheyWere(value: Double) {
        let text = [UInt8](unsafeUninitializedCapacity: 40) { room, count in
            count = jk_write_number(value, room.baseAddress)
        }
        #expect(jk_read_number(text, 0, UInt32(text.count)).bitPattern == value.bitPattern)
        #expect(text.contains(UInt8(ascii: ".")) || text.contains(UInt8(ascii: "e")))
    }
}
