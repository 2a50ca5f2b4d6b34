/* The table library. Every loop looks at the limits, and a length that a metamethod made up is not believed
 * beyond a bound; otherwise `__len` or an absent key range would keep C busy for ever. Elements are read and
 * written with metamethods, so lazy arrays work like any other table. */

#include "internal.h"

#define LONGEST_RANGE 10000000
#define MOST_UNPACKED 500000

lua_Integer lk_length(lua_State *L, int index) {
    if (!luaL_getmetafield(L, index, "__len")) return (lua_Integer)lua_rawlen(L, index);
    lua_pop(L, 1);
    lua_Integer length = luaL_len(L, index);
    if (length > LONGEST_RANGE) luaL_error(L, "table too long");
    return length;
}

static lua_Integer check_length(lua_State *L, int index) {
    luaL_checktype(L, index, LUA_TTABLE);
    return lk_length(L, index);
}

static void check_range(lua_State *L, lua_Integer first, lua_Integer last, int argument) {
    bool fits = last < first || (lua_Unsigned)last - (lua_Unsigned)first < LONGEST_RANGE;
    luaL_argcheck(L, fits, argument, "range too large");
}

static int table_concat(lua_State *L) {
    lua_Integer last = check_length(L, 1);
    size_t separator_length;
    const char *separator = luaL_optlstring(L, 2, "", &separator_length);
    lua_Integer first = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    check_range(L, first, last, 4);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    for (lua_Integer i = first; i <= last; i++) {
        lk_poll(L);
        lua_geti(L, 1, i);
        if (!lua_isstring(L, -1)) {
            const char *type = luaL_typename(L, -1);
            return luaL_error(L, "invalid value (%s) at index %I in table for 'concat'", type, (LUAI_UACINT)i);
        }
        luaL_addvalue(&out);
        if (i == last) break; /* i + 1 may not exist */
        luaL_addlstring(&out, separator, separator_length);
    }
    luaL_pushresult(&out);
    return 1;
}

static void move_element(lua_State *L, int from_table, lua_Integer from, int to_table, lua_Integer to) {
    lk_poll(L);
    lua_geti(L, from_table, from);
    lua_seti(L, to_table, to);
}

static int table_insert(lua_State *L) {
    lua_Integer end = check_length(L, 1) + 1, position = end;
    switch (lua_gettop(L)) {
    case 2: break;
    case 3:
        position = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)position - 1u < (lua_Unsigned)end, 2, "position out of bounds");
        for (lua_Integer i = end; i > position; i--) move_element(L, 1, i - 1, 1, i);
        break;
    default: return luaL_error(L, "wrong number of arguments to 'insert'");
    }
    lua_seti(L, 1, position);
    return 0;
}

static int table_remove(lua_State *L) {
    lua_Integer size = check_length(L, 1);
    lua_Integer position = luaL_optinteger(L, 2, size);
    bool fits = position == size || (lua_Unsigned)position - 1u <= (lua_Unsigned)size;
    luaL_argcheck(L, fits, 2, "position out of bounds");
    lua_geti(L, 1, position);
    for (; position < size; position++) move_element(L, 1, position + 1, 1, position);
    lua_pushnil(L);
    lua_seti(L, 1, position);
    return 1;
}

static int table_move(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3), target = luaL_checkinteger(L, 4);
    int to = lua_isnoneornil(L, 5) ? 1 : 5;
    luaL_checktype(L, to, LUA_TTABLE);
    check_range(L, first, last, 3);
    luaL_argcheck(L, last < first || target <= LUA_MAXINTEGER - (last - first), 4, "destination wrap around");
    bool overlaps_forward = target > first && target <= last && (to == 1 || lua_compare(L, 1, to, LUA_OPEQ));
    lua_Integer count = last < first ? 0 : last - first + 1;
    if (overlaps_forward) {
        for (lua_Integer i = count - 1; i >= 0; i--) move_element(L, 1, first + i, to, target + i);
    } else {
        for (lua_Integer i = 0; i < count; i++) move_element(L, 1, first + i, to, target + i);
    }
    lua_pushvalue(L, to);
    return 1;
}

static int table_unpack(lua_State *L) {
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? check_length(L, 1) : luaL_checkinteger(L, 3);
    if (first > last) return 0;
    lua_Unsigned count = (lua_Unsigned)last - (lua_Unsigned)first;
    if (count >= MOST_UNPACKED || !lua_checkstack(L, (int)++count)) {
        return luaL_error(L, "too many results to unpack");
    }
    for (lua_Unsigned i = 0; i < count; i++) lua_geti(L, 1, first + (lua_Integer)i);
    return (int)count;
}

static int table_pack(lua_State *L) {
    int count = lua_gettop(L);
    lua_createtable(L, count, 1);
    lua_insert(L, 1);
    for (int i = count; i >= 1; i--) lua_rawseti(L, 1, i);
    lua_pushinteger(L, count);
    lua_setfield(L, 1, "n");
    return 1;
}

static const luaL_Reg functions[] = {
    {"concat", table_concat}, {"insert", table_insert}, {"remove", table_remove}, {"move", table_move},
    {"unpack", table_unpack}, {"pack", table_pack},     {"sort", lk_sort},        {NULL, NULL},
};

void lk_open_tables(lua_State *L) {
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "table");
}
