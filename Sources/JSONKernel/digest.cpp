#include "digest.hpp"

#include <cstdlib>

#include "parser.hpp"

namespace tidelock::json {

namespace {

/// Looking the algorithm up takes longer than hashing a small text, so it is done once.
const EVP_MD *sha256_algorithm() {
    static const EVP_MD *algorithm = [] {
        const EVP_MD *fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        return fetched ? fetched : EVP_sha256();
    }();
    return algorithm;
}

}  // namespace

Digest::Digest()
    : context(EVP_MD_CTX_new()), ready(context && EVP_DigestInit_ex2(context, sha256_algorithm(), nullptr) == 1) {}

Digest::~Digest() { EVP_MD_CTX_free(context); }

void Digest::of(const uint8_t *bytes, size_t length, uint8_t digest[32]) {
    bool done = ready && EVP_DigestInit_ex2(context, nullptr, nullptr) == 1 &&
                EVP_DigestUpdate(context, bytes, length) == 1 && EVP_DigestFinal_ex(context, digest, nullptr) == 1;
    // A wrong digest would pass for content. A context that is ready does not fail.
    if (!done) std::abort();
}

namespace {

jk_status hash_indexed(jk_parser &parser, const uint8_t *bytes, uint8_t digest[32], jk_problem &problem) {
    size_t length = 0;
    jk_status status = write_canonical(parser, bytes, length, problem);
    if (status == JK_OK) parser.digest.of(parser.canonical.data(), length, digest);
    return status;
}

}  // namespace

}  // namespace tidelock::json

jk_status jk_intake(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *stored, jk_index *index,
                    uint8_t digest[32], jk_problem *problem) {
    if (stored) stored->length = 0;
    if (index) *index = jk_index{nullptr, 0};
    jk_status status = tidelock::json::index(*parser, bytes, length, *problem);
    if (status == JK_OK && stored) status = tidelock::json::write_stored(*parser, bytes, length, *stored, *problem);
    if (status == JK_OK) status = tidelock::json::hash_indexed(*parser, bytes, digest, *problem);
    if (status != JK_OK || !index) return status;
    // The stored form only ever leaves bytes out: of the same length it is the text, and what was listed holds for it.
    if (stored->length != length) return jk_index_document(parser, stored->bytes, stored->length, index, problem);
    *index = jk_index{parser->nodes.data(), parser->node_count};
    return status;
}

jk_status jk_hash(jk_parser *parser, const uint8_t *bytes, size_t length, uint8_t digest[32], jk_problem *problem) {
    return jk_intake(parser, bytes, length, nullptr, nullptr, digest, problem);
}

void jk_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]) {
    static thread_local tidelock::json::Digest thread_digest;
    thread_digest.of(bytes, length, digest);
}
