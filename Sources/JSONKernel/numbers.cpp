#include <charconv>
#include <cmath>
#include <cstdlib>

#include "text.hpp"

namespace tidelock::json {

jk_status check_number(const uint8_t *bytes, uint32_t start, uint32_t end, uint8_t &flags, jk_problem &problem) {
    uint32_t at = start;
    auto digits = [&] {
        uint32_t first = at;
        while (at < end && is_digit(bytes[at])) ++at;
        return at != first;
    };
    auto refuse = [&](const char *reason) { return fail(problem, JK_MALFORMED, at, reason); };

    if (bytes[at] == '-') ++at;
    if (at < end && bytes[at] == '0') ++at;
    else if (!digits()) return refuse("expected a digit");
    if (at == end) return flags |= JK_FLAG_INTEGER, JK_OK;

    if (is_digit(bytes[at])) return refuse("a number does not start with 0");
    if (bytes[at] == '.') {
        ++at;
        if (!digits()) return refuse("expected a digit");
    }
    if (at < end && (bytes[at] | 0x20) == 'e') {
        ++at;
        if (at < end && (bytes[at] == '+' || bytes[at] == '-')) ++at;
        if (!digits()) return refuse("expected a digit");
    }
    return at == end ? JK_OK : refuse("unexpected character in a number");
}

namespace {

/// A number as `0.d₁d₂d₃… × 10^exponent`, d₁ not zero.
struct Decimal {
    bool negative = false;
    const char *digits = nullptr;
    int count = 0;
    int exponent = 0;
};

uint8_t *append_text(uint8_t *out, const char *text, size_t length) {
    return append(out, reinterpret_cast<const uint8_t *>(text), length);
}

uint8_t *append_zeros(uint8_t *out, int count) {
    for (; count > 0; --count) *out++ = '0';
    return out;
}

uint8_t *append_exponent(uint8_t *out, int64_t exponent) {
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    char text[24];
    char *end = std::to_chars(text, text + sizeof text, exponent < 0 ? -exponent : exponent).ptr;
    return append_text(out, text, size_t(end - text));
}

/// The way JavaScript writes a number, which RFC 8785 took over: digits up to 21 places, an exponent beyond.
/// Integral values come out as integer tokens, so the same value written either way hashes the same.
/// https://tc39.es/ecma262/#sec-numeric-types-number-tostring
uint8_t *append_decimal(uint8_t *out, const Decimal &number) {
    int point = number.exponent, count = number.count;
    if (number.negative) *out++ = '-';
    bool scientific = point > 21 || point <= -6;
    int before_point = scientific ? 1 : point;
    if (before_point <= 0) {
        out = append_zeros(append_text(out, "0.", 2), -point);
        return append_text(out, number.digits, size_t(count));
    }
    if (count <= before_point) {
        out = append_zeros(append_text(out, number.digits, size_t(count)), before_point - count);
    } else {
        out = append_text(out, number.digits, size_t(before_point));
        *out++ = '.';
        out = append_text(out, number.digits + before_point, size_t(count - before_point));
    }
    return scientific ? append_exponent(out, point - 1) : out;
}

uint8_t *append_double(uint8_t *out, double value) {
    char text[32];
    char *end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
    char *mark = end;
    while (*--mark != 'e') continue;
    int exponent = 0;
    std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
    // "d.ddd": close the gap that the point leaves.
    if (mark - text > 1) text[1] = text[0];
    const char *digits = mark - text > 1 ? text + 1 : text;
    return append_decimal(out, {std::signbit(value), digits, int(mark - digits), exponent + 1});
}

/// A token cut into its parts.
struct Token {
    const uint8_t *integer, *fraction, *exponent;  // where the digits of each begin
    const uint8_t *integer_end, *fraction_end, *end;
    bool negative, exponent_negative;
};

Token cut(const uint8_t *token, const uint8_t *end) {
    Token parts = {};
    auto digits = [&](const uint8_t *at) {
        while (at < end && is_digit(*at)) ++at;
        return at;
    };
    parts.end = end;
    parts.negative = *token == '-';
    parts.integer = token + parts.negative;
    parts.integer_end = digits(parts.integer);
    bool has_fraction = parts.integer_end < end && *parts.integer_end == '.';
    parts.fraction = parts.integer_end + has_fraction;
    parts.fraction_end = digits(parts.fraction);
    parts.exponent = parts.fraction_end < end ? parts.fraction_end + 1 : end;
    if (parts.exponent < end && !is_digit(*parts.exponent)) parts.exponent_negative = *parts.exponent++ == '-';
    while (end - parts.exponent > 1 && *parts.exponent == '0') ++parts.exponent;
    return parts;
}

/// Writes the digits of the mantissa without the zeros around them; `point` is where the point stood among them.
/// Returns their number, 0 for a zero.
size_t significant_digits(const Token &parts, uint8_t *digits, int64_t &point) {
    uint8_t *end = append(digits, parts.integer, size_t(parts.integer_end - parts.integer));
    point = end - digits;
    end = append(end, parts.fraction, size_t(parts.fraction_end - parts.fraction));
    uint8_t *first = digits;
    while (first < end && *first == '0') ++first;
    while (end > first && end[-1] == '0') --end;
    point -= first - digits;
    std::memmove(digits, first, size_t(end - first));
    return size_t(end - first);
}

/// Writes a number that no double can hold as `d.ddde±n`. Exponents of more than 17 digits keep their token: such
/// numbers are compared as text.
uint8_t *append_unrepresentable(uint8_t *out, const uint8_t *token, const uint8_t *end) {
    Token parts = cut(token, end);
    if (parts.end - parts.exponent > 17) return append(out, token, size_t(end - token));
    int64_t exponent = 0, point = 0;
    for (const uint8_t *at = parts.exponent; at < parts.end; ++at) exponent = exponent * 10 + (*at - '0');
    if (parts.negative) *out++ = '-';
    size_t count = significant_digits(parts, out, point);
    if (count > 1) {
        std::memmove(out + 2, out + 1, count - 1);
        out[1] = '.';
    }
    return append_exponent(out + count + (count > 1), (parts.exponent_negative ? -exponent : exponent) + point - 1);
}

bool is_zero(const uint8_t *token, const uint8_t *end) {
    while (token < end && (*token == '0' || *token == '.' || *token == '-')) ++token;
    return token == end || (*token | 0x20) == 'e';
}

}  // namespace

uint8_t *append_canonical_number(uint8_t *out, const uint8_t *token, const uint8_t *end, bool integer) {
    if (is_zero(token, end)) return *out++ = '0', out;
    if (integer) return append(out, token, size_t(end - token));
    // What is too large or too small for a double leaves it infinite or zero.
    double value = 0;
    std::from_chars(reinterpret_cast<const char *>(token), reinterpret_cast<const char *>(end), value);
    if (value == 0 || std::isinf(value)) return append_unrepresentable(out, token, end);
    return append_double(out, value);
}

}  // namespace tidelock::json

double jk_read_number(const uint8_t *bytes, uint32_t start, uint32_t end) {
    auto token = reinterpret_cast<const char *>(bytes + start);
    double value = 0;
    auto result = std::from_chars(token, token + (end - start), value);
    // Only strtod tells too large from too small. Whatever follows a number in JSON ends it for strtod too.
    return result.ec == std::errc::result_out_of_range ? std::strtod(token, nullptr) : value;
}

size_t jk_write_number(double value, uint8_t *out) {
    auto text = reinterpret_cast<char *>(out);
    size_t length = 0;
    for (int digits = 15; digits <= 17; ++digits) {
        auto written = std::to_chars(text, text + 36, value, std::chars_format::general, digits);
        length = size_t(written.ptr - text);
        double again = 0;
        std::from_chars(text, written.ptr, again);
        if (again == value) break;
    }
    if (!std::memchr(text, '.', length) && !std::memchr(text, 'e', length)) {
        text[length++] = '.';
        text[length++] = '0';
    }
    return length;
}
