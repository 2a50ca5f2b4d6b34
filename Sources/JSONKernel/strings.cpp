#include <algorithm>

#include "text.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tidelock::json {

namespace {

constexpr uint8_t not_hex = 0xFF;

constexpr std::array<uint8_t, 256> hex_values = [] {
    std::array<uint8_t, 256> table{};
    table.fill(not_hex);
    for (uint8_t digit = 0; digit < 10; ++digit) table['0' + digit] = digit;
    for (uint8_t digit = 0; digit < 6; ++digit) table['a' + digit] = table['A' + digit] = uint8_t(10 + digit);
    return table;
}();

/// What `\x` means for each x; 0 where it means nothing on its own.
constexpr std::array<uint8_t, 256> short_escapes = [] {
    std::array<uint8_t, 256> table{};
    table['"'] = '"', table['\\'] = '\\', table['/'] = '/';
    table['b'] = '\b', table['f'] = '\f', table['n'] = '\n', table['r'] = '\r', table['t'] = '\t';
    return table;
}();

/// The letter of the short escape that a byte has in the shortest form; `u` where it needs six bytes; 0 where none.
constexpr std::array<uint8_t, 256> escape_letters = [] {
    std::array<uint8_t, 256> table{};
    for (size_t control = 0; control < 0x20; ++control) table[control] = 'u';
    table['"'] = '"', table['\\'] = '\\';
    table['\b'] = 'b', table['\f'] = 'f', table['\n'] = 'n', table['\r'] = 'r', table['\t'] = 't';
    return table;
}();

constexpr uint32_t no_unit = 0xFFFFFFFF;

/// The UTF-16 unit written as `\uXXXX` at `at`, or `no_unit`.
uint32_t unit(const uint8_t *at, const uint8_t *end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return no_unit;
    uint32_t value = 0;
    for (int n = 2; n < 6; ++n) {
        if (hex_values[at[n]] == not_hex) return no_unit;
        value = value << 4 | hex_values[at[n]];
    }
    return value;
}

bool is_high(uint32_t unit) { return unit - 0xD800 < 0x400; }
bool is_low(uint32_t unit) { return unit - 0xDC00 < 0x400; }

/// The code point written as an escape at `at`, which moves past it. The escape was checked before; bytes that no
/// check has seen yield a backslash, so that nothing is read or written out of bounds.
uint32_t read_escape(const uint8_t *&at, const uint8_t *end) {
    uint8_t letter = end - at > 1 ? at[1] : 0;
    if (short_escapes[letter]) return at += 2, short_escapes[letter];
    uint32_t first = unit(at, end);
    if (first == no_unit) return ++at, '\\';
    at += 6;
    uint32_t second = is_high(first) ? unit(at, end) : no_unit;
    if (!is_low(second)) return first;
    at += 6;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

uint8_t *append_utf8(uint8_t *out, uint32_t point) {
    if (point < 0x80) return *out++ = uint8_t(point), out;
    if (point < 0x800) {
        *out++ = uint8_t(0xC0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *out++ = uint8_t(0xE0 | point >> 12);
        } else {
            *out++ = uint8_t(0xF0 | point >> 18);
            *out++ = uint8_t(0x80 | (point >> 12 & 0x3F));
        }
        *out++ = uint8_t(0x80 | (point >> 6 & 0x3F));
    }
    *out++ = uint8_t(0x80 | (point & 0x3F));
    return out;
}

/// Writes a byte that has to be escaped.
uint8_t *append_escaped(uint8_t *out, uint8_t byte) {
    *out++ = '\\';
    *out++ = escape_letters[byte];
    if (escape_letters[byte] != 'u') return out;
    out = append(out, reinterpret_cast<const uint8_t *>("00"), 2);
    *out++ = uint8_t('0' + (byte >> 4));
    *out++ = uint8_t("0123456789abcdef"[byte & 0xF]);
    return out;
}

/// True when one of eight bytes is a control character, a quote or a backslash (each test may also fire for a byte
/// above one that really matches, never for none).
bool holds_escapable(uint64_t word) {
    constexpr uint64_t ones = 0x0101010101010101, tops = 0x8080808080808080;
    auto zeros = [](uint64_t value) { return (value - ones) & ~value & tops; };
    uint64_t controls = (word - ones * 0x20) & ~word & tops;
    return (controls | zeros(word ^ ones * '"') | zeros(word ^ ones * '\\')) != 0;
}

/// First byte in `[at, end)` that must be escaped, or `end`.
const uint8_t *find_escapable(const uint8_t *at, const uint8_t *end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1F);
    for (; end - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
        __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
        __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
        int found = _mm_movemask_epi8(_mm_or_si128(marks, controls));
        if (found) return at + __builtin_ctz(unsigned(found));
    }
#endif
    for (uint64_t word; end - at >= 8; at += 8) {
        std::memcpy(&word, at, 8);
        if (holds_escapable(word)) break;
    }
    while (at < end && !escape_letters[*at]) ++at;
    return at;
}

jk_status check_surrogates(const uint8_t *bytes, uint32_t &at, uint32_t end, uint32_t first, jk_problem &problem) {
    if (is_high(first) && is_low(unit(bytes + at + 6, bytes + end))) at += 6;
    else if (is_high(first) || is_low(first)) return fail(problem, JK_LONE_SURROGATE, at, "lone surrogate");
    at += 6;
    return JK_OK;
}

}  // namespace

