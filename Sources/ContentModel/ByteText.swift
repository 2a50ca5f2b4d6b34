/// Sizes as people read them.
public enum ByteText {
    public static func of(_ bytes: Int64) -> String {
        var amount = Double(bytes)
        for unit in ["bytes", "KB", "MB"] {
            if amount < 1_000 { return unit == "bytes" ? "\(bytes) bytes" : "\(rounded(amount)) \(unit)" }
            amount /= 1_000
        }
        return "\(rounded(amount)) GB"
    }

    private static func rounded(_ amount: Double) -> Double { (amount * 10).rounded() / 10 }
}
