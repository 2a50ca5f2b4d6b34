extension ImageSize {
    /// The size of an SVG, rounded to pixels: what its first element says, or what it says of its inner coordinates.
    static func drawing(_ head: [UInt8]) -> ImageSize? {
        let markup = MarkupHead(head)
        guard markup.root == "svg" else { return nil }
        let width = markup.attributes["width"].flatMap(pixels)
        let height = markup.attributes["height"].flatMap(pixels)
        if let width, let height { return ImageSize(whole(width), whole(height)) }
        guard let box = markup.attributes["viewbox"].flatMap(sides), box.width > 0, box.height > 0 else { return nil }
        // Where only one side is given, the other follows from the proportions.
        if let width { return ImageSize(whole(width), whole(width * box.height / box.width)) }
        if let height { return ImageSize(whole(height * box.width / box.height), whole(height)) }
        return ImageSize(whole(box.width), whole(box.height))
    }

    private static func sides(_ viewBox: String) -> (width: Double, height: Double)? {
        let numbers = viewBox.split { $0 == " " || $0 == "," || $0 == "\t" || $0 == "\n" || $0 == "\r" }
        guard numbers.count == 4, let width = Double(numbers[2]), let height = Double(numbers[3]) else { return nil }
        return (width, height)
    }

    /// A length in pixels; nil for one that depends on where the drawing is shown.
    private static func pixels(_ length: String) -> Double? {
        let text = length.filter { !$0.isWhitespace }
        let number = text.prefix { $0.isNumber || $0 == "." || $0 == "+" || $0 == "-" }
        guard let value = Double(number), let unit = units[text.dropFirst(number.count).lowercased()] else {
            return nil
        }
        return value * unit
    }

    /// Pixels of a unit of length.
    private static let units: [String: Double] = [
        "": 1, "px": 1, "pt": 96.0 / 72, "pc": 16, "in": 96, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6,
    ]

    private static func whole(_ side: Double) -> Int? {
        guard side.isFinite, side >= 0, side <= Double(longestSide) else { return nil }
        return max(1, Int(side.rounded()))
    }
}
