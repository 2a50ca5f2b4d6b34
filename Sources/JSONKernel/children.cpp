#include <simdjson.h>

#include <cstdlib>
#include <string>

#include "text.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

// A block is thirty-two bytes of a document and tells where in them a byte occurs: the lowest bit stands for the first
// byte. Bytes at and after `end` count as zeros and are not read.

namespace tidelock::json {

namespace {

constexpr ptrdiff_t block_size = 32;

/// Where a block may be loaded from: `at`, or a copy of what is left.
const uint8_t *readable(const uint8_t *at, const uint8_t *end, uint8_t *copy) {
    if (end - at >= block_size) return at;
    std::memset(copy, 0, block_size);
    std::memcpy(copy, at, size_t(end - at));
    return copy;
}

}  // namespace

namespace any {

class Block {
public:
    static constexpr ptrdiff_t size = block_size;

    Block(const uint8_t *at, const uint8_t *end) {
        uint8_t copy[size];
        std::memcpy(bytes, readable(at, end, copy), size);
    }

    uint32_t equal(uint8_t byte) const {
        uint32_t found = 0;
        for (int n = 0; n < size; ++n) found |= uint32_t(bytes[n] == byte) << n;
        return found;
    }

    /// As `equal`, with the bit 0x20 of each byte set: `{` stands for both opening brackets then, `}` for both closing.
    uint32_t equal_folded(uint8_t byte) const {
        uint32_t found = 0;
        for (int n = 0; n < size; ++n) found |= uint32_t((bytes[n] | 0x20) == byte) << n;
        return found;
    }

    /// Each bit becomes the parity of itself and all lower ones: from an opening quote to its end all bits are set.
    static uint32_t between_quotes(uint32_t quotes) {
        for (int distance = 1; distance < size; distance *= 2) quotes ^= quotes << distance;
        return quotes;
    }

private:
    uint8_t bytes[size];
};

}  // namespace any

}  // namespace tidelock::json

#define TIDELOCK_PROCESSOR any
#include "children.hpp"
#undef TIDELOCK_PROCESSOR

#if defined(__x86_64__)

#pragma clang attribute push(__attribute__((target("avx2,bmi,pclmul"))), apply_to = function)

namespace tidelock::json::avx2 {

class Block {
public:
    static constexpr ptrdiff_t size = block_size;

    Block(const uint8_t *at, const uint8_t *end) {
        uint8_t copy[size];
        bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(readable(at, end, copy)));
    }

    uint32_t equal(uint8_t byte) const {
        return uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(char(byte)))));
    }

    uint32_t equal_folded(uint8_t byte) const {
        __m256i folded = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
        return uint32_t(_mm256_movemask_epi8(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8(char(byte)))));
    }

    /// A product without carries by all ones adds up the bits below each.
    static uint32_t between_quotes(uint32_t quotes) {
        __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(int(quotes)), _mm_set1_epi8(char(0xFF)), 0);
        return uint32_t(_mm_cvtsi128_si32(product));
    }

private:
    __m256i bytes;
};

}  // namespace tidelock::json::avx2

#define TIDELOCK_PROCESSOR avx2
#include "children.hpp"
#undef TIDELOCK_PROCESSOR

#pragma clang attribute pop

#endif

namespace {

jk_status list(const uint8_t *bytes, size_t length, uint32_t start, jk_children &children) {
#if defined(__x86_64__)
    static const bool has_avx2 = [] {
        std::string name = simdjson::get_active_implementation()->name();
        return name == "haswell" || name == "icelake";
    }();
    if (has_avx2) return tidelock::json::avx2::Lister(bytes, length, start, children).list();
#endif
    return tidelock::json::any::Lister(bytes, length, start, children).list();
}

}  // namespace

jk_status jk_list_children(const uint8_t *bytes, size_t length, uint32_t start, jk_children *children) {
    if (length > UINT32_MAX) return JK_TOO_LARGE;
    return list(bytes, length, start, *children);
}

void jk_children_release(jk_children *children) {
    std::free(children->items);
    *children = {};
}
