internal import Foundation

/// Network addresses whose first bits are the same, such as `10.0.0.0/8`; a single address is a block of one.
struct AddressBlock: Sendable, Equatable {
    private let bytes: [UInt8]
    private let length: Int

    /// `nil` for what is not an address or a block.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let bytes = AddressBlock.bytes(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(bytes, bytes.count * 8)
            return
        }
        guard let length = Int(parts[1]), (0...bytes.count * 8).contains(length) else { return nil }
        self.init(bytes, length)
    }

    private init(_ bytes: [UInt8], _ length: Int) {
        self.bytes = bytes
        self.length = length
    }

    func contains(_ address: String) -> Bool {
        guard let other = AddressBlock.bytes(address), other.count == bytes.count else { return false }
        return (0..<length).allSatisfy { bit in
            (bytes[bit / 8] ^ other[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
        }
    }

    /// IPv4 wrapped in IPv6 counts as what it leads to.
    private static func bytes(_ text: String) -> [UInt8]? {
        let literal = String(text.prefix { $0 != "%" })
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, literal, &bytes) == 1 { return Array(bytes.prefix(4)) }
        guard inet_pton(AF_INET6, literal, &bytes) == 1 else { return nil }
        let mapped = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
        return bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
    }
}
