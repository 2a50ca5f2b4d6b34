#include "parser.hpp"
#include "text.hpp"

namespace tidelock::json {

namespace {

/// Reads the tokens the scanner found, checks that they make one JSON text, and lists its values.
///
/// There is no recursion: depth is bounded by JK_MAXIMUM_DEPTH, but the caller's stack may be small.
class Grammar {
public:
    Grammar(jk_parser &parser, const uint8_t *bytes, jk_problem &problem)
        : parser(parser),
          bytes(bytes),
          next(parser.scanner.positions()),
          last(next + parser.scanner.count()),
          backslash(find_backslash(bytes, bytes + *last)),
          nodes(parser.nodes.data()),
          problem(problem) {}

    jk_status document() {
        for (;;) {
            if (count % values_between_looks == 0 && parser.is_interrupted()) {
                return fail(problem, JK_INTERRUPTED, *next, "interrupted");
            }
            Step step = in_object ? key() : Step::done;
            if (step == Step::done) step = value();
            while (step == Step::done && depth != 0) step = after_value();
            if (step == Step::failed) return problem.status;
            if (step == Step::done) return at_end();
        }
    }

private:
    static constexpr uint32_t values_between_looks = 4096;

    enum class Step { failed, done, expects_value };

    bool ended() const { return next == last; }

    Step refuse(jk_status status, size_t offset, const char *reason) {
        fail(problem, status, offset, reason);
        return Step::failed;
    }

    jk_status at_end() {
        if (!ended()) return fail(problem, JK_MALFORMED, *next, "unexpected text after the document");
        parser.node_count = count;
        parser.token_bytes = token_bytes + parser.scanner.count();
        return JK_OK;
    }

    /// One past the token that starts at `start`: blanks are all that may follow it before the next token.
    uint32_t token_end(uint32_t start) const {
        uint32_t end = *next;
        while (end > start && is_blank(bytes[end - 1])) --end;
        return end;
    }

    Step key() {
        uint32_t start = *next;
        if (ended() || bytes[start] != '"') return refuse(JK_MALFORMED, start, "expected a key in double quotes");
        ++next;
        jk_node &member = nodes[count];
        member.flags = 0;
        uint32_t end;
        if (string(start, end, member.flags, JK_FLAG_KEY_ESCAPED) == Step::failed) return Step::failed;
        member.key_start = start + 1;
        member.key_end = end - 1;
        if (member.flags) parser.escaped_key_bytes += end - start - 2;
        if (ended() || bytes[*next] != ':') return refuse(JK_MALFORMED, *next, "expected a colon after the key");
        ++next;
        return Step::done;
    }

    Step value() {
        if (ended()) return refuse(JK_MALFORMED, *next, "expected a value");
        if (!in_object) {
            nodes[count].flags = 0;
            nodes[count].key_start = nodes[count].key_end = 0;
        }
        uint32_t start = *next++;
        nodes[count].start = start;
        switch (bytes[start]) {
        case '"': return string_value(start);
        case '{': return container(start, JK_OBJECT, '}');
        case '[': return container(start, JK_ARRAY, ']');
        case 't': return literal(start, JK_TRUE, "true", 4);
        case 'f': return literal(start, JK_FALSE, "false", 5);
        case 'n': return literal(start, JK_NULL, "null", 4);
        default: return number(start);
        }
    }

    Step after_value() {
        jk_node &parent = nodes[open[depth - 1]];
        ++parent.count;
        uint32_t at = *next;
        uint8_t byte = ended() ? 0 : bytes[at];
        if (byte == ',') return ++next, Step::expects_value;
        if (byte == (in_object ? '}' : ']')) return close(parent, at);
        return refuse(JK_MALFORMED, at,
                      in_object ? "expected a comma or a closing brace" : "expected a comma or a closing bracket");
    }

    Step close(jk_node &parent, uint32_t at) {
        ++next;
        parent.end = at + 1;
        parent.next = count;
        bool any_escaped = parser.escaped_key_bytes != 0;
        if (in_object && parent.count > 1 &&
            !flag_shadowed(bytes, nodes, open[depth - 1], any_escaped, parser.keys, parser.has_shadowed)) {
            return refuse(JK_OUT_OF_MEMORY, 0, "out of memory");
        }
        --depth;
        in_object = depth != 0 && nodes[open[depth - 1]].kind == JK_OBJECT;
        return Step::done;
    }

    Step container(uint32_t start, jk_kind kind, uint8_t closer) {
        if (depth == JK_MAXIMUM_DEPTH) return refuse(JK_TOO_DEEP, start, "nested too deeply");
        if (!ended() && bytes[*next] == closer) return leaf(kind, *next++ + 1);
        nodes[count].kind = uint8_t(kind);
        nodes[count].count = 0;
        open[depth++] = count++;
        in_object = kind == JK_OBJECT;
        return Step::expects_value;
    }

