internal import ContentModel

/// Text to be hashed, built from labelled parts.
///
/// Every part carries its length, so that two different lists of parts never make the same text.
struct LabelledText {
    private var bytes: [UInt8] = []

    mutating func add(_ label: String, _ part: some Sequence<UInt8>) {
        let part = Array(part)
        bytes += Array("\(label) \(part.count):".utf8)
        bytes += part
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func add(_ label: String, _ part: String) {
        add(label, part.utf8)
    }

    var digest: Digest { Digest(over: bytes) }
    var sha256: [UInt8] { ContentModel.sha256(bytes) }
}
