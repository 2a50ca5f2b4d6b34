/* What a table is: lazy, frozen or a script's own; array or object. Metamethods are never called here. */

#include "internal.h"

#include <stdlib.h>

#define RUN 64 /* keys that are sorted without a look at the limits */

lk_table lk_classify(lua_State *L, int index) {
    if (!lua_getmetatable(L, index)) return LK_PLAIN;
    const lk_machine *machine = LK_MACHINE(L);
    const void *metatable = lua_topointer(L, -1);
    lk_table kind = LK_PLAIN;
    if (metatable == machine->lazy_metatable) {
        kind = LK_LAZY;
    } else if (metatable == machine->array_metatable) {
        kind = LK_MARKED_ARRAY;
    } else if (metatable == machine->object_metatable) {
        kind = LK_MARKED_OBJECT;
    } else {
        if (lua_rawgetp(L, -1, &lk_key_frozen_mark) != LUA_TNIL) kind = LK_FROZEN;
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return kind;
}

void lk_push_frozen_content(lua_State *L, int index) { lua_rawgetp(L, index, &lk_key_frozen); }

/* What keys a table has. */
typedef struct census {
    size_t strings, integers, others;
    lua_Integer last;
} census;

static census count_keys(lua_State *L, int index) {
    census keys = {0, 0, 0, 0};
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lk_poll(L);
        lua_pop(L, 1);
        if (lua_type(L, -1) == LUA_TSTRING) {
            keys.strings++;
        } else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) >= 1) {
            keys.integers++;
            if (lua_tointeger(L, -1) > keys.last) keys.last = lua_tointeger(L, -1);
        } else {
            keys.others++;
        }
    }
    return keys;
}

lk_shape lk_find_shape(lua_State *L, int index, lk_table kind, bool empty_is_array) {
    census keys = count_keys(L, lua_absindex(L, index));
    lk_shape shape = {kind == LK_MARKED_ARRAY, 0, NULL};
    if (kind == LK_PLAIN) shape.is_array = keys.integers > 0 || (keys.strings == 0 && empty_is_array);
    shape.count = shape.is_array ? (size_t)keys.last : keys.strings;
    if (keys.others > 0) {
        shape.refusal = "keys must be strings or 1..n";
    } else if (keys.strings > 0 && keys.integers > 0) {
        shape.refusal = "string and number keys are mixed";
    } else if (shape.is_array && keys.strings > 0) {
        shape.refusal = "an array has string keys";
    } else if (!shape.is_array && keys.integers > 0) {
        shape.refusal = "an object has number keys";
    } else if (shape.is_array && (size_t)keys.last > keys.integers) {
        /* Holes in a declared array become null; a stray large index is a mistake. */
        bool is_sparse = kind == LK_PLAIN || (size_t)keys.last > 2 * keys.integers + 16;
        if (is_sparse) shape.refusal = "array has holes";
    }
    return shape;
}

static int compare_keys(const void *left, const void *right) {
    const lk_key *a = left, *b = right;
    int order = memcmp(a->bytes, b->bytes, a->length < b->length ? a->length : b->length);
    if (order) return order;
    return a->length < b->length ? -1 : a->length > b->length;
}

/* Merges [from, middle) and [middle, to) of `keys` into the same places of `out`. */
static void merge(lua_State *L, const lk_key *keys, lk_key *out, size_t from, size_t middle, size_t to) {
    size_t left = from, right = middle;
    for (size_t i = from; i < to; i++) {
        if (i % RUN == 0) lk_poll(L);
        bool takes_left = left < middle && (right == to || compare_keys(&keys[left], &keys[right]) <= 0);
        out[i] = keys[takes_left ? left++ : right++];
    }
}

/* Sorts with the help of `other`, which has as much room; gives the one of the two that holds the result. A table
 * may have so many keys that sorting them takes longer than a call may, so sorted runs are merged step by step. */
static lk_key *sort_keys(lua_State *L, lk_key *keys, lk_key *other, size_t count) {
    for (size_t start = 0; start < count; start += RUN) {
        lk_poll(L);
        qsort(keys + start, count - start < RUN ? count - start : RUN, sizeof *keys, compare_keys);
    }
    for (size_t run = RUN; run < count; run *= 2) {
        for (size_t start = 0; start < count; start += 2 * run) {
            size_t middle = start + run < count ? start + run : count;
            size_t end = middle + run < count ? middle + run : count;
            merge(L, keys, other, start, middle, end);
        }
        lk_key *sorted = other;
        other = keys;
        keys = sorted;
    }
    return keys;
}

lk_key *lk_push_sorted_keys(lua_State *L, int index, size_t count) {
    index = lua_absindex(L, index);
    size_t spare = count > RUN ? count : 0;
    lk_key *keys = lua_newuserdatauv(L, (count + spare + 1) * sizeof *keys, 0);
    size_t filled = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lk_poll(L);
        lua_pop(L, 1);
        /* The table keeps its keys alive, so the pointers stay good while it does not change. */
        if (lua_type(L, -1) == LUA_TSTRING && filled < count) {
            keys[filled].bytes = lua_tolstring(L, -1, &keys[filled].length);
            filled++;
        }
    }
    return sort_keys(L, keys, keys + count, filled);
}
