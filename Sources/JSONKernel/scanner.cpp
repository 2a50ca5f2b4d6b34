#include "scanner.hpp"

#include <simdjson.h>

#include <memory>
#include <utility>

#include "text.hpp"

namespace tidelock::json {

namespace {

/// Length of the UTF-8 sequence at `at`, or 0 where there is none (overlong forms and surrogates are none).
/// https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/#G7404
size_t sequence_length(const uint8_t *at, const uint8_t *end) {
    auto continues = [&](size_t n, uint8_t low = 0x80, uint8_t high = 0xBF) {
        return at + n < end && at[n] >= low && at[n] <= high;
    };
    uint8_t lead = *at;
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        bool second = continues(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
        return second && continues(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        bool second = continues(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
        return second && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

/// How many bytes at the beginning are known to be ASCII: all, or whole words before the first that is none. Most
/// strings are short and plain, and need no more.
size_t ascii_prefix(const uint8_t *bytes, size_t length) {
    constexpr uint64_t tops = 0x8080808080808080;
    size_t at = 0;
    for (uint64_t word; length - at >= 8; at += 8) {
        std::memcpy(&word, bytes + at, 8);
        if (word & tops) return at;
    }
    uint64_t rest = 0;
    if (at < length) std::memcpy(&rest, bytes + at, length - at);
    return rest & tops ? at : length;
}

/// Lists tokens byte by byte up to the first that is wrong in itself. Simdjson only says that there is one.
class PlainScanner {
public:
    PlainScanner(const uint8_t *bytes, size_t length, uint32_t *positions, jk_problem &problem)
        : bytes(bytes), at(bytes), end(bytes + length), positions(positions), problem(problem) {}

    /// Returns the number of positions; where the token at fault starts, or else the document ends, follows them.
    uint32_t scan() {
        while (at < end) {
            const uint8_t *token = at;
            if (is_blank(*at)) {
                ++at;
                continue;
            }
            positions[count] = uint32_t(token - bytes);
            if (!(*at == '"' ? string() : scalar())) return count;
            ++count;
        }
        positions[count] = uint32_t(end - bytes);
        return count;
    }

private:
    bool string() {
        const uint8_t *quote = at++;
        while (at < end && *at != '"') {
            if (*at < 0x20) return refuse(JK_MALFORMED, at, "control characters in a string must be escaped");
            bool is_escape = *at == '\\' && at + 1 < end && at[1] >= 0x20 && at[1] < 0x80;
            size_t length = is_escape ? 2 : sequence_length(at, end);
            if (length == 0) return refuse(JK_INVALID_UTF8, at, "invalid UTF-8");
            at += length;
        }
        if (at >= end) return refuse(JK_MALFORMED, quote, "the string is never closed");
        ++at;
        return true;
    }

    bool scalar() {
        if (is_operator(*at)) return ++at, true;
        while (at < end && !is_blank(*at) && !is_operator(*at)) {
            size_t length = sequence_length(at, end);
            if (length == 0) return refuse(JK_INVALID_UTF8, at, "invalid UTF-8");
            at += length;
            if (at < end && *at == '"') break;
        }
        return true;
    }

    bool refuse(jk_status status, const uint8_t *where, const char *reason) {
        fail(problem, status, size_t(where - bytes), reason);
        return false;
    }

    const uint8_t *bytes;
    const uint8_t *at;
    const uint8_t *end;
    uint32_t *positions;
    uint32_t count = 0;
    jk_problem &problem;
};

}  // namespace

Scanner::~Scanner() { release(); }

void Scanner::release() {
    delete implementation;
    implementation = nullptr;
    capacity = 0;
}

bool Scanner::reserve(size_t length) {
    if (length <= capacity && implementation) return true;
    release();
    size_t wanted = length + length / 8 + 4096;
    if (wanted > simdjson::SIMDJSON_MAXSIZE_BYTES) wanted = simdjson::SIMDJSON_MAXSIZE_BYTES;
    std::unique_ptr<simdjson::internal::dom_parser_implementation> fresh;
    // Our own grammar pass keeps its own depth; simdjson's later stages never run.
    auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, fresh);
    if (error != simdjson::SUCCESS) return false;
    implementation = fresh.release();
    capacity = wanted;
    return true;
}

jk_status Scanner::scan(const uint8_t *bytes, size_t length, jk_problem &problem) {
    if (!reserve(length)) return fail(problem, JK_OUT_OF_MEMORY, 0, "out of memory");
    // The vector versions copy the last, partial block before reading it, so the input needs no padding. The version
    // for processors without vectors reads on.
    static const bool has_vectors = simdjson::get_active_implementation()->name() != "fallback";
    if (has_vectors && implementation->stage1(bytes, length, simdjson::stage1_mode::regular) == simdjson::SUCCESS) {
        return JK_OK;
    }
    PlainScanner scanner(bytes, length, implementation->structural_indexes.get(), problem);
    implementation->n_structural_indexes = scanner.scan();
    return problem.status;
}

const uint32_t *Scanner::positions() const { return implementation->structural_indexes.get(); }

size_t Scanner::count() const { return implementation->n_structural_indexes; }

}  // namespace tidelock::json

int jk_valid_utf8(const uint8_t *bytes, size_t length) {
    size_t plain = tidelock::json::ascii_prefix(bytes, length);
    return plain == length || simdjson::validate_utf8(reinterpret_cast<const char *>(bytes + plain), length - plain);
}
