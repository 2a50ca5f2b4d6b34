/* The library as scripts see it: an allow-list, frozen where files share it.
 *
 * A frozen table is an empty one whose metatable reads from the real table and refuses writes. Nothing in the
 * sandbox can reach the real table: getmetatable gives false, and the raw functions know about frozen tables. */

#include "internal.h"

const char lk_key_frozen = 0, lk_key_frozen_mark = 0;

static int refuse_write(lua_State *L) {
    return luaL_error(L, "this table cannot be changed (field '%s')", lk_tostring(L, 2, NULL));
}

static int frozen_length(lua_State *L) {
    lk_push_frozen_content(L, 1);
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, -1));
    return 1;
}

static void freeze_fields(lua_State *L, int table) {
    luaL_checkstack(L, 8, "nested too deeply");
    lua_pushnil(L);
    while (lua_next(L, table)) {
        if (lua_istable(L, -1) && lk_classify(L, -1) != LK_FROZEN) {
            lk_freeze(L);
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, table); /* an existing field: allowed while traversing */
        } else {
            lua_pop(L, 1);
        }
    }
}

void lk_freeze(lua_State *L) {
    int table = lua_gettop(L);
    freeze_fields(L, table);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, table);
    lua_rawsetp(L, -2, &lk_key_frozen);
    lua_createtable(L, 0, 5);
    lua_pushvalue(L, table);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, frozen_length);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushboolean(L, 1);
    lua_rawsetp(L, -2, &lk_key_frozen_mark);
    lua_setmetatable(L, -2);
    lua_replace(L, table);
}

/* ---- Building ---- */

static void open_stock(lua_State *L, const char *name, lua_CFunction open) {
    lua_pushcfunction(L, open);
    lua_call(L, 0, 1);
    lua_setfield(L, -2, name);
}

/* Lua seeds its generator from addresses and the time; scripts get the same numbers everywhere instead. */
static void seed_random(lua_State *L) {
    lua_getfield(L, -1, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, 0);
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}

/* Lua looks here for the names of functions that messages show. Only C can see the table. */
static void add_names(lua_State *L) {
    lua_createtable(L, 0, 8);
    lua_pushnil(L);
    while (lua_next(L, -3)) {
        if (lua_istable(L, -1)) {
            lua_pushvalue(L, -2);
            lua_pushvalue(L, -2);
            lua_rawset(L, -5);
        }
        lua_pop(L, 1);
    }
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, LUA_GNAME);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

void lk_open_library(lua_State *L) {
    lua_createtable(L, 0, 40);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_GLOBALS);
    lk_open_base(L);
    lk_open_coroutines(L);
    lk_open_strings(L);
    lk_open_tables(L);
    lk_open_clock(L);
    lk_open_modules(L);
    open_stock(L, "math", luaopen_math);
    lk_open_utf8(L);
    seed_random(L);
    add_names(L);
    lua_pop(L, 1);
}

/* Pushes the table at `name` of the table on top, made if there is none, and removes that one. */
static void descend(lua_State *L, const char *path) {
    if (lua_type(L, -1) != LUA_TTABLE) luaL_error(L, "'%s' goes through something that is no table", path);
    lua_pushvalue(L, -2);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -3);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}

void lk_declare(lua_State *L, const char *path) {
    int value = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_GLOBALS);
    const char *name = path, *dot;
    for (; (dot = strchr(name, '.')); name = dot + 1) {
        lua_pushlstring(L, name, (size_t)(dot - name));
        lua_insert(L, -2);
        descend(L, path);
    }
    if (lua_type(L, -1) != LUA_TTABLE || !*name) luaL_error(L, "'%s' cannot be declared", path);
    lua_pushvalue(L, value);
    lua_setfield(L, -2, name);
    lua_settop(L, value - 1);
}

/* ---- Environments ---- */

static int refuse_undeclared(lua_State *L) {
    return luaL_error(L, "undeclared global '%s'", lk_tostring(L, 2, NULL));
}

void lk_seal_library(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_GLOBALS);
    freeze_fields(L, lua_gettop(L));
    lua_pop(L, 1);
    lua_createtable(L, 0, 2);
    lua_pushcfunction(L, refuse_undeclared);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_ENVIRONMENT);
}

void lk_push_environment(lua_State *L) {
    lua_createtable(L, 0, 64);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_GLOBALS);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ENVIRONMENT);
    lua_setmetatable(L, -2);
}
