import CCurl
import Glibc
import Testing

@testable import CurlHTTP

/// Sentences for failures that a test cannot bring about with a server on this machine.
@Suite("What errors say")
struct ErrorSentenceTests {
    @Test func unreachableNetworks() {
        let error = error(.curl(CURLE_COULDNT_CONNECT)) { $0.osError = ENETUNREACH }
        #expect(error.kind == .unreachable)
        #expect(error.message == "GET to example.com:443 failed: the server cannot be reached, network is unreachable.")
        #expect(error.isTransient)
    }

    @Test func aProxyThatRefusesIsNamedAsProxy() {
        let error = error(.curl(CURLE_COULDNT_CONNECT)) { failure in
            failure.osError = ECONNREFUSED
            failure.detail = "Failed to connect to proxy.example port 3128 after 0 ms: Couldn't connect to server"
        }
        #expect(error.kind == .proxy)
        #expect(error.hint == "Check http_proxy, https_proxy, all_proxy and no_proxy in the environment.")
    }

    @Test func aServerThatRefusesIsNotTakenForAProxy() {
        let error = error(.curl(CURLE_COULDNT_CONNECT)) { failure in
            failure.osError = ECONNREFUSED
            failure.detail = "Failed to connect to EXAMPLE.com port 443 after 0 ms: Couldn't connect to server"
        }
        #expect(error.kind == .connectionRefused)
    }

    @Test func aProxyThatDeniesTheTunnel() {
        let error = error(.curl(CURLE_RECV_ERROR)) { $0.detail = "CONNECT tunnel failed, response 407" }
        #expect(error.kind == .proxy)
        #expect(error.message.hasSuffix("failed: the proxy could not be used, CONNECT tunnel failed, response 407."))
    }

    @Test func aServerThatHangsUpAtOnceIsNotUnreachable() {
        #expect(error(.curl(CURLE_COULDNT_CONNECT)) { $0.osError = ECONNRESET }.kind == .closedEarly)
    }

    @Test func literalAddressesAreBracketed() {
        let error = error(.passed(.total)) { $0.origin = Origin(scheme: "http", host: "2001:db8::1", port: 80) }
        #expect(error.message.hasPrefix("GET to [2001:db8::1]:80 failed: "))
    }

    @Test(arguments: [
        (20, "the certificate of example.com was issued by an authority that is not trusted here"),
        (23, "the certificate of example.com was revoked"),
        (66, "the certificate of example.com uses a key or a signature that is too weak"),
        (99, "the certificate of example.com was not accepted"),
    ])
    func certificateProblems(number: Int, reason: String) {
        let error = error(.curl(CURLE_PEER_FAILED_VERIFICATION)) { $0.certificateProblem = number }
        #expect(error.kind == .tlsCertificate)
        #expect(error.message == "GET to example.com:443 failed: \(reason).")
    }

    @Test func whatNobodyThoughtOfNamesItsNumber() {
        let error = error(.curl(CURLE_FUNCTION_NOT_FOUND)) { $0.wroteRequest = true }
        #expect(error.kind == .internalFailure)
        #expect(error.curlCode == 41)
        #expect(error.mayHaveReachedServer)
    }

    @Test func hintsFollowTheMessage() {
        let error = HTTPError(.proxy, "It failed.", hint: "Try again.")
        #expect("\(error)" == "It failed. Try again.")
    }

    private func error(
        _ cause: TransferFailure.Cause, _ change: (inout TransferFailure) -> Void
    ) -> HTTPError {
        let origin = Origin(scheme: "https", host: "example.com", port: 443)
        var failure = TransferFailure(cause: cause, phase: .awaiting, method: "GET", origin: origin, limits: .init())
        change(&failure)
        return HTTPError(failure)
    }
}
