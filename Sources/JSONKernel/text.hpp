#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "JSONKernel.h"

namespace tidelock::json {

inline bool is_blank(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }

inline bool is_operator(uint8_t byte) {
    return byte == ',' || byte == ':' || byte == '{' || byte == '}' || byte == '[' || byte == ']';
}

inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') < 10; }

inline jk_status fail(jk_problem &problem, jk_status status, size_t offset, const char *reason) {
    problem = {status, offset, reason};
    return status;
}

/// Copies the first and the last `Piece` of a text, which overlap where it is shorter than both.
template <typename Piece>
inline void copy_ends(uint8_t *out, const uint8_t *bytes, size_t length) {
    Piece first, last;
    std::memcpy(&first, bytes, sizeof first);
    std::memcpy(&last, bytes + length - sizeof last, sizeof last);
    std::memcpy(out, &first, sizeof first);
    std::memcpy(out + length - sizeof last, &last, sizeof last);
}

/// Copies `length` bytes and returns the end of what was written. Most tokens are short: calling `memcpy` for them
/// costs more than copying them.
inline uint8_t *append(uint8_t *out, const uint8_t *bytes, size_t length) {
    if (length > 16) std::memcpy(out, bytes, length);
    else if (length >= 8) copy_ends<uint64_t>(out, bytes, length);
    else if (length >= 4) copy_ends<uint32_t>(out, bytes, length);
    else for (size_t n = 0; n < length; ++n) out[n] = bytes[n];
    return out + length;
}

/// First backslash in `[from, end)`, or `end`.
inline const uint8_t *find_backslash(const uint8_t *from, const uint8_t *end) {
    if (from >= end) return end;
    auto found = static_cast<const uint8_t *>(std::memchr(from, '\\', size_t(end - from)));
    return found ? found : end;
}

// strings.cpp

/// Checks the escapes of a string's content `[at, end)`, `at` being its first backslash.
jk_status check_escapes(const uint8_t *bytes, uint32_t at, uint32_t end, jk_problem &problem);

/// Writes a string's content with raw UTF-8 and the shortest escapes; never longer than it was.
uint8_t *append_canonical_string(uint8_t *out, const uint8_t *content, const uint8_t *end);

/// True when the string content `[content, end)`, escapes and all, decodes to `text`.
bool decodes_to(const uint8_t *content, const uint8_t *end, const uint8_t *text, size_t length);

// numbers.cpp

/// Room that any number's canonical form may need beyond its token's length.
inline constexpr size_t canonical_number_slack = 32;

/// Checks that `[start, end)` is a number and sets JK_FLAG_INTEGER in `flags` where it is one.
jk_status check_number(const uint8_t *bytes, uint32_t start, uint32_t end, uint8_t &flags, jk_problem &problem);

uint8_t *append_canonical_number(uint8_t *out, const uint8_t *token, const uint8_t *end, bool integer);

}  // namespace tidelock::json