    Step leaf(jk_kind kind, uint32_t end) {
        jk_node &node = nodes[count++];
        node.end = end;
        node.next = count;
        node.count = 0;
        node.kind = uint8_t(kind);
        return Step::done;
    }

    Step string_value(uint32_t start) {
        uint32_t end;
        if (string(start, end, nodes[count].flags, JK_FLAG_ESCAPED) == Step::failed) return Step::failed;
        return leaf(JK_STRING, end);
    }

    /// The string whose opening quote is at `start`; `end` is one past its closing quote.
    Step string(uint32_t start, uint32_t &end, uint8_t &flags, uint8_t escaped) {
        end = token_end(start);
        if (end - start < 2 || bytes[end - 1] != '"') {
            return refuse(JK_MALFORMED, start, "the string is never closed");
        }
        token_bytes += end - start - 1;
        // All backslashes before this string belonged to strings too, or the grammar would have stopped there.
        if (backslash >= bytes + end) return Step::done;
        flags |= escaped;
        if (check_escapes(bytes, uint32_t(backslash - bytes), end - 1, problem) != JK_OK) return Step::failed;
        backslash = find_backslash(bytes + end, bytes + *last);
        return Step::done;
    }

    Step literal(uint32_t start, jk_kind kind, const char *word, uint32_t length) {
        uint32_t end = token_end(start);
        if (end - start != length || std::memcmp(bytes + start, word, length) != 0) {
            return refuse(JK_MALFORMED, start, "expected a value");
        }
        token_bytes += length - 1;
        return leaf(kind, end);
    }

    Step number(uint32_t start) {
        if (bytes[start] == 0xEF && start == 0) return refuse(JK_MALFORMED, 0, "a byte order mark is not JSON");
        if (bytes[start] != '-' && !is_digit(bytes[start])) return refuse(JK_MALFORMED, start, "expected a value");
        uint32_t end = token_end(start);
        uint8_t &flags = nodes[count].flags;
        if (check_number(bytes, start, end, flags, problem) != JK_OK) return Step::failed;
        if (!(flags & JK_FLAG_INTEGER)) ++parser.fraction_count;
        token_bytes += end - start - 1;
        return leaf(JK_NUMBER, end);
    }

    jk_parser &parser;
    const uint8_t *bytes;
    const uint32_t *next;
    const uint32_t *last;
    const uint8_t *backslash;
    jk_node *nodes;
    uint32_t count = 0;
    uint32_t depth = 0;
    bool in_object = false;
    /// Bytes of tokens beyond the first of each.
    size_t token_bytes = 0;
    uint32_t open[JK_MAXIMUM_DEPTH];
    jk_problem &problem;
};

/// Each value but the first of its container takes a comma, and each container that is closed a closing bracket, so
/// half of the tokens are values at most, apart from containers still open when the document is refused.
size_t most_values(size_t tokens) { return tokens / 2 + JK_MAXIMUM_DEPTH + 1; }

}  // namespace

jk_status index(jk_parser &parser, const uint8_t *bytes, size_t length, jk_problem &problem) {
    problem = {JK_OK, 0, ""};
    if (length > UINT32_MAX) return fail(problem, JK_TOO_LARGE, UINT32_MAX, "documents of 4 GiB and more are refused");
    if (length == 0) return fail(problem, JK_MALFORMED, 0, "expected a value");
    parser.begin(length);
    jk_problem lexical = {JK_OK, 0, ""};
    jk_status scanned = parser.scanner.scan(bytes, length, lexical);
    if (scanned == JK_OUT_OF_MEMORY || !parser.nodes.reserve(most_values(parser.scanner.count()))) {
        return out_of_memory(problem);
    }

    jk_status status = Grammar(parser, bytes, problem).document();
    if (scanned == JK_OK) return status;
    // Where a token is wrong in itself, the grammar's complaint counts only if it comes earlier.
    size_t token = parser.scanner.positions()[parser.scanner.count()];
    if (status == JK_OK || problem.offset >= token) problem = lexical;
    return problem.status;
}

}  // namespace tidelock::json

jk_status jk_index_document(jk_parser *parser, const uint8_t *bytes, size_t length, jk_index *index,
                            jk_problem *problem) {
    jk_status status = tidelock::json::index(*parser, bytes, length, *problem);
    *index = status == JK_OK ? jk_index{parser->nodes.data(), parser->node_count} : jk_index{nullptr, 0};
    return status;
}
