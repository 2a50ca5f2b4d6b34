import JSONKernel
import Testing

@Suite struct RandomDocumentTests {
    let kernel = Kernel()

    /// Another seed each time; the one of a failure is in its message.
    static let seeds = (0..<20).map { _ in UInt64.random(in: 0...UInt64.max) }

    @Test(arguments: seeds) func aValueHashesTheSameInEveryStyle(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        for _ in 0..<50 {
            let value = RandomValue.any(&random)
            let plain = value.written(&random, .plain)
            let hash = try kernel.hash(Array(plain.utf8))
            for _ in 0..<4 {
                let other = value.written(&random, .wild)
                let intake = try kernel.intake(Array(other.utf8))
                #expect(intake.digest == hash, "seed \(seed): \(plain) and \(other)")
                #expect(try kernel.normalise(intake.stored) == intake.stored, "seed \(seed): \(other)")
            }
        }
    }

    @Test(arguments: seeds) func aChangedByteIsRefusedOrIndexedSoundly(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let alphabet = bytes("\"\\{}[]:, ~0A~09019.eE+-truefalsnudX/~00~1A~0C~7F~C3~A9~ED~A0~80~F0~9F~FF")
        for _ in 0..<100 {
            var text = Array(RandomValue.any(&random).written(&random, .wild).utf8)
            for _ in 0...Int.random(in: 0...2, using: &random) {
                text[Int.random(in: text.indices, using: &random)] = alphabet.randomElement(using: &random)!
            }
            if let refusal = kernel.refusal(text) {
                #expect(refusal.offset <= text.count, "seed \(seed)")
            } else {
                try checkIndex(of: text, seed)
                let canonical = try kernel.canonicalise(text)
                #expect(try kernel.canonicalise(canonical) == canonical, "seed \(seed): \(text)")
                #expect(try kernel.hash(kernel.normalise(text)) == kernel.hash(text), "seed \(seed): \(text)")
            }
        }
    }

    @Test(arguments: seeds) func aBeginningOfADocumentIsNoDocument(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let text = Array("[\(RandomValue.any(&random).written(&random, .wild))]".utf8)
        for length in 0..<text.count {
            let refusal = kernel.refusal(Array(text[..<length]))
            #expect(refusal != nil, "seed \(seed), length \(length)")
        }
    }

    private func checkIndex(of text: [UInt8], _ seed: UInt64) throws {
        try kernel.index(text) { nodes, _ in
            for (number, node) in nodes.enumerated() {
                #expect(node.start < node.end && Int(node.end) <= text.count, "seed \(seed)")
                #expect(number < node.next && Int(node.next) <= nodes.count, "seed \(seed)")
                var children = 0, child = number + 1
                while child < node.next {
                    #expect(nodes[child].start > node.start && nodes[child].end < node.end, "seed \(seed)")
                    children += 1
                    child = Int(nodes[child].next)
                }
                #expect(children == Int(node.count) && child == Int(node.next), "seed \(seed)")
            }
        }
    }
}
