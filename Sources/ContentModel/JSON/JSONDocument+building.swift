internal import JSONKernel

extension JSONDocument {
    public static let null = JSONDocument(trusted: Array("null".utf8))
    public static let emptyObject = JSONDocument(trusted: Array("{}".utf8))
    public static let emptyArray = JSONDocument(trusted: Array("[]".utf8))

    public init(bool value: Bool) {
        self.init(trusted: Array((value ? "true" : "false").utf8))
    }

    public init(integer value: some BinaryInteger) {
        self.init(trusted: Array("\(value)".utf8))
    }

    /// A JSON string with the shortest escapes.
    public init(string value: String) {
        var bytes: [UInt8] = []
        bytes.append(jsonString: value)
        self.init(trusted: bytes)
    }

    /// An object with these members in this order. Of members with the same key the last one counts.
    public static func object(_ fields: [(String, JSONDocument)]) -> JSONDocument {
        var bytes = [UInt8(ascii: "{")]
        for (key, value) in fields.lastOfEachKey(\.0) {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(member: key, value)
        }
        bytes.append(UInt8(ascii: "}"))
        return JSONDocument(trusted: bytes)
    }

    public static func array(_ elements: some Sequence<JSONDocument>) -> JSONDocument {
        var bytes = [UInt8(ascii: "[")]
        for element in elements {
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: element.bytes)
        }
        bytes.append(UInt8(ascii: "]"))
        return JSONDocument(trusted: bytes)
    }
}

extension JSONDocument {
    /// The object with one member set: in its place if there is one of that name, else at the end. All other bytes
    /// stay. An empty array counts as an empty object, which is what PHP writes for one.
    public func setting(_ key: String, to value: JSONDocument) -> JSONDocument {
        guard bytes != JSONDocument.emptyArray.bytes else { return .object([(key, value)]) }
        precondition(isObject, "only objects have members to set")
        let found = withIndex { index in index.member(0, key).map(index.range) }
        var changed = bytes
        if let found {
            changed.replaceSubrange(found, with: value.bytes)
            return JSONDocument(trusted: changed)
        }
        changed.removeLast()
        if changed.count > 1 { changed.append(UInt8(ascii: ",")) }
        changed.append(member: key, value)
        changed.append(UInt8(ascii: "}"))
        return JSONDocument(trusted: changed)
    }

    /// The object without a member. All other bytes stay; anything but an object comes back as it is.
    public func removing(_ key: String) -> JSONDocument {
        guard let found = withIndex({ index in index.member(0, key).map(index.memberRange) }) else { return self }
        var changed = bytes
        // The comma goes too: the one behind the member, or, behind the last, the one before.
        if changed[found.upperBound] == UInt8(ascii: ",") {
            changed.removeSubrange(found.lowerBound...found.upperBound)
        } else if changed[found.lowerBound - 1] == UInt8(ascii: ",") {
            changed.removeSubrange(found.lowerBound - 1..<found.upperBound)
        } else {
            changed.removeSubrange(found)
        }
        return JSONDocument(trusted: changed)
    }
}

extension [UInt8] {
    mutating func append(jsonString text: String) {
        var text = text
        append(UInt8(ascii: "\""))
        text.withUTF8 { content in
            append(
                contentsOf: [UInt8](unsafeUninitializedCapacity: content.count * 6) { room, count in
                    count = jk_encode_string(content.baseAddress, content.count, room.baseAddress)
                })
        }
        append(UInt8(ascii: "\""))
    }

    mutating func append(member key: String, _ value: JSONDocument) {
        append(jsonString: key)
        append(UInt8(ascii: ":"))
        append(contentsOf: value.bytes)
    }
}
