#pragma once

#include <cstddef>
#include <cstdint>

#include "JSONKernel.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace tidelock::json {

/// Finds where tokens start: simdjson's first stage, behind a wall so that only one file includes simdjson.
///
/// Positions are listed for each of `{}[]:,` outside strings, for each opening quote, and for the first byte of
/// every other run of non-blank bytes. So between two positions lies exactly one token and the blanks after it.
class Scanner {
public:
    Scanner() = default;
    Scanner(const Scanner &) = delete;
    Scanner &operator=(const Scanner &) = delete;
    ~Scanner();

    /// Lists the positions. On JK_MALFORMED and JK_INVALID_UTF8 the list ends before the token at fault, which
    /// `problem` describes: the text before it may hold an earlier fault that only the grammar can see.
    jk_status scan(const uint8_t *bytes, size_t length, jk_problem &problem);

    /// `count()` positions, then one more: where the list ends.
    const uint32_t *positions() const;
    size_t count() const;

    void release();

private:
    bool reserve(size_t length);

    simdjson::internal::dom_parser_implementation *implementation = nullptr;
    size_t capacity = 0;
};

}  // namespace tidelock::json
