#include "parser.hpp"
#include "text.hpp"

namespace tidelock::json {

namespace {

/// Writes the values of an indexed document token by token, without blanks and without shadowed members.
class StoredWriter {
public:
    StoredWriter(const jk_parser &parser, const jk_node *nodes, const uint8_t *bytes, uint8_t *out)
        : nodes(nodes), count(uint32_t(parser.node_count)), bytes(bytes), out(out) {}

    uint8_t *write() {
        for (uint32_t at = 0; at < count;) {
            at = nodes[at].flags & JK_FLAG_SHADOWED ? nodes[at].next : value(at);
            while (depth != 0 && at == nodes[open[depth - 1]].next) close();
        }
        return out;
    }

private:
    uint32_t value(uint32_t at) {
        const jk_node &node = nodes[at];
        if (follows_sibling) *out++ = ',';
        if (node.key_start) {
            out = append(out, bytes + node.key_start - 1, node.key_end - node.key_start + 2);
            *out++ = ':';
        }
        bool is_container = node.kind >= JK_ARRAY;
        follows_sibling = !(is_container && node.count);
        if (!is_container) {
            out = append(out, bytes + node.start, node.end - node.start);
        } else {
            *out++ = bytes[node.start];
            if (node.count) open[depth++] = at;
            else *out++ = bytes[node.end - 1];
        }
        return at + 1;
    }

    void close() {
        *out++ = nodes[open[--depth]].kind == JK_OBJECT ? '}' : ']';
        follows_sibling = true;
    }

    const jk_node *nodes;
    uint32_t count;
    const uint8_t *bytes;
    uint8_t *out;
    bool follows_sibling = false;
    uint32_t depth = 0;
    uint32_t open[JK_MAXIMUM_DEPTH];
};

}  // namespace

jk_status write_stored(jk_parser &parser, const uint8_t *bytes, size_t length, jk_buffer &stored, jk_problem &problem) {
    if (!reserve(stored, parser.token_bytes)) return out_of_memory(problem);
    bool is_stored_form = parser.token_bytes == length && !parser.has_shadowed;
    uint8_t *end = is_stored_form ? append(stored.bytes, bytes, length)
                                  : StoredWriter(parser, parser.nodes.data(), bytes, stored.bytes).write();
    stored.length = size_t(end - stored.bytes);
    return JK_OK;
}

}  // namespace tidelock::json

jk_status jk_normalise(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *stored, jk_problem *problem) {
    stored->length = 0;
    jk_status status = tidelock::json::index(*parser, bytes, length, *problem);
    return status == JK_OK ? tidelock::json::write_stored(*parser, bytes, length, *stored, *problem) : status;
}
