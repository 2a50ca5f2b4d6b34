internal import ContentModel
internal import CurlHTTP
internal import SyncEngine
internal import Synchronization

/// Where handlers may connect to: the configured targets, and the hosts that the configuration lists.
///
/// A name is checked before it is resolved, and the address it resolved to before anything is sent: a listed name must
/// not lead into the private network unless that address is listed, too. A target may be in the private network, for
/// whoever configured it meant that machine; link-local addresses, where clouds keep credentials, are never implied.
final class EgressPolicy: Sendable {
    private let listed: [HostRule]
    /// The address policy of the client is asked on a thread that must not wait, so targets are kept here.
    private let targets = Mutex<[HostRule]>([])
    private static let linkLocal = ["169.254.0.0/16", "fe80::/10"].compactMap { AddressBlock($0) }

    /// Throws `bad_setting` for an entry that means nothing.
    init(allowing hosts: [String]) throws {
        listed = try hosts.map { entry in
            guard let rule = HostRule(entry) else {
                throw TidelockError(
                    .badSetting,
                    "'\(entry.printable)' in the list of hosts for handlers is neither a host nor an address.",
                    hint: "Write example.com, example.com:8080, *.example.com, 10.1.2.3 or 10.0.0.0/8.")
            }
            return rule
        }
    }

    func update(_ facts: [TargetFacts]) {
        let rules = facts.compactMap { target in (try? WebAddress(target.uri)).map(HostRule.init) }
        targets.withLock { $0 = rules }
    }

    /// Whether a URL may be asked for at all.
    func check(_ address: WebAddress) throws(HostError) {
        let isTarget = targets.withLock { $0.contains { $0.admits(address.host, address.port) } }
        guard isTarget || listed.contains(where: { $0.admits(address.host, address.port) }) else {
            throw HostError(
                "\(address.host) is neither a configured target nor in the list of hosts that handlers may reach")
        }
    }

    /// Whether a connection to the address that a host resolved to may be opened.
    func admits(_ address: String, for host: String, _ port: Int) -> Bool {
        let host = host.lowercased()
        if listed.contains(where: { $0.admitsAddress(address, port) }) { return true }
        if targets.withLock({ $0.contains { $0.admits(host, port) } }) {
            return !EgressPolicy.linkLocal.contains { $0.contains(address) }
        }
        return listed.contains { $0.admits(host, port) } && !isPrivateAddress(address)
    }
}

/// One entry of the list of hosts.
struct HostRule: Sendable {
    private enum Host {
        case name(String)
        /// Everything below a domain.
        case below(String)
        case block(AddressBlock)
    }

    private let host: Host
    /// `nil` means every port.
    private let port: Int?

    init(_ target: WebAddress) {
        host = AddressBlock(target.host).map(Host.block) ?? .name(target.host)
        port = target.port
    }

    init?(_ entry: String) {
        if let block = AddressBlock(entry) {
            self.init(.block(block), nil)
        } else if entry.hasPrefix("*."), let (domain, port) = WebAddress.split(entry.dropFirst(2)) {
            self.init(.below("." + domain), port)
        } else if let (name, port) = WebAddress.split(entry) {
            self.init(AddressBlock(name).map(Host.block) ?? .name(name), port)
        } else {
            return nil
        }
    }

    private init(_ host: Host, _ port: Int?) {
        self.host = host
        self.port = port
    }

    /// Whether a URL with this host is meant.
    func admits(_ name: String, _ port: Int) -> Bool {
        guard self.port.map({ $0 == port }) ?? true else { return false }
        return switch host {
        case .name(let known): known == name
        case .below(let domain): name.hasSuffix(domain) && name.count > domain.count
        case .block(let block): block.contains(name)
        }
    }

    /// Whether the address itself is listed.
    func admitsAddress(_ address: String, _ port: Int) -> Bool {
        guard case .block(let block) = host, self.port.map({ $0 == port }) ?? true else { return false }
        return block.contains(address)
    }
}
