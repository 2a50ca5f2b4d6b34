/* What a table is: lazy, frozen or a script's own; array or object. Metamethods are never called here. */

#include "internal.h"

#include <stdlib.h>

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

lk_key *lk_push_sorted_keys(lua_State *L, int index, size_t count) {
    index = lua_absindex(L, index);
    lk_key *keys = lua_newuserdatauv(L, (count ? count : 1) * sizeof *keys, 0);
    size_t filled = 0;
    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        /* The table keeps its keys alive, so the pointers stay good while it does not change. */
        if (lua_type(L, -1) == LUA_TSTRING && filled < count) {
            keys[filled].bytes = lua_tolstring(L, -1, &keys[filled].length);
            filled++;
        }
    }
    qsort(keys, filled, sizeof *keys, compare_keys);
    return keys;
}
