import ContentModel
import Foundation
import Testing

/// Sides of pictures, read from headers that anybody may have written.
@Suite struct ImageSizeTests {
    private static let uploads = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/cockpit/storage/uploads/2026/11/23")

    private static func file(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: uploads.appending(path: name)))
    }

    private func sides(_ bytes: [UInt8]) -> [Int]? { ImageSize(bytes).map { [$0.width, $0.height] } }

    @Test(
        arguments: [
            ("fjord-am-morgen_uid_6b03f58aad06a.jpg", 1_200, 800), ("portrait-01_uid_6b03f58b5c37c.jpg", 400, 400),
            ("konigsallee_uid_6b03f58adeee1.png", 640, 480), ("tiny-dot_uid_6b03f58b462c5.png", 16, 16),
            ("mountain-trail_uid_6b03f58b35ae0.webp", 800, 600), ("logo_uid_6b03f58b8ad4d.svg", 120, 40),
        ])
    func picturesOfAnInstallationAreMeasuredAsCockpitDid(name: String, width: Int, height: Int) throws {
        #expect(sides(try Self.file(name)) == [width, height])
    }

    private static let gif = Array("GIF89a".utf8) + [0x2C, 0x01, 0xC8, 0x00, 0x80, 0, 0]

    private static func webp(_ chunk: String, _ data: [UInt8]) -> [UInt8] {
        Array("RIFF\0\0\0\0WEBP".utf8) + Array(chunk.utf8) + [UInt8(data.count), 0, 0, 0] + data
    }

    /// Lossless: fourteen bits each, less one.
    private static let lossless = webp("VP8L", [0x2F, 0x2B, 0xC1, 0x31, 0x00, 0, 0])
    private static let extended = webp("VP8X", [0, 0, 0, 0, 0x2B, 0x01, 0, 0xC7, 0, 0])

    private static func bitmap(height: Int32) -> [UInt8] {
        let fields = withUnsafeBytes(of: (Int32(300).littleEndian, height.littleEndian)) { Array($0) }
        return Array("BM".utf8) + [UInt8](repeating: 0, count: 12) + [40, 0, 0, 0] + fields + [1, 0, 24, 0]
    }

    @Test func headersOfOtherFormatsAreRead() {
        #expect(sides(Self.gif) == [300, 200])
        #expect(sides(Self.lossless) == [300, 200])
        #expect(sides(Self.extended) == [300, 200])
        #expect(sides(Self.bitmap(height: 200)) == [300, 200])
        #expect(sides(Self.bitmap(height: -200)) == [300, 200])
    }

    /// A comment, fill bytes and a restart marker come before the frame.
    @Test func segmentsOfAJPEGAreWalked() {
        let frame: [UInt8] = [0xFF, 0xC2, 0, 11, 8, 0, 200, 1, 44, 3]
        let comment: [UInt8] = [0xFF, 0xFE, 0, 6, 0xFF, 0xC0, 0, 1]
        #expect(sides([0xFF, 0xD8] + comment + [0xFF, 0xFF, 0xD0] + frame) == [300, 200])
        #expect(sides([0xFF, 0xD8, 0xFF, 0xDA, 0, 2] + frame) == nil)
        #expect(sides([0xFF, 0xD8, 0xFF, 0xFE, 0, 0] + frame) == nil)
        #expect(sides([0xFF, 0xD8, 0xFF, 0xFE, 0xFF, 0xFF] + frame) == nil)
    }

    @Test func theBoxesOfAPictureSayHowItIsShown() {
        #expect(sides(PictureSamples.avif) == [30, 20])
        #expect(sides(PictureSamples.turnedAVIF) == [20, 30])
        #expect(sides(PictureSamples.croppedHEIC) == [30, 20])
    }

    private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
        number(content.count + 8) + Array(type.utf8) + content
    }

    private static func number(_ value: Int) -> [UInt8] {
        withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) }
    }

    private static func shown(_ width: Int, _ height: Int) -> [UInt8] {
        box("ispe", number(0) + number(width) + number(height))
    }

    /// A file whose primary item is the second of two, and whose first property belongs to the first.
    private static func picture(
        _ properties: [UInt8], primary: [UInt8], associations: [UInt8], before: [UInt8] = []
    ) -> [UInt8] {
        let described = box("iprp", box("ipco", properties) + box("ipma", associations))
        return box("ftyp", Array("heic\0\0\0\0mif1".utf8)) + before
            + box("meta", number(0) + box("pitm", primary) + described)
    }

    private static let two: [UInt8] = [0, 0, 0, 2]
    private static let short: [UInt8] = [0, 0, 0, 0] + two + [0, 1, 1, 0x81, 0, 2, 2, 0x82, 0x03]
    private static let long: [UInt8] = [1, 0, 0, 1] + two + [0, 0, 0, 1, 1, 0x80, 1, 0, 0, 0, 2, 2, 0x80, 2, 0, 3]
    private static let thumbnailAndGrid = shown(4_000, 3_000) + shown(300, 200) + box("irot", [2])

    @Test func ofSeveralItemsThePrimaryOneCounts() {
        let properties = Self.thumbnailAndGrid
        let plain: [UInt8] = [0, 0, 0, 0, 0, 2]
        #expect(sides(Self.picture(properties, primary: plain, associations: Self.short)) == [300, 200])
        let wide: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 2]
        #expect(sides(Self.picture(properties, primary: wide, associations: Self.long)) == [300, 200])
        let other: [UInt8] = [0, 0, 0, 0, 0, 3]
        #expect(sides(Self.picture(properties, primary: other, associations: Self.short)) == nil)
        let first: [UInt8] = [0, 0, 0, 0, 0, 1]
        #expect(sides(Self.picture(properties, primary: first, associations: Self.short)) == [4_000, 3_000])
    }

    /// What stands before may be longer than four bytes can say, and what goes on to the end is no description.
    @Test func boxesAreWalkedByTheirLengths() {
        let plain: [UInt8] = [0, 0, 0, 0, 0, 2]
        func sides(before: [UInt8]) -> [Int]? {
            self.sides(
                Self.picture(
                    Self.thumbnailAndGrid, primary: plain, associations: Self.short, before: before))
        }
        let header = Self.number(1) + Array("free".utf8)
        #expect(sides(before: header + [0, 0, 0, 0, 0, 0, 0, 20, 1, 2, 3, 4]) == [300, 200])
        #expect(sides(before: header + [0, 0, 0, 0, 0, 0, 0, 15]) == nil)
        #expect(sides(before: header + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]) == nil)
        #expect(sides(before: Self.number(0) + Array("free".utf8)) == nil)
        #expect(sides(before: Self.number(7) + Array("free".utf8)) == nil)
    }

    @Test(arguments: [
        [shown(300, 200), box("ispe", [0, 0, 0, 0, 0, 0, 1])], [shown(1, 1), shown(0, 200)],
        [shown(1, 1), shown(300, 1 << 31)], [shown(300, 200)], [],
        [shown(1, 1), shown(300, 200), box("irot", [])],
        [shown(1, 1), shown(300, 200), box("clap", number(300) + number(0) + number(200) + number(1))],
        [shown(1, 1), shown(300, 200), box("clap", number(301) + number(1) + number(200) + number(1))],
    ])
    func propertiesThatCannotBeAreNotBelieved(properties: [[UInt8]]) {
        let bytes = Self.picture(
            properties.flatMap(\.self), primary: [0, 0, 0, 0, 0, 2], associations: Self.short)
        #expect(sides(bytes) == nil)
    }

    @Test(
        arguments: [
            ("width='120' height='40px'", [120, 40]), ("width=\"1in\" height=\"2.54cm\"", [96, 96]),
            ("viewBox='0 0 30.4 20.6'", [30, 21]), ("viewBox='0,0,300,200' width='30'", [30, 20]),
            ("width='100%' height='100%' viewBox='0 0 30 20'", [30, 20]), ("width='100%' height='50%'", nil),
            ("width='0' height='nan'", nil), ("viewBox='0 0 1e400 20'", nil), ("viewBox='0 0 -3 20'", nil),
            ("viewBox='0 0 99999999999 20'", nil), ("width='30' width='40' height='20'", [30, 20]), ("width=30", nil),
            ("width='30' height='20", nil), ("", nil),
        ] as [(String, [Int]?)])
    func drawingsSayTheirSizeInSeveralWays(attributes: String, size: [Int]?) {
        #expect(sides(Array("<?xml version='1.0'?><svg:svg \(attributes)></svg:svg>".utf8)) == size)
    }

    @Test func whatIsNoPictureHasNoSides() throws {
        #expect(sides([]) == nil)
        #expect(sides(Array("words".utf8)) == nil)
        #expect(sides(try Self.file("hausordnung-final_uid_6b03f58b8b5ac.pdf")) == nil)
    }

    @Test func sidesThatNoPictureHasAreNotBelieved() {
        let png = [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A, 0, 0, 0, 13] + Array("IHDR".utf8)
        #expect(sides(png + [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 1]) == nil)
        #expect(sides(png + [0, 0, 0, 0, 0, 0, 0, 1]) == nil)
        #expect(sides(png + [0, 0, 1, 44, 0, 0, 0, 200]) == [300, 200])
        #expect(sides(png + [0, 0, 1, 44]) == nil)
    }

    // MARK: Hostile headers

    private static func samples() throws -> [[UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: uploads.path).sorted()
        return try names.map(file) + [
            gif, lossless, extended, bitmap(height: -200), PictureSamples.avif, PictureSamples.turnedAVIF,
            PictureSamples.croppedHEIC,
            picture(thumbnailAndGrid, primary: [1, 0, 0, 0, 0, 0, 0, 2], associations: long),
            Array("<!DOCTYPE svg [<!ENTITY a 'b'>]><!-- c --><svg width='1in' viewBox='0 0 3 2'>".utf8),
        ]
    }

    @Test(arguments: [1, 2, 3, 4])
    func spoiledFilesAreJudgedWithoutHarm(seed: UInt64) throws {
        let samples = try Self.samples()
        var spoiler = SpoiledBytes(seed: seed)
        for round in 0..<2_000 {
            let bytes = spoiler.spoil(samples[round % samples.count])
            if let size = ImageSize(bytes) {
                #expect((1...ImageSize.longestSide).contains(size.width), "seed \(seed), round \(round)")
                #expect((1...ImageSize.longestSide).contains(size.height), "seed \(seed), round \(round)")
            }
            #expect(!FileType(name: "x.png", head: bytes).mime.isEmpty)
            try? FileType.requireHarmless(name: "x.png", head: bytes)
        }
    }

    @Test func everyBeginningOfAHeaderIsJudgedWithoutHarm() throws {
        for sample in try Self.samples() {
            let whole = ImageSize(sample)
            for length in 0..<min(sample.count, 1_024) {
                let size = ImageSize(Array(sample.prefix(length)))
                #expect(size == nil || size == whole)
            }
        }
    }
}
