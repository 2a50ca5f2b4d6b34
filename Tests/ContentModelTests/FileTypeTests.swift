import ContentModel
import Testing

/// What files are, and which of them must not be taken.
@Suite struct FileTypeTests {
    /// Bytes, a text, bytes, a text.
    private static func bytes(
        _ lead: [UInt8] = [], _ text: String = "", _ rest: [UInt8] = [], _ more: String = ""
    ) -> [UInt8] {
        var bytes = lead
        bytes += text.utf8
        bytes += rest
        bytes += more.utf8
        return bytes
    }

    private static let binary: [UInt8] = [0, 1, 2, 3, 0, 0, 9, 255]
    private static let office: [UInt8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]

    private static let signed: [(head: [UInt8], mime: String, family: FileType.Family)] = [
        (bytes([0x89], "PNG\r\n", [0x1A, 0x0A]), "image/png", .image),
        (bytes([0xFF, 0xD8, 0xFF, 0xE0]), "image/jpeg", .image),
        (bytes([], "GIF89a", binary), "image/gif", .image),
        (bytes([], "RIFF", [1, 0, 0, 0], "WEBPVP8 "), "image/webp", .image),
        (bytes([0, 0, 0, 24], "ftypmif1", [0, 0, 0, 0], "avifmif1"), "image/avif", .image),
        (bytes([0, 0, 0, 20], "ftypheic", [0, 0, 0, 0], "mif1"), "image/heic", .image),
        (bytes([], "<?xml version='1.0'?>\n<!-- x --><svg width='1'/>"), "image/svg+xml", .image),
        (bytes([], "II*\0", binary), "image/tiff", .image),
        (bytes([0, 0, 1, 0, 1, 0]), "image/x-icon", .image),
        (bytes([], "%PDF-1.7"), "application/pdf", .document),
        (bytes([], "PK\u{3}\u{4}", binary), "application/zip", .archive),
        (bytes([0x1F, 0x8B, 8]), "application/gzip", .archive),
        (bytes([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]), "application/x-7z-compressed", .archive),
        (bytes([], "Rar!\u{1A}\u{7}", [1, 0]), "application/vnd.rar", .archive),
        (bytes([], "ID3", [4, 0]), "audio/mpeg", .audio),
        (bytes([], "RIFF", [1, 0, 0, 0], "WAVEfmt "), "audio/wav", .audio),
        (bytes([], "OggS", binary), "audio/ogg", .audio),
        (bytes([], "fLaC", binary), "audio/flac", .audio),
        (bytes([0, 0, 0, 16], "ftypM4A ", [0, 0, 0, 0]), "audio/mp4", .audio),
        (bytes([0, 0, 0, 16], "ftypisom", [0, 0, 0, 0]), "video/mp4", .video),
        (bytes([0, 0, 0, 16], "ftypqt  ", [0, 0, 0, 0]), "video/quicktime", .video),
        (bytes([0x1A, 0x45, 0xDF, 0xA3, 0x9F], "B\u{2}webm", binary), "video/webm", .video),
        (bytes([], "wOFF", binary), "font/woff", .unknown),
        (bytes([], "wOF2", binary), "font/woff2", .unknown),
        (bytes([0, 1, 0, 0, 0, 12]), "font/ttf", .unknown),
        (bytes([], "OTTO", binary), "font/otf", .unknown),
        (bytes([], "{\"a\": [1]}"), "application/json", .code),
        (bytes([], "<?xml version='1.0'?><feed/>"), "application/xml", .code),
        (bytes([], "just words"), "text/plain", .document),
    ]

    @Test(arguments: signed)
    func theBytesDecideWhateverTheNameSays(head: [UInt8], mime: String, family: FileType.Family) {
        for name in ["x", "x.mpg", "x.unheard-of", ".x", "x."] {
            let type = FileType(name: name, head: head)
            #expect(type.mime == mime && type.family == family, "\(name): \(type)")
        }
    }

