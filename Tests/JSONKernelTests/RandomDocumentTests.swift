import JSONKernel
import SeededNumbers
import Testing

@Suite struct RandomDocumentTests {
    let kernel = Kernel()

    /// Another seed each time; the one of a failure is in its message.
    static let seeds = (0..<10).map { _ in UInt64.random(in: 0...UInt64.max) }

    @Test(arguments: seeds) func aValueHashesTheSameInEveryStyle(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            let value = RandomValue.any(&random)
            let plain = value.written(&random, .plain)
            let hash = try kernel.hash(Array(plain.utf8))
            for _ in 0..<3 {
                let other = value.written(&random, .wild)
                let intake = try kernel.intake(Array(other.utf8))
                #expect(intake.digest == hash, "seed \(seed): \(plain) and \(other)")
                #expect(try kernel.normalise(intake.stored) == intake.stored, "seed \(seed): \(other)")
            }
        }
    }

    @Test(arguments: seeds) func aChangedByteIsRefusedOrIndexedSoundly(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let alphabet = bytes("\"\\{}[]:, ~0A~09019.eE+-truefalsnudX/~00~1A~0C~7F~C3~A9~ED~A0~80~F0~9F~FF")
        for _ in 0..<50 {
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
        var random = SplitMix64(seed: seed)
        let text = Array("[\(RandomValue.any(&random).written(&random, .wild))]".utf8)
        let lengths =
            text.count < 300 ? Array(text.indices) : (0..<300).map { _ in text.indices.randomElement(using: &random)! }
        let accepted = lengths.filter { kernel.refusal(Array(text[..<$0])) == nil }
        #expect(accepted.isEmpty, "seed \(seed)")
    }

    private func checkIndex(of text: [UInt8], _ seed: UInt64) throws {
        try kernel.index(text) { nodes, _ in
            for (number, node) in nodes.enumerated() {
                var children = 0
                var child = number + 1
                var isSound = node.start < node.end && Int(node.end) <= text.count && child <= node.next
                while isSound, child < node.next {
                    isSound =
                        nodes[child].start > node.start && nodes[child].end < node.end && nodes[child].next > child
                    children += 1
                    child = Int(nodes[child].next)
                }
                if !isSound || children != node.count || child != node.next {
                    Issue.record("seed \(seed), node \(number)")
                }
            }
        }
    }
}
