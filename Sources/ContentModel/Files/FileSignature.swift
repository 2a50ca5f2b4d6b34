/// The bytes by which files of a type can be told, whatever their name says.
enum FileSignature {
    private struct Row {
        var offset = 0
        var bytes: [UInt8]
        /// The ending that says which type it is.
        var ending: String
        /// Endings of other types whose files begin alike; the name decides among them.
        var others: [String] = []
    }

    /// The ending of the type that the first bytes of a file tell, nil when they tell none.
    static func ending(of head: [UInt8], named: String?) -> String? {
        if let row = rows.first(where: { head.holds($0.bytes, at: $0.offset) }) {
            return named.flatMap { row.others.contains($0) ? $0 : nil } ?? row.ending
        }
        return riff(head) ?? isoMedia(head) ?? matroska(head, named: named) ?? bitmap(head)
    }

    private static let rows: [Row] = [
        Row(bytes: [0x89] + Array("PNG\r\n".utf8) + [0x1A, 0x0A], ending: "png"),
        Row(bytes: [0xFF, 0xD8, 0xFF], ending: "jpg"),
        Row(bytes: Array("GIF87a".utf8), ending: "gif"),
        Row(bytes: Array("GIF89a".utf8), ending: "gif"),
        Row(bytes: Array("II*\0".utf8), ending: "tif"),
        Row(bytes: Array("MM\0*".utf8), ending: "tif"),
        Row(bytes: [0, 0, 1, 0], ending: "ico"),
        Row(bytes: Array("8BPS".utf8), ending: "psd"),
        Row(bytes: Array("%PDF-".utf8), ending: "pdf"),
        Row(bytes: Array("%!PS".utf8), ending: "ps"),
        Row(bytes: Array("{\\rtf".utf8), ending: "rtf"),
        Row(
            bytes: Array("PK\u{3}\u{4}".utf8), ending: "zip",
            others: ["docx", "xlsx", "pptx", "odt", "ods", "odp", "epub"]),
        Row(bytes: Array("PK\u{5}\u{6}".utf8), ending: "zip"),
        // Documents of older office programs all begin alike.
        Row(
            bytes: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], ending: "", others: ["doc", "xls", "ppt"]),
        Row(bytes: [0x1F, 0x8B], ending: "gz"),
        Row(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], ending: "7z"),
        Row(bytes: Array("Rar!\u{1A}\u{7}".utf8), ending: "rar"),
        Row(bytes: [0xFD] + Array("7zXZ\0".utf8), ending: "xz"),
        Row(bytes: Array("BZh".utf8), ending: "bz2"),
        Row(bytes: [0x28, 0xB5, 0x2F, 0xFD], ending: "zst"),
        Row(offset: 257, bytes: Array("ustar".utf8), ending: "tar"),
        Row(bytes: Array("ID3".utf8), ending: "mp3"),
        Row(bytes: [0xFF, 0xFB], ending: "mp3"),
        Row(bytes: [0xFF, 0xF3], ending: "mp3"),
        Row(bytes: [0xFF, 0xF2], ending: "mp3"),
        Row(bytes: [0xFF, 0xF1], ending: "aac"),
        Row(bytes: [0xFF, 0xF9], ending: "aac"),
        Row(bytes: Array("OggS".utf8), ending: "ogg", others: ["ogv"]),
        Row(bytes: Array("fLaC".utf8), ending: "flac"),
        Row(bytes: Array("FLV\u{1}".utf8), ending: "flv"),
        Row(bytes: Array("wOFF".utf8), ending: "woff"),
        Row(bytes: Array("wOF2".utf8), ending: "woff2"),
        Row(bytes: Array("OTTO".utf8), ending: "otf"),
        // The version, and the high byte of the number of tables.
        Row(bytes: [0, 1, 0, 0, 0], ending: "ttf"),
    ]

    private static func riff(_ head: [UInt8]) -> String? {
        guard head.holds("RIFF", at: 0) else { return nil }
        return [("WEBP", "webp"), ("WAVE", "wav"), ("AVI ", "avi")].first { head.holds($0.0, at: 8) }?.1
    }

    /// The family of MP4, whose files say at the beginning which brands of it they keep to.
    private static func isoMedia(_ head: [UInt8]) -> String? {
        guard head.holds("ftyp", at: 4), let length = head.bigEndian(0, bytes: 4) else { return nil }
        let listed = stride(from: 16, to: min(length, head.count, 256), by: 4)
        let brands = ([8] + listed).compactMap { head.bigEndian($0, bytes: 4) }
        for (brand, ending) in pictures where brands.contains(number(brand)) { return ending }
        guard let major = brands.first else { return nil }
        return sounds.first { number($0.brand) == major }?.ending ?? "mp4"
    }

    /// In this order, because a picture in AVIF also counts as one of the others.
    private static let pictures: [(brand: String, ending: String)] = [
        ("avif", "avif"), ("avis", "avif"), ("heic", "heic"), ("heix", "heic"), ("mif1", "heic"),
    ]
    private static let sounds: [(brand: String, ending: String)] = [("M4A ", "m4a"), ("M4B ", "m4a"), ("qt  ", "mov")]

    private static func number(_ brand: String) -> Int { brand.utf8.reduce(0) { $0 << 8 | Int($1) } }

    private static func matroska(_ head: [UInt8], named: String?) -> String? {
        guard head.holds([0x1A, 0x45, 0xDF, 0xA3], at: 0) else { return nil }
        guard Array(head.prefix(64)).position(of: "webm", from: 4) != nil else { return "mkv" }
        return named == "weba" ? "weba" : "webm"
    }

    /// Two letters are little to go by, so the length of the header must be one that there is.
    private static func bitmap(_ head: [UInt8]) -> String? {
        guard head.holds("BM", at: 0), let header = head.littleEndian(14, bytes: 4) else { return nil }
        return [12, 40, 52, 56, 64, 108, 124].contains(header) ? "bmp" : nil
    }
}
