/// How the direct children of a container are found, given a `Block`. Included once for each kind of processor.

#include "text.hpp"

namespace tidelock::json::TIDELOCK_PROCESSOR {

/// Which bytes of a block a backslash escapes. `carry` tells whether the block before ended in one that is open.
///
/// In a run of backslashes every second one is escaped, so what matters is whether a run starts at an odd place: adding
/// the starts to the runs carries through each of them. https://doi.org/10.1007/s00778-019-00578-5, section 3.1.1.
uint32_t escaped_bytes(uint32_t backslashes, bool &carry) {
    constexpr uint32_t even = 0x55555555;
    backslashes &= ~uint32_t(carry);
    uint32_t follows = backslashes << 1 | uint32_t(carry);
    uint32_t odd_starts = backslashes & ~even & ~follows;
    uint32_t ends;
    carry = __builtin_add_overflow(odd_starts, backslashes, &ends);
    return (even ^ ends << 1) & follows;
}

/// The closing quote of the string whose content starts at `at`, or null.
const uint8_t *string_end(const uint8_t *at, const uint8_t *end, bool &has_escapes) {
    bool carry = false;
    for (; at < end; at += Block::size) {
        Block block(at, end);
        uint32_t quotes = block.equal('"'), backslashes = block.equal('\\');
        if (backslashes | uint32_t(carry)) {
            uint32_t first = quotes & -quotes;
            // Those behind the string's end are not of its content.
            if (carry || (backslashes & (first - 1))) has_escapes = true;
            quotes &= ~escaped_bytes(backslashes, carry);
        }
        if (quotes) return at + __builtin_ctz(quotes);
    }
    return nullptr;
}

/// One past the bracket that closes the container at `at`, or null. Of brackets only the number has to fit.
const uint8_t *container_end(const uint8_t *at, const uint8_t *end) {
    bool carry = false;
    uint32_t string = 0;
    size_t depth = 0;
    for (; at < end; at += Block::size) {
        Block block(at, end);
        uint32_t quotes = block.equal('"'), backslashes = block.equal('\\');
        uint32_t opening = block.equal_folded('{'), closing = block.equal_folded('}');
        if (backslashes | uint32_t(carry)) quotes &= ~escaped_bytes(backslashes, carry);
        uint32_t inside = Block::between_quotes(quotes) ^ string;
        string = uint32_t(int32_t(inside) >> 31);
        for (uint32_t brackets = (opening | closing) & ~inside; brackets; brackets &= brackets - 1) {
            uint32_t bracket = brackets & -brackets;
            if (bracket & opening) ++depth;
            else if (--depth == 0) return at + __builtin_ctz(brackets) + 1;
        }
    }
    return nullptr;
}

/// Walks over the direct children of one container.
class Lister {
public:
    Lister(const uint8_t *bytes, size_t length, uint32_t start, jk_children &out)
        : bytes(bytes), at(bytes + start), end(bytes + length), out(out) {}

    jk_status list() {
        out.count = 0;
        if (at >= end || (*at != '{' && *at != '[')) return JK_MALFORMED;
        bool is_object = *at++ == '{';
        closer = is_object ? '}' : ']';
        if (peek() == closer) return finish();
        for (;;) {
            if (out.count == out.capacity && !grow()) return JK_OUT_OF_MEMORY;
            jk_child &child = out.items[out.count];
            child = {};
            if (is_object && !key(child)) return JK_MALFORMED;
            if (!value(child)) return JK_MALFORMED;
            ++out.count;
            uint8_t next = peek();
            if (next == closer) return finish();
            if (next != ',') return JK_MALFORMED;
            ++at;
        }
    }

private:
    /// The next byte that is no blank; 0 at the end.
    uint8_t peek() {
        while (at < end && is_blank(*at)) ++at;
        return at < end ? *at : 0;
    }

    uint32_t offset(const uint8_t *place) const { return uint32_t(place - bytes); }

    jk_status finish() {
        out.end = offset(at) + 1;
        return JK_OK;
    }

    bool key(jk_child &child) {
        if (peek() != '"') return false;
        bool has_escapes = false;
        const uint8_t *quote = string_end(at + 1, end, has_escapes);
        if (!quote) return false;
        child.key_start = offset(at) + 1;
        child.key_end = offset(quote);
        if (has_escapes) child.flags |= JK_FLAG_KEY_ESCAPED;
        at = quote + 1;
        if (peek() != ':') return false;
        ++at;
        return true;
    }

    bool value(jk_child &child) {
        uint8_t first = peek();
        child.start = offset(at);
        if (first == '"') {
            bool has_escapes = false;
            const uint8_t *quote = string_end(at + 1, end, has_escapes);
            if (has_escapes) child.flags |= JK_FLAG_ESCAPED;
            child.kind = JK_STRING;
            at = quote ? quote + 1 : nullptr;
        } else if (first == '{' || first == '[') {
            child.kind = first == '{' ? JK_OBJECT : JK_ARRAY;
            at = container_end(at, end);
        } else if (!scalar(child, first)) {
            return false;
        }
        if (!at) return false;
        child.end = offset(at);
        return true;
    }

    bool scalar(jk_child &child, uint8_t first) {
        switch (first) {
        case 't': child.kind = JK_TRUE; break;
        case 'f': child.kind = JK_FALSE; break;
        case 'n': child.kind = JK_NULL; break;
        default:
            if (first != '-' && !is_digit(first)) return false;
            child.kind = JK_NUMBER;
            child.flags |= JK_FLAG_INTEGER;
        }
        for (; at < end && *at != ',' && *at != closer && !is_blank(*at); ++at) {
            if (*at == '.' || *at == 'e' || *at == 'E') child.flags &= uint8_t(~JK_FLAG_INTEGER);
        }
        return true;
    }

    bool grow() {
        size_t capacity = out.capacity ? out.capacity * 2 : 64;
        auto items = static_cast<jk_child *>(std::realloc(out.items, capacity * sizeof(jk_child)));
        if (!items) return false;
        out.items = items;
        out.capacity = capacity;
        return true;
    }

    const uint8_t *bytes;
    const uint8_t *at;
    const uint8_t *end;
    uint8_t closer = 0;
    jk_children &out;
};

}  // namespace tidelock::json::TIDELOCK_PROCESSOR
