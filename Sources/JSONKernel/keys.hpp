#pragma once

#include <cstddef>
#include <cstdint>

#include "JSONKernel.h"
#include "memory.hpp"

namespace tidelock::json {

/// A member's decoded key, ready to be compared.
struct Key {
    /// The first eight bytes, big end first, so that most comparisons are one of integers.
    uint64_t prefix;
    const uint8_t *bytes;
    uint32_t length;
    uint32_t node;
};

/// Bytewise order; equal keys in document order.
bool precedes(const Key &left, const Key &right);
bool same_text(const Key &left, const Key &right);

/// Fills `key` with the key of a member. A key with escapes is decoded to `decoded`, which moves past it.
void set_key(Key &key, const uint8_t *bytes, const jk_node *nodes, uint32_t node, uint8_t *&decoded);

struct KeySlot {
    uint32_t hash;
    uint32_t node; /* 0: empty, as node 0 is never a member */
};

struct KeyScratch {
    Scratch<Key> keys;
    Scratch<KeySlot> slots;
    Scratch<uint8_t> decoded;
};

/// Flags every member of `object` but the last of its decoded key. False when memory ran out.
/// Takes O(n log n) whatever the keys are; `any_escaped` says whether keys with escapes have to be expected.
[[nodiscard]] bool flag_shadowed(const uint8_t *bytes, jk_node *nodes, uint32_t object, bool any_escaped,
                                 KeyScratch &scratch, bool &found);

}  // namespace tidelock::json
