import ContentModel
import Testing

@testable import SyncProtocol

@Suite("Ranges of addresses")
struct CIDRTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
        ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false),
        ("192.0.2.130/25", "192.0.2.255", true), ("192.0.2.130/25", "192.0.2.127", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::1", false),
        ("::1", "0:0:0:0:0:0:0:1", true), ("fe80::/10", "fe80::1%eth0", true),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true), ("::ffff:10.0.0.0/8", "10.9.9.9", true),
    ])
    func holdsTheAddressesItShould(range: String, address: String, isInside: Bool) throws {
        let address = try #require(IPAddress(address))
        #expect(try CIDR(range).contains(address) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.256", "010.0.0.1",
        "1.2.3.4.5", "2001:db8::/129", "2001::db8::1", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::1.2.3",
        "localhost", "10.0.0.1 ", "10.0.0.+1", ":::", "1:",
    ])
    func refusesWhatIsNotARange(text: String) {
        #expect { try CIDR(text) } throws: { ($0 as? TidelockError)?.code == .badSetting }
    }

    @Test(arguments: [
        ("::", 16), ("::1", 16), ("1::", 16), ("1:2:3:4:5:6:7:8", 16), ("::ffff:1.2.3.4", 4), ("64:ff9b::1.2.3.4", 16),
        ("127.0.0.1", 4),
    ])
    func readsAddresses(text: String, count: Int) {
        #expect(IPAddress(text)?.bytes.count == count)
    }

    @Test func knowsTheMachineItself() {
        #expect(IPAddress("127.8.8.8")?.isLoopback == true)
        #expect(IPAddress("::1")?.isLoopback == true)
        #expect(IPAddress("::ffff:127.0.0.1")?.isLoopback == true)
        #expect(IPAddress("192.0.2.1")?.isLoopback == false)
    }
}
