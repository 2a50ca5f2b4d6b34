#pragma once

#include "JSONKernel.h"
#include "digest.hpp"
#include "keys.hpp"
#include "memory.hpp"
#include "scanner.hpp"

/// The scratch memory of one thread's calls, and what the latest indexed document looked like.
struct jk_parser {
    tidelock::json::Scanner scanner;
    tidelock::json::Scratch<jk_node> nodes;
    tidelock::json::KeyScratch keys;
    tidelock::json::Scratch<tidelock::json::Key> sorted;
    tidelock::json::Scratch<uint8_t> canonical;
    tidelock::json::Digest digest;

    size_t node_count = 0;
    /// Bytes of all tokens together: the document's length without blanks.
    size_t token_bytes = 0;
    /// Numbers whose canonical form may be longer than their token.
    size_t fraction_count = 0;
    /// Bytes of all keys that hold escapes.
    size_t escaped_key_bytes = 0;
    bool has_shadowed = false;

    /// Asks for an end when it is not zero; may be null.
    const volatile sig_atomic_t *flag = nullptr;
    bool is_interrupted() const { return flag && *flag; }

    jk_parser() = default;
    jk_parser(const jk_parser &) = delete;
    jk_parser &operator=(const jk_parser &) = delete;

    /// Starts a call, giving back the memory that an unusually large document left behind.
    void begin(size_t length);

private:
    void release();

    size_t largest = 0;
};

namespace tidelock::json {

/// Lists the document's values in `parser.nodes`.
jk_status index(jk_parser &parser, const uint8_t *bytes, size_t length, jk_problem &problem);

/// Writes the stored form of the indexed document into `stored`.
jk_status write_stored(jk_parser &parser, const uint8_t *bytes, size_t length, jk_buffer &stored, jk_problem &problem);

/// Writes the canonical form of the indexed document into `parser.canonical`.
jk_status write_canonical(jk_parser &parser, const uint8_t *bytes, size_t &length, jk_problem &problem);

inline jk_status out_of_memory(jk_problem &problem) {
    return problem = {JK_OUT_OF_MEMORY, 0, "out of memory"}, JK_OUT_OF_MEMORY;
}

/// Makes room for `length` bytes; what the buffer held is forgotten.
[[nodiscard]] bool reserve(jk_buffer &buffer, size_t length);

}  // namespace tidelock::json
