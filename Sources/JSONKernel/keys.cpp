#include "keys.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "text.hpp"

namespace tidelock::json {

static_assert(std::endian::native == std::endian::little, "keys are read as integers, the little end first");

namespace {

uint64_t load32(const uint8_t *bytes) {
    uint32_t word;
    std::memcpy(&word, bytes, sizeof word);
    return word;
}

/// The first eight bytes, zeros after a shorter text, as the integer that they are in memory (little end first).
/// Put together in a register: bytes written one by one and read back at once make the processor wait.
uint64_t load_padded(const uint8_t *bytes, uint32_t length) {
    if (length >= 8) return load32(bytes) | load32(bytes + 4) << 32;
    if (length >= 4) return load32(bytes) | load32(bytes + length - 4) << (8 * (length - 4));
    if (length == 0) return 0;
    uint32_t middle = length / 2, last = length - 1;
    return uint64_t(bytes[0]) | uint64_t(bytes[middle]) << (8 * middle) | uint64_t(bytes[last]) << (8 * last);
}

/// Flags the shadowed members of one object, by the cheapest way that its size and keys allow.
class ShadowFinder {
public:
    ShadowFinder(const uint8_t *bytes, jk_node *nodes, uint32_t object, bool any_escaped, KeyScratch &scratch)
        : bytes(bytes),
          nodes(nodes),
          first(object + 1),
          end(nodes[object].next),
          count(nodes[object].count),
          any_escaped(any_escaped),
          scratch(scratch) {}

    bool run() {
        if (size_t escaped = any_escaped ? escaped_bytes() : 0) return by_sorting(escaped);
        return count <= tag_count ? by_tags() : by_hashing();
    }

    bool found = false;

private:
    static constexpr uint32_t tag_count = 16;

    size_t escaped_bytes() const {
        size_t total = 0;
        for (uint32_t member = first; member < end; member = nodes[member].next) {
            if (nodes[member].flags & JK_FLAG_KEY_ESCAPED) total += key_length(member) + 1;
        }
        return total;
    }

    uint32_t key_length(uint32_t member) const { return nodes[member].key_end - nodes[member].key_start; }

    bool same_key(uint32_t left, uint32_t right) const {
        uint32_t length = key_length(left);
        return length == key_length(right) &&
               std::memcmp(bytes + nodes[left].key_start, bytes + nodes[right].key_start, length) == 0;
    }

    void shadow(uint32_t member) {
        nodes[member].flags |= JK_FLAG_SHADOWED;
        found = true;
    }

    /// Length and three bytes of the key: differs for nearly all pairs of field names.
    uint32_t tag(uint32_t member) const {
        uint32_t length = key_length(member);
        if (length == 0) return 0;
        const uint8_t *key = bytes + nodes[member].key_start;
        return uint32_t(key[0]) << 24 | uint32_t(key[length / 2]) << 16 | uint32_t(key[length - 1]) << 8 |
               (length & 0xFF);
    }

    /// For few members: each tag against all before it, all at once. No key starts with the byte 0xFF.
    bool by_tags() {
        uint32_t tags[tag_count], members[tag_count];
        std::fill_n(tags, tag_count, 0xFFFFFFFF);
        uint32_t seen = 0;
        for (uint32_t member = first; member < end; member = nodes[member].next) {
            uint32_t own = tag(member), equal = 0;
            for (uint32_t other = 0; other < tag_count; ++other) equal += tags[other] == own;
            if (equal) shadow_equals(member, members, seen);
            tags[seen] = own;
            members[seen++] = member;
        }
        return true;
    }

    void shadow_equals(uint32_t member, const uint32_t *members, uint32_t seen) {
        for (uint32_t other = 0; other < seen; ++other) {
            if (same_key(members[other], member)) shadow(members[other]);
        }
    }

    uint32_t hash(uint32_t member) const {
        const uint8_t *key = bytes + nodes[member].key_start;
        uint32_t length = key_length(member);
        uint64_t state = length;
        for (uint64_t word; length >= 8; key += 8, length -= 8) {
            std::memcpy(&word, key, 8);
            state = (std::rotl(state, 23) ^ word) * 0x9E3779B97F4A7C15;
        }
        state = (std::rotl(state, 23) ^ load_padded(key, length)) * 0x9E3779B97F4A7C15;
        return uint32_t(state >> 32);
    }

    /// For many members. Keys chosen to collide would make every look-up long, so there is a limit on the work, and
    /// sorting, which no choice of keys slows down, starts over.
    bool by_hashing() {
        size_t size = std::bit_ceil(size_t(count) * 2);
        if (!scratch.slots.reserve(size)) return false;
        KeySlot *slots = scratch.slots.data();
        std::memset(slots, 0, size * sizeof(KeySlot));
        size_t work = size_t(count) * 4 + 64;
        for (uint32_t member = first; member < end; member = nodes[member].next) {
            uint32_t own = hash(member);
            size_t at = own & (size - 1);
            while (slots[at].node && !(slots[at].hash == own && same_key(slots[at].node, member))) {
                if (--work == 0) return by_sorting(0);
                at = (at + 1) & (size - 1);
            }
            if (slots[at].node) shadow(slots[at].node);
            slots[at] = {own, member};
        }
        return true;
    }

    bool by_sorting(size_t escaped) {
        if (!scratch.keys.reserve(count) || !scratch.decoded.reserve(escaped)) return false;
        Key *keys = scratch.keys.data();
        uint8_t *decoded = scratch.decoded.data();
        Key *keys_end = keys;
        for (uint32_t member = first; member < end; member = nodes[member].next) {
            set_key(*keys_end++, bytes, nodes, member, decoded);
        }
        std::sort(keys, keys_end, precedes);
        for (Key *key = keys; key + 1 < keys_end; ++key) {
            if (same_text(key[0], key[1])) shadow(key->node);
        }
        return true;
    }

    const uint8_t *bytes;
    jk_node *nodes;
    uint32_t first;
    uint32_t end;
    uint32_t count;
    bool any_escaped;
    KeyScratch &scratch;
};

}  // namespace

bool precedes(const Key &left, const Key &right) {
    if (left.prefix != right.prefix) return left.prefix < right.prefix;
    uint32_t shared = std::min(left.length, right.length);
    if (int order = shared ? std::memcmp(left.bytes, right.bytes, shared) : 0) return order < 0;
    if (left.length != right.length) return left.length < right.length;
    return left.node < right.node;
}

bool same_text(const Key &left, const Key &right) {
    return left.prefix == right.prefix && left.length == right.length &&
           (left.length == 0 || std::memcmp(left.bytes, right.bytes, left.length) == 0);
}

void set_key(Key &key, const uint8_t *bytes, const jk_node *nodes, uint32_t node, uint8_t *&decoded) {
    const jk_node &member = nodes[node];
    const uint8_t *text = bytes + member.key_start;
    uint32_t length = member.key_end - member.key_start;
    if (member.flags & JK_FLAG_KEY_ESCAPED) {
        length = uint32_t(jk_decode_string(bytes, member.key_start, member.key_end, decoded));
        text = decoded;
        decoded += length;
    }
    key.prefix = __builtin_bswap64(load_padded(text, length));
    key.bytes = text;
    key.length = length;
    key.node = node;
}

bool flag_shadowed(const uint8_t *bytes, jk_node *nodes, uint32_t object, bool any_escaped, KeyScratch &scratch,
                   bool &found) {
    ShadowFinder finder(bytes, nodes, object, any_escaped, scratch);
    if (!finder.run()) return false;
    found |= finder.found;
    return true;
}

}  // namespace tidelock::json
