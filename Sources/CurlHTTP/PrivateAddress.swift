import Glibc

/// Whether `address` is anything but an ordinary public one: loopback, private, link-local, shared, multicast,
/// unspecified, reserved or for documentation, in IPv4, in IPv6, or as IPv4 wrapped in IPv6.
///
/// For address policies that keep requests chosen by others away from this machine and its network. What cannot be
/// read as an address counts as private, so a mistake refuses rather than permits.
public func isPrivateAddress(_ address: String) -> Bool {
    let literal = String(address.prefix { $0 != "%" })  // `fe80::1%eth0`: the zone is not part of the address
    if let bytes = bytes(of: literal, family: AF_INET, count: 4) { return isPrivate(v4: bytes[...]) }
    if let bytes = bytes(of: literal, family: AF_INET6, count: 16) { return isPrivate(v6: bytes) }
    return true
}

private func bytes(of literal: String, family: Int32, count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return inet_pton(family, literal, &bytes) == 1 ? bytes : nil
}

/// The IPv4 blocks that IANA lists as not globally reachable, and multicast.
private let privateV4: [Block] = [
    Block([0], 8), Block([10], 8), Block([100, 64], 10), Block([127], 8), Block([169, 254], 16), Block([172, 16], 12),
    Block([192, 0, 0], 24), Block([192, 0, 2], 24), Block([192, 88, 99], 24), Block([192, 168], 16),
    Block([198, 18], 15), Block([198, 51, 100], 24), Block([203, 0, 113], 24), Block([224], 4), Block([240], 4),
]

/// The same for IPv6. `::/96` covers unspecified, loopback and the old way to wrap IPv4.
private let privateV6: [Block] = [
    Block([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 96),
    Block([0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01], 48),  // NAT64 for local use
    Block([0x01, 0x00, 0, 0, 0, 0, 0, 0], 64),  // discard
    Block([0x20, 0x01, 0x00], 23),  // protocol assignments: Teredo, benchmarks, ORCHID
    Block([0x20, 0x01, 0x0D, 0xB8], 32),  // documentation
    Block([0x3F, 0xFF, 0x00], 20),  // documentation
    Block([0x5F, 0x00], 16),  // segment routing
    Block([0xFC], 7), Block([0xFE, 0x80], 10), Block([0xFE, 0xC0], 10), Block([0xFF], 8),
]

/// IPv6 blocks that lead to an IPv4 address, and where in the 16 bytes it is.
private let wrappedV4: [(block: Block, address: Range<Int>)] = [
    (Block([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF], 96), 12..<16),  // IPv4-mapped
    (Block([0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0], 96), 12..<16),  // IPv4-translated
    (Block([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0], 96), 12..<16),  // NAT64
    (Block([0x20, 0x02], 16), 2..<6),  // 6to4
]

private func isPrivate(v4 bytes: ArraySlice<UInt8>) -> Bool {
    privateV4.contains { $0.contains(bytes) }
}

private func isPrivate(v6 bytes: [UInt8]) -> Bool {
    if let wrapped = wrappedV4.first(where: { $0.block.contains(bytes[...]) }) {
        return isPrivate(v4: bytes[wrapped.address])
    }
    return privateV6.contains { $0.contains(bytes[...]) }
}

/// Addresses whose first `length` bits equal those of `prefix`.
private struct Block: Sendable {
    let prefix: [UInt8]
    let length: Int

    init(_ prefix: [UInt8], _ length: Int) {
        self.prefix = prefix
        self.length = length
    }

    func contains(_ address: ArraySlice<UInt8>) -> Bool {
        for (index, pair) in zip(prefix, address).enumerated() {
            let bits = min(8, length - index * 8)
            guard bits > 0 else { break }
            let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - bits))
            guard pair.0 & mask == pair.1 & mask else { return false }
        }
        return true
    }
}
