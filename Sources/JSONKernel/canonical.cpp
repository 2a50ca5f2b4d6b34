#include <algorithm>

#include "parser.hpp"
#include "text.hpp"

namespace tidelock::json {

namespace {

/// Writes the canonical form of an indexed document: the one spelling that all spellings of a value share.
class CanonicalWriter {
public:
    CanonicalWriter(jk_parser &parser, const uint8_t *bytes)
        : nodes(parser.nodes.data()), bytes(bytes), out(parser.canonical.data()), keys_end(parser.sorted.data()),
          decoded(parser.keys.decoded.data()) {}

    uint8_t *write() {
        value(0);
        while (depth != 0) step(open[depth - 1]);
        return out;
    }

private:
    /// A container being written: of an object the keys not yet written, of an array the elements.
    struct Open {
        Key *keys, *key, *keys_end;
        uint32_t element, end;
        bool is_object, follows_sibling;
    };

    void step(Open &container) {
        bool finished = container.is_object ? container.key == container.keys_end : container.element == container.end;
        if (finished) return close(container);
        if (container.follows_sibling) *out++ = ',';
        container.follows_sibling = true;
        if (container.is_object) return member(*container.key++);
        uint32_t element = container.element;
        container.element = nodes[element].next;
        value(element);
    }

    void member(const Key &key) {
        const jk_node &node = nodes[key.node];
        *out++ = '"';
        out = text(node.key_start, node.key_end, node.flags & JK_FLAG_KEY_ESCAPED);
        *out++ = '"';
        *out++ = ':';
        value(key.node);
    }

    void value(uint32_t at) {
        const jk_node &node = nodes[at];
        switch (node.kind) {
        case JK_STRING:
            *out++ = '"';
            out = text(node.start + 1, node.end - 1, node.flags & JK_FLAG_ESCAPED);
            *out++ = '"';
            break;
        case JK_NUMBER:
            out = append_canonical_number(out, bytes + node.start, bytes + node.end, node.flags & JK_FLAG_INTEGER);
            break;
        case JK_ARRAY:
        case JK_OBJECT: container(at); break;
        default: out = append(out, bytes + node.start, node.end - node.start);
        }
    }

    void container(uint32_t at) {
        const jk_node &node = nodes[at];
        if (node.count == 0) {
            // PHP cannot tell an empty object from an empty array.
            *out++ = '[', *out++ = ']';
            return;
        }
        bool is_object = node.kind == JK_OBJECT;
        *out++ = is_object ? '{' : '[';
        open[depth] = {keys_end, keys_end, keys_end, at + 1, node.next, is_object, false};
        if (is_object) sort_members(open[depth]);
        ++depth;
    }

    /// Keys are kept like a stack: those of an object are dropped when it closes.
    void sort_members(Open &object) {
        for (uint32_t at = object.element; at < object.end; at = nodes[at].next) {
            if (!(nodes[at].flags & JK_FLAG_SHADOWED)) set_key(*keys_end++, bytes, nodes, at, decoded);
        }
        object.keys_end = keys_end;
        if (!std::is_sorted(object.keys, keys_end, precedes)) std::sort(object.keys, keys_end, precedes);
    }

    void close(Open &container) {
        *out++ = container.is_object ? '}' : ']';
        keys_end = container.keys;
        --depth;
    }

    uint8_t *text(uint32_t start, uint32_t end, bool escaped) {
        if (escaped) return append_canonical_string(out, bytes + start, bytes + end);
        return append(out, bytes + start, end - start);
    }

    const jk_node *nodes;
    const uint8_t *bytes;
    uint8_t *out;
    Key *keys_end;
    uint8_t *decoded;
    uint32_t depth = 0;
    Open open[JK_MAXIMUM_DEPTH];
};

}  // namespace

jk_status write_canonical(jk_parser &parser, const uint8_t *bytes, size_t &length, jk_problem &problem) {
    // Sorting keys and rewriting strings never makes a text longer; only numbers may grow.
    size_t room = parser.token_bytes + parser.fraction_count * canonical_number_slack;
    if (!parser.canonical.reserve(room) || !parser.sorted.reserve(parser.node_count) ||
        !parser.keys.decoded.reserve(parser.escaped_key_bytes)) {
        return out_of_memory(problem);
    }
    length = size_t(CanonicalWriter(parser, bytes).write() - parser.canonical.data());
    return JK_OK;
}

}  // namespace tidelock::json

jk_status jk_canonicalise(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *canonical,
                          jk_problem *problem) {
    canonical->length = 0;
    size_t written = 0;
    jk_status status = tidelock::json::index(*parser, bytes, length, *problem);
    if (status == JK_OK) status = tidelock::json::write_canonical(*parser, bytes, written, *problem);
    if (status != JK_OK) return status;
    if (!tidelock::json::reserve(*canonical, written)) return tidelock::json::out_of_memory(*problem);
    tidelock::json::append(canonical->bytes, parser->canonical.data(), written);
    canonical->length = written;
    return JK_OK;
}
