internal import JSONKernel

extension JSONDocument {
    /// The document for people: a line for each value. Keys keep their order, tokens their spelling.
    public func prettyPrinted(indent: Int = 2) -> String {
        withIndex { index in
            var printer = PrettyPrinter(index: index, indent: indent)
            printer.value(0, depth: 0)
            return String(decoding: printer.text, as: UTF8.self)
        }
    }
}

private struct PrettyPrinter {
    let index: JSONIndex
    let indent: Int
    var text: [UInt8] = []

    mutating func value(_ value: Int, depth: Int) {
        let isObject = index.kind(value) == JK_OBJECT
        guard isObject || index.kind(value) == JK_ARRAY, index.count(value) > 0 else {
            text.append(contentsOf: index.token(value))
            return
        }
        text.append(UInt8(ascii: isObject ? "{" : "["))
        for (position, child) in index.children(value).enumerated() {
            if position > 0 { text.append(UInt8(ascii: ",")) }
            breakLine(depth + 1)
            if isObject { key(child) }
            self.value(child, depth: depth + 1)
        }
        breakLine(depth)
        text.append(UInt8(ascii: isObject ? "}" : "]"))
    }

    private mutating func key(_ member: Int) {
        let range = index.memberRange(member).lowerBound..<index.range(member).lowerBound
        text.append(contentsOf: UnsafeBufferPointer(start: index.bytes + range.lowerBound, count: range.count))
        text.append(UInt8(ascii: " "))
    }

    private mutating func breakLine(_ depth: Int) {
        text.append(UInt8(ascii: "\n"))
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: depth * indent))
    }
}