jk_status check_escapes(const uint8_t *bytes, uint32_t at, uint32_t end, jk_problem &problem) {
    while (at < end) {
        if (at + 1 < end && short_escapes[bytes[at + 1]]) {
            at += 2;
        } else {
            uint32_t first = unit(bytes + at, bytes + end);
            if (first == no_unit) return fail(problem, JK_MALFORMED, at, "no such escape");
            if (check_surrogates(bytes, at, end, first, problem) != JK_OK) return problem.status;
        }
        at = uint32_t(find_backslash(bytes + at, bytes + end) - bytes);
    }
    return JK_OK;
}

uint8_t *append_canonical_string(uint8_t *out, const uint8_t *content, const uint8_t *end) {
    while (content < end) {
        const uint8_t *escape = find_backslash(content, end);
        out = append(out, content, size_t(escape - content));
        content = escape;
        if (content == end) break;
        uint32_t point = read_escape(content, end);
        out = point < 0x80 && escape_letters[point] ? append_escaped(out, uint8_t(point)) : append_utf8(out, point);
    }
    return out;
}

bool decodes_to(const uint8_t *content, const uint8_t *end, const uint8_t *text, size_t length) {
    const uint8_t *rest = text, *text_end = text + length;
    while (content < end) {
        uint8_t decoded[4];
        const uint8_t *run = content;
        const uint8_t *escape = find_backslash(content, end);
        size_t run_length = size_t(escape - content);
        content = escape;
        if (run_length == 0) {
            run = decoded;
            run_length = size_t(append_utf8(decoded, read_escape(content, end)) - decoded);
        }
        if (size_t(text_end - rest) < run_length || std::memcmp(run, rest, run_length) != 0) return false;
        rest += run_length;
    }
    return rest == text_end;
}

}  // namespace tidelock::json

using namespace tidelock::json;

size_t jk_decode_string(const uint8_t *bytes, uint32_t start, uint32_t end, uint8_t *out) {
    return jk_decode_piece(bytes, &start, end, SIZE_MAX, out);
}

size_t jk_decode_piece(const uint8_t *bytes, uint32_t *start, uint32_t end, size_t most, uint8_t *out) {
    const uint8_t *content = bytes + *start, *content_end = bytes + end;
    const uint8_t *stop = most < end - *start ? content + most : content_end;
    uint8_t *begin = out;
    while (content < stop) {
        const uint8_t *escape = find_backslash(content, content_end);
        out = append(out, content, size_t(escape - content));
        content = escape;
        if (content < content_end) out = append_utf8(out, read_escape(content, content_end));
    }
    *start = uint32_t(content - bytes);
    return size_t(out - begin);
}

size_t jk_encode_string(const uint8_t *bytes, size_t length, uint8_t *out) {
    const uint8_t *end = bytes + length;
    uint8_t *begin = out;
    while (bytes < end) {
        const uint8_t *stop = find_escapable(bytes, end);
        out = append(out, bytes, size_t(stop - bytes));
        bytes = stop;
        if (bytes < end) out = append_escaped(out, *bytes++);
    }
    return size_t(out - begin);
}
