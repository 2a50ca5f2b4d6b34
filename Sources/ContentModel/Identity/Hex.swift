extension Sequence<UInt8> {
    /// Two lowercase hex digits a byte.
    public var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            digits.append(hexDigit(byte >> 4))
            digits.append(hexDigit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Reads pairs of hex digits; `nil` when the text is anything else.
    public init?(hex: String) {
        var hex = hex
        guard let bytes = hex.withUTF8({ digits in [UInt8](hexDigits: digits) }) else { return nil }
        self = bytes
    }

    private init?(hexDigits digits: UnsafeBufferPointer<UInt8>) {
        guard digits.count.isMultiple(of: 2) else { return nil }
        var seen: UInt8 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { room, count in
            hexValues.withUnsafeBufferPointer { values in
                while count < digits.count / 2 {
                    let high = values[Int(digits[count * 2])]
                    let low = values[Int(digits[count * 2 + 1])]
                    seen |= high | low
                    room.initializeElement(at: count, to: high << 4 | low)
                    count += 1
                }
            }
        }
        guard seen < 16 else { return nil }
        self = bytes
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// What every byte stands for as a hex digit. Those that are none have bits that no digit has.
private let hexValues = (UInt8.min...UInt8.max).map { hexValue($0) ?? 0xF0 }

private func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}
