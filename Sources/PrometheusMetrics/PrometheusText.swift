/// How names, labels and numbers are written.
enum PrometheusText {
    /// A name the format allows: what it does not allow becomes an underscore.
    static func name(_ label: String, suffix: String = "") -> String {
        let name = sanitized(label, allowing: ":")
        return suffix.isEmpty || name.hasSuffix(suffix) ? name : name + suffix
    }

    /// The name of a label. `le` is what the format itself calls the bound of a bucket.
    static func labelName(_ label: String) -> String {
        let name = sanitized(label, allowing: "")
        return name == "le" ? "exported_le" : name
    }

    private static func sanitized(_ text: String, allowing extra: String) -> String {
        var name = ""
        for scalar in text.unicodeScalars {
            let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
            let isDigit = ("0"..."9").contains(scalar)
            if isDigit, name.isEmpty { name = "_" }
            name.unicodeScalars.append(isLetter || isDigit || extra.unicodeScalars.contains(scalar) ? scalar : "_")
        }
        return name.isEmpty ? "_" : name
    }

    static func escapedValue(_ value: String) -> String {
        escaped(value, also: "\"")
    }

    static func escapedHelp(_ help: String) -> String {
        escaped(help, also: nil)
    }

    /// By scalars: as characters, a carriage return and a line feed would be one and pass.
    private static func escaped(_ text: String, also other: Unicode.Scalar?) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": result += "\\n"
            case "\\": result += "\\\\"
            default:
                if scalar == other { result += "\\" }
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return "\(whole)" }
        return "\(value)"
    }
}

/// Labels in the order of their names, so that the same ones are the same series in whatever order they come.
struct LabelSet: Hashable, Comparable {
    /// As the format writes them between braces.
    private let list: String

    init(_ dimensions: [(String, String)]) {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let name = PrometheusText.labelName(name)
            // A name may stand there once.
            if values[name] == nil { values[name] = value }
        }
        list = values.sorted { $0.key < $1.key }.map { Self.pair($0.key, $0.value) }.joined(separator: ",")
    }

    /// What stands for all series beyond the limit.
    static let overflow = LabelSet([("overflow", "true")])

    var text: String { list.isEmpty ? "" : "{\(list)}" }

    func text(adding label: (name: String, value: String)) -> String {
        let pair = Self.pair(label.name, label.value)
        return list.isEmpty ? "{\(pair)}" : "{\(list),\(pair)}"
    }

    static func < (left: LabelSet, right: LabelSet) -> Bool { left.list < right.list }

    private static func pair(_ name: String, _ value: String) -> String {
        "\(name)=\"\(PrometheusText.escapedValue(value))\""
    }
}
