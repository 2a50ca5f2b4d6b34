#include "text.hpp"

#include <string.h>

int64_t jk_member(const uint8_t *bytes, const jk_index *index, size_t object, const uint8_t *key, size_t key_length) {
    const jk_node *nodes = index->nodes;
    if (nodes[object].kind != JK_OBJECT) return -1;
    for (size_t member = object + 1; member < nodes[object].next; member = nodes[member].next) {
        const jk_node &node = nodes[member];
        size_t length = node.key_end - node.key_start;
        // Escapes only ever make a text longer.
        if (length < key_length || (node.flags & JK_FLAG_SHADOWED)) continue;
        const uint8_t *own = bytes + node.key_start;
        bool escaped = node.flags & JK_FLAG_KEY_ESCAPED;
        bool equal = escaped ? tidelock::json::decodes_to(own, own + length, key, key_length)
                             : length == key_length && (length == 0 || std::memcmp(own, key, length) == 0);
        if (equal) return int64_t(member);
    }
    return -1;
}

int jk_mentions(const uint8_t *bytes, size_t length, const uint8_t *text, size_t text_length) {
    return memmem(bytes, length, text, text_length) != nullptr;
}
