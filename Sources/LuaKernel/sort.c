/* table.sort as a merge sort. It looks at the limits at every step, its work is bounded however
 * inconsistent the order function is, and it keeps equal elements in order, so results repeat. */

#include "internal.h"

/* Stack positions inside lk_sort. */
enum { TABLE = 1, ORDER = 2, SOURCE = 3, TARGET = 4 };

/* Whether the value on top comes before the one below it. */
static bool top_comes_first(lua_State *L) {
    if (lua_isnil(L, ORDER)) return lua_compare(L, -1, -2, LUA_OPLT);
    lua_pushvalue(L, ORDER);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -4);
    lua_call(L, 2, 1);
    bool result = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return result;
}

static void copy(lua_State *L, int source, int target, lua_Integer from, lua_Integer to) {
    lk_poll(L);
    lua_rawgeti(L, source, from);
    lua_rawseti(L, target, to);
}

/* Merges [low, middle) and [middle, high) of `source` into `target`. */
static void merge(lua_State *L, int source, int target, lua_Integer low, lua_Integer middle, lua_Integer high) {
    lua_Integer left = low, right = middle;
    for (lua_Integer out = low; out < high; out++) {
        bool take_right = left >= middle;
        if (!take_right && right < high) {
            lua_rawgeti(L, source, left);
            lua_rawgeti(L, source, right);
            take_right = top_comes_first(L);
            lua_pop(L, 2);
        }
        copy(L, source, target, take_right ? right++ : left++, out);
    }
}

/* Leaves the sorted elements in the table at the stack position it gives. */
static int merge_all(lua_State *L, lua_Integer count) {
    int source = SOURCE, target = TARGET;
    for (lua_Integer width = 1; width < count; width *= 2) {
        for (lua_Integer low = 1; low <= count; low += 2 * width) {
            lua_Integer middle = low + width <= count + 1 ? low + width : count + 1;
            lua_Integer high = middle + width <= count + 1 ? middle + width : count + 1;
            merge(L, source, target, low, middle, high);
        }
        int swap = source;
        source = target;
        target = swap;
    }
    return source;
}

int lk_sort(lua_State *L) {
    luaL_checktype(L, TABLE, LUA_TTABLE);
    if (!lua_isnoneornil(L, ORDER)) luaL_checktype(L, ORDER, LUA_TFUNCTION);
    lua_settop(L, ORDER);
    lua_Integer count = lk_length(L, TABLE);
    if (count < 2) return 0;
    lk_expect_room(L, (size_t)count * 2 * 16);
    lua_createtable(L, (int)count, 0);
    lk_poll(L);
    lua_createtable(L, (int)count, 0);
    luaL_checkstack(L, 10, NULL);
    for (lua_Integer i = 1; i <= count; i++) {
        lk_poll(L);
        lua_geti(L, TABLE, i);
        lua_rawseti(L, SOURCE, i);
    }
    int sorted = merge_all(L, count);
    for (lua_Integer i = 1; i <= count; i++) {
        lk_poll(L);
        lua_rawgeti(L, sorted, i);
        lua_seti(L, TABLE, i);
    }
    return 0;
}