    private static let named: [(name: String, head: [UInt8], mime: String)] = [
        (
            "a.docx", bytes([], "PK\u{3}\u{4}", binary),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        ),
        ("a.ODT", bytes([], "PK\u{3}\u{4}", binary), "application/vnd.oasis.opendocument.text"),
        ("a.xls", office, "application/vnd.ms-excel"),
        ("a.bin", office, "application/octet-stream"),
        ("a.ogv", bytes([], "OggS", binary), "video/ogg"),
        ("a.csv", bytes([], "a,b\n1,2\n"), "text/csv"),
        ("a.md", bytes([], "# Title\n"), "text/markdown"),
        ("a.js", bytes([], "let a = 1"), "text/javascript"),
        ("a.rss", bytes([], "<?xml version='1.0'?><rss/>"), "application/rss+xml"),
        ("a.geojson", bytes([], "{}"), "application/geo+json"),
        ("a.mpg", binary, "video/mpeg"),
        ("a.bin", binary, "application/octet-stream"),
    ]

    @Test(arguments: named)
    func theNameDecidesWhereTheBytesLeaveAChoice(name: String, head: [UInt8], mime: String) {
        #expect(FileType(name: name, head: head).mime == mime)
    }

    @Test func aNameDoesNotMakeATextAPicture() {
        #expect(FileType(name: "a.png", head: Self.bytes([], "words")).mime == "text/plain")
        #expect(FileType(name: "a.svg", head: Self.bytes([], "words")).mime == "text/plain")
        #expect(FileType(name: "a.txt", head: Self.binary).mime == "application/octet-stream")
        #expect(FileType(name: "a.txt", head: []).mime == "text/plain")
    }

    // MARK: Harm

    private func isRefused(_ name: String, _ head: [UInt8]) -> Bool {
        do {
            try FileType.requireHarmless(name: name, head: head)
            return false
        } catch {
            return (error as? TidelockError)?.code == .invalidAsset
        }
    }

    @Test(
        arguments: [
            "<!DOCTYPE html><p>x", "<!doctype HTML PUBLIC \"-//W3C\">", "<html>", "\u{FEFF}\n <HTML lang=en>",
            "<!-- a -->\n<!--><script>alert(1)</script>", "<body onload=x>", "<iframe src=x>", "<script>x</script>",
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>",
            "<?xml version='1.0'?><h:html xmlns:h='http://www.w3.org/1999/xhtml'/>",
            "<?php echo 1;", "\n<?PHP echo 1;", "<?= 1 ?>", "<? echo 1 ?>", "<?xml version='1.0'?><?php echo 1; ?><a/>",
            "#!/bin/sh\nrm x", "#!/usr/bin/env python3", "@ECHO OFF\r\ndel x",
        ])
    func pagesAndScriptsAreRefusedWhateverTheirName(text: String) {
        for name in ["a.txt", "a.png", "a.svg", "a.jpg", "a"] {
            #expect(isRefused(name, Array(text.utf8)), "\(name): \(text)")
        }
        let wide: [UInt8] = [0xFF, 0xFE] + text.utf8.filter { $0 < 0x80 }.flatMap { [$0, 0] }
        #expect(isRefused("a.txt", wide), "in UTF-16: \(text)")
    }

    @Test func programsAreRefusedWhateverTheirName() {
        #expect(isRefused("a.png", Self.bytes([], "MZ", [0x90, 0, 3, 0])))
        #expect(isRefused("a.png", Self.bytes([0x7F], "ELF", [2, 1, 1, 0])))
    }

    @Test(
        arguments: [
            "a.php", "a.PHP", "a.phar", "a.phtml", "a.html", "a.htm", "a.sh", "a.exe", "a.bat", ".htaccess",
            "a.jpg.php",
            ".php",
        ])
    func namesOfWhatServersRunAreRefused(name: String) {
        #expect(isRefused(name, Self.bytes([], "GIF89a", Self.binary)))
    }

    @Test(
        arguments: [
            ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), ("a.md", "<p align=center>Hello</p>"),
            ("a.txt", "An example: <?php echo 1; ?>"), ("a.txt", "MZ is how they call Mainz"), ("a.json", "{}"),
            ("a.xml", "<?xml version='1.0'?><?mso-application progid='Word.Document'?><title/>"), ("a.txt", ""),
            ("a.txt", "<"), ("a.txt", "<!--"), ("a.txt", "<!DOCTYPE"),
            ("a.svg", "<!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>"),
            // Its asset is called x-php_uid_….jpg.
            ("x.php.jpg", "\u{7F}"),
        ])
    func othersAreTaken(name: String, text: String) {
        #expect(!isRefused(name, Array(text.utf8)))
    }
}
