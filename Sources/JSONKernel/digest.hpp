#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>

namespace tidelock::json {

/// A SHA-256 that allocates when it is made and never again.
class Digest {
public:
    Digest();
    Digest(const Digest &) = delete;
    Digest &operator=(const Digest &) = delete;
    ~Digest();

    /// False when memory ran out.
    bool is_ready() const { return ready; }
    void of(const uint8_t *bytes, size_t length, uint8_t digest[32]);

private:
    EVP_MD_CTX *context;
    bool ready;
};

}  // namespace tidelock::json
