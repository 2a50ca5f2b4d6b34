extension FileType {
    /// The types that are known, by the endings of their names. What a file's bytes say leads here as well.
    static let known: [String: FileType] = {
        var types: [String: FileType] = [:]
        for (endings, mime, family) in list {
            for ending in endings.split(separator: " ") { types[String(ending)] = FileType(mime, family) }
        }
        return types
    }()

    /// A text of which nothing else is known.
    static let plain = FileType("text/plain", .document)
    /// Anything else.
    static let other = FileType("application/octet-stream", .unknown)

    /// What follows the last dot of a name, in lower case; nil where nothing does.
    public static func ending(of name: String) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, let last = parts.last, !last.isEmpty else { return nil }
        return last.lowercased()
    }

    /// An ending for a file that has none.
    var ending: String? {
        Self.list.first { $0.mime == mime }.flatMap { $0.endings.split(separator: " ").first }.map(String.init)
    }

    /// Whether files of the type are texts.
    var isText: Bool {
        mime.hasPrefix("text/") || mime.hasSuffix("+xml") || mime.hasSuffix("+json") || Self.otherTexts.contains(mime)
    }

    private static let otherTexts: Set = [
        "application/json", "application/xml", "application/yaml", "application/rtf", "application/postscript",
        "application/sql", "application/x-subrip",
    ]

    /// The first of several endings is the one that a file of the type gets.
    private static let list: [(endings: String, mime: String, family: Family)] = [
        ("png apng", "image/png", .image),
        ("jpg jpeg jpe jfif", "image/jpeg", .image),
        ("gif", "image/gif", .image),
        ("webp", "image/webp", .image),
        ("avif", "image/avif", .image),
        ("heic heif", "image/heic", .image),
        ("svg", "image/svg+xml", .image),
        ("bmp", "image/bmp", .image),
        ("tif tiff", "image/tiff", .image),
        ("ico", "image/x-icon", .image),
        ("psd", "image/vnd.adobe.photoshop", .image),
        ("mp4 m4v", "video/mp4", .video),
        ("mov qt", "video/quicktime", .video),
        ("webm", "video/webm", .video),
        ("mkv", "video/x-matroska", .video),
        ("avi", "video/x-msvideo", .video),
        ("ogv", "video/ogg", .video),
        ("flv", "video/x-flv", .video),
        ("mpg mpeg", "video/mpeg", .video),
        ("wmv", "video/x-ms-wmv", .video),
        ("mp3", "audio/mpeg", .audio),
        ("wav", "audio/wav", .audio),
        ("ogg oga opus", "audio/ogg", .audio),
        ("flac", "audio/flac", .audio),
        ("m4a m4b", "audio/mp4", .audio),
        ("aac", "audio/aac", .audio),
        ("weba", "audio/webm", .audio),
        ("zip", "application/zip", .archive),
        ("gz tgz", "application/gzip", .archive),
        ("7z", "application/x-7z-compressed", .archive),
        ("rar", "application/vnd.rar", .archive),
        ("tar", "application/x-tar", .archive),
        ("bz2", "application/x-bzip2", .archive),
        ("xz", "application/x-xz", .archive),
        ("zst", "application/zstd", .archive),
        ("pdf", "application/pdf", .document),
        ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", .document),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", .document),
        ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation", .document),
        ("odt", "application/vnd.oasis.opendocument.text", .document),
        ("ods", "application/vnd.oasis.opendocument.spreadsheet", .document),
        ("odp", "application/vnd.oasis.opendocument.presentation", .document),
        ("epub", "application/epub+zip", .document),
        ("doc", "application/msword", .document),
        ("xls", "application/vnd.ms-excel", .document),
        ("ppt", "application/vnd.ms-powerpoint", .document),
        ("rtf", "application/rtf", .document),
        ("ps eps", "application/postscript", .document),
        ("txt text log", "text/plain", .document),
        ("csv", "text/csv", .document),
        ("tsv", "text/tab-separated-values", .document),
        ("md markdown", "text/markdown", .document),
        ("vtt", "text/vtt", .document),
        ("srt", "application/x-subrip", .document),
        ("ics", "text/calendar", .document),
        ("vcf", "text/vcard", .document),
        ("json map", "application/json", .code),
        ("geojson", "application/geo+json", .code),
        ("webmanifest", "application/manifest+json", .code),
        ("xml xsd", "application/xml", .code),
        ("rss", "application/rss+xml", .code),
        ("atom", "application/atom+xml", .code),
        ("gpx", "application/gpx+xml", .code),
        ("yaml yml", "application/yaml", .code),
        ("css", "text/css", .code),
        ("js mjs", "text/javascript", .code),
        ("sql", "application/sql", .code),
        ("woff", "font/woff", .unknown),
        ("woff2", "font/woff2", .unknown),
        ("ttf", "font/ttf", .unknown),
        ("otf", "font/otf", .unknown),
    ]
}
