#include "parser.hpp"

#include <new>

namespace {

/// Documents above this length do not keep their scratch memory (several times their length) for good.
constexpr size_t ordinary_length = size_t(1) << 20;

}  // namespace

void jk_parser::begin(size_t length) {
    if (largest > ordinary_length && length < largest / 8) release();
    if (length > largest) largest = length;
    node_count = 0;
    token_bytes = 0;
    fraction_count = 0;
    escaped_key_bytes = 0;
    has_shadowed = false;
}

void jk_parser::release() {
    scanner.release();
    nodes.release();
    keys.keys.release();
    keys.slots.release();
    keys.decoded.release();
    sorted.release();
    canonical.release();
    largest = 0;
}

jk_parser *jk_parser_create(void) {
    auto parser = new (std::nothrow) jk_parser;
    if (!parser || parser->digest.is_ready()) return parser;
    delete parser;
    return nullptr;
}

void jk_parser_destroy(jk_parser *parser) { delete parser; }

void jk_parser_watch(jk_parser *parser, const volatile sig_atomic_t *flag) { parser->flag = flag; }

bool tidelock::json::reserve(jk_buffer &buffer, size_t length) {
    if (length <= buffer.capacity && buffer.bytes) return true;
    std::free(buffer.bytes);
    buffer = {};
    buffer.bytes = static_cast<uint8_t *>(std::malloc(length + 1));
    if (buffer.bytes) buffer.capacity = length + 1;
    return buffer.bytes != nullptr;
}

void jk_buffer_release(jk_buffer *buffer) {
    std::free(buffer->bytes);
    *buffer = {};
}
