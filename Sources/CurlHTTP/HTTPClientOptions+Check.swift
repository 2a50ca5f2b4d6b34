import Glibc

extension HTTPClientOptions {
    /// Refuses what would make every request fail, while there is still somebody to tell.
    func check() throws(HTTPError) {
        guard userAgent.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw HTTPError(.malformedRequest, "The user agent contains a line break or another control character.")
        }
        guard let path = certificateAuthorities else { return }
        guard !path.utf8.contains(0), access(path, R_OK) == 0 else {
            throw HTTPError(
                .tlsCertificate, "The file with certificate authorities, \(path), cannot be read.",
                hint: "Name a PEM file that this process may read.")
        }
    }
}
