import ContentModel
import Testing

@Suite struct HexTests {
    @Test func everyByteIsReadBackInEitherCase() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect([UInt8](hex: bytes.hex) == bytes)
        #expect([UInt8](hex: bytes.hex.uppercased()) == bytes)
        #expect([UInt8](hex: "") == [])
    }

    @Test func onlyHexDigitsAreRead() {
        for byte in UInt8.min...UInt8.max {
            let character = Character(UnicodeScalar(byte))
            let isDigit = character.isASCII && character.isHexDigit
            #expect(([UInt8](hex: "0\(character)") != nil) == isDigit, "the digit \(byte) behind another")
            #expect(([UInt8](hex: "\(character)00") == nil), "an odd count of digits or none")
            #expect(([UInt8](hex: "\(character)0") != nil) == isDigit, "the digit \(byte) before another")
        }
    }

    @Test(arguments: ["0", "abc", "0x", " 00", "00 ", "é", "0é0", "０１", "00g0", "0\u{0}"])
    func whatIsNoPairsOfHexDigitsIsRefused(_ text: String) {
        #expect([UInt8](hex: text) == nil)
    }

    @Test func aContentHashHasSixtyFourDigits() {
        let digits = String(repeating: "aF", count: 32)
        #expect(ContentHash(hex: digits)?.bytes == [UInt8](repeating: 0xAF, count: 32))
        #expect(ContentHash(hex: String(digits.dropLast(2))) == nil)
        #expect(ContentHash(hex: digits + "00") == nil)
        #expect(ContentHash(hex: digits.dropLast() + "g") == nil)
    }
}

@Suite struct BucketTests {
    /// On both sides of every connection an item has to be in the same bucket.
    @Test(arguments: [
        "", "a", "post-17", "65f0c2d1a3b4c5d6e7f80912", "ü\u{1F600}", String(repeating: "id", count: 5_000),
    ])
    func aBucketIsTheBeginningOfTheHashOverKindAndID(_ id: String) throws {
        for kind in [Kind.models, .assetFolders, try .content("a/collection/with/a/long/name")] {
            let digest = sha256(Array(kind.name.utf8) + Array(id.utf8))
            #expect(Bucket(kind: kind, id: id).number == UInt16(digest[0]) << 8 | UInt16(digest[1]))
        }
    }

    @Test func theBucketOfAnItemNeverChanges() {
        // printf 'modelsposts' | sha256sum
        #expect(Bucket(kind: .models, id: "posts").number == 0xDC80)
    }
}
