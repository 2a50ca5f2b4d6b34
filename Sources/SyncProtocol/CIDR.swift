internal import ContentModel

/// An IPv4 or IPv6 address. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) is the IPv4 address.
public struct IPAddress: Sendable, Hashable {
    /// Four or sixteen bytes.
    public let bytes: [UInt8]

    public init?(_ text: String) {
        let address = text.prefix { $0 != "%" }
        guard let bytes = address.contains(":") ? parseIPv6(address) : parseIPv4(address) else { return nil }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        self.bytes = bytes.count == 16 && bytes.starts(with: mapped) ? Array(bytes[12...]) : bytes
    }

    /// Whether this names the machine itself.
    public var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}

/// A range of addresses, written `10.0.0.0/8`, `2001:db8::/32`, or as a single address.
public struct CIDR: Sendable, Hashable {
    private let network: IPAddress
    private let bits: Int

    /// Throws `bad_setting` for anything else.
    public init(_ text: String) throws {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let network = IPAddress(String(parts[0])) else { throw CIDR.unreadable(text) }
        let width = network.bytes.count * 8
        self.network = network
        guard parts.count == 2 else {
            bits = width
            return
        }
        guard let bits = decimal(parts[1], atMost: width) else { throw CIDR.unreadable(text) }
        self.bits = bits
    }

    public func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == network.bytes.count else { return false }
        return (0..<address.bytes.count).allSatisfy { index in
            let shared = min(max(bits - index * 8, 0), 8)
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> shared)
            return address.bytes[index] & mask == network.bytes[index] & mask
        }
    }

    private static func unreadable(_ text: String) -> TidelockError {
        TidelockError(
            .badSetting, "'\(text.printable)' is not a range of addresses.",
            hint: "Write it like 10.0.0.0/8, 2001:db8::/32 or 192.0.2.7.")
    }
}

extension Sequence<CIDR> {
    /// Whether any of the ranges holds the address.
    public func contain(_ address: IPAddress) -> Bool {
        contains { $0.contains(address) }
    }
}

private func parseIPv4(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    let bytes = parts.compactMap { decimal($0, atMost: 255).map { UInt8($0) } }
    return bytes.count == 4 ? bytes : nil
}

/// RFC 4291, 2.2: eight groups, one run of zeros left out, the last two groups possibly as an IPv4 address.
private func parseIPv6(_ text: some StringProtocol) -> [UInt8]? {
    guard let gap = text.firstRange(of: "::") else {
        return parseGroups(text).flatMap { $0.count == 16 ? $0 : nil }
    }
    let rest = text[gap.upperBound...]
    guard !rest.contains("::"), let head = parseGroups(text[..<gap.lowerBound], mayEndInIPv4: false),
        let tail = parseGroups(rest), head.count + tail.count <= 14
    else { return nil }
    return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
}

private func parseGroups(_ text: some StringProtocol, mayEndInIPv4: Bool = true) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    let groups = text.split(separator: ":", omittingEmptySubsequences: false)
    var bytes: [UInt8] = []
    for (index, group) in groups.enumerated() {
        if mayEndInIPv4, index == groups.count - 1, group.contains(".") {
            guard let address = parseIPv4(group) else { return nil }
            bytes += address
        } else {
            guard (1...4).contains(group.utf8.count), group.allSatisfy(\.isHexDigit),
                let value = UInt16(group, radix: 16)
            else { return nil }
            bytes += [UInt8(value >> 8), UInt8(value & 0xFF)]
        }
    }
    return bytes
}

/// Digits only and no leading zero, which some readers take for octal.
private func decimal(_ text: some StringProtocol, atMost limit: Int) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        text.utf8.count == 1 || text.first != "0", let value = Int(text), value <= limit
    else { return nil }
    return value
}
