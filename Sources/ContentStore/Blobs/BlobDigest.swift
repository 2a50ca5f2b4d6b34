internal import CCrypto

/// A hash over bytes that come one after another.
///
/// A class, because it owns the state that libcrypto keeps. See https://docs.openssl.org/3.0/man3/EVP_DigestInit/.
final class BlobDigest {
    enum Algorithm {
        case sha256
        /// For Cockpit, which names files by it; it proves nothing.
        case md5
    }

    private let context: OpaquePointer

    init(_ algorithm: Algorithm = .sha256) {
        // Fails only where there is no memory at all, or no libcrypto.
        guard let context = EVP_MD_CTX_new(),
            EVP_DigestInit_ex(context, algorithm == .md5 ? EVP_md5() : EVP_sha256(), nil) == 1
        else { preconditionFailure("libcrypto cannot hash") }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            preconditionFailure("a hash that began goes on")
        }
    }

    /// The hash over everything so far. Called once.
    func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
            var length: UInt32 = 0
            guard EVP_DigestFinal_ex(context, buffer.baseAddress, &length) == 1 else {
                preconditionFailure("a hash that began ends")
            }
            count = Int(length)
        }
    }
}
