/* The base library: what scripts may call without naming a table.
 *
 * pcall and xpcall are ours because a script must not be able to catch its own end. setmetatable is, because
 * finalizers and weak tables run or break where no limit reaches. The raw functions and the traversals are,
 * because they must see through lazy and frozen tables: with them there is no blind operation left. */

#include "internal.h"

#include <stdio.h>

/* ---- Calls that catch errors ---- */

static int finish_pcall(lua_State *L, int status, lua_KContext skipped) {
    lk_poll(L);
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - (int)skipped;
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

static int guarded_pcall(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushboolean(L, 1);
    lua_insert(L, 1);
    int status = lua_pcallk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, 0, finish_pcall);
    return finish_pcall(L, status, 0);
}

/* Stands before a script's message handler. Handlers run where no hook fires, so none may run once time is up. */
static int guarded_handler(lua_State *L) {
    if (LK_MACHINE(L)->expired) return 1;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

static int guarded_xpcall(lua_State *L) {
    int count = lua_gettop(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, guarded_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    int status = lua_pcallk(L, count - 2, LUA_MULTRET, 2, 2, finish_pcall);
    return finish_pcall(L, status, 2);
}

/* ---- Metatables ---- */

static void refuse_field(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    if (lua_rawget(L, 2) != LUA_TNIL) luaL_error(L, "%s is not allowed in a metatable", name);
    lua_pop(L, 1);
}

static int guarded_setmetatable(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) return luaL_error(L, "cannot change a protected metatable");
    if (lua_istable(L, 2)) {
        if (lk_classify(L, 2) != LK_PLAIN) return luaL_argerror(L, 2, "this table cannot be a metatable");
        refuse_field(L, "__gc");
        refuse_field(L, "__mode");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

/* ---- Raw access ---- */

static int guarded_rawget(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    lua_settop(L, 2);
    switch (lk_classify(L, 1)) {
    case LK_LAZY: return lk_lazy_index(L);
    case LK_FROZEN:
        lk_push_frozen_content(L, 1);
        lua_replace(L, 1);
        break;
    default: break;
    }
    lua_rawget(L, 1);
    return 1;
}

static int guarded_rawset(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 2);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    switch (lk_classify(L, 1)) {
    case LK_LAZY: lk_lazy_newindex(L); break;
    case LK_FROZEN: return luaL_error(L, "this table cannot be changed");
    default: lua_rawset(L, 1);
    }
    lua_settop(L, 1);
    return 1;
}

static int guarded_rawlen(lua_State *L) {
    luaL_argexpected(L, lua_istable(L, 1) || lua_type(L, 1) == LUA_TSTRING, 1, "table or string");
    if (lua_istable(L, 1)) {
        lk_table kind = lk_classify(L, 1);
        if (kind == LK_LAZY) {
            lua_pushinteger(L, lk_lazy_length(L, 1, lk_node_at(L, 1)));
            return 1;
        }
        if (kind == LK_FROZEN) {
            lk_push_frozen_content(L, 1);
            lua_replace(L, 1);
        }
    }
    lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
    return 1;
}

/* ---- Types ---- */

/* With the names at hand, because the stock function looks each up again. */
static int guarded_type(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushvalue(L, lua_upvalueindex(lua_type(L, 1) + 1));
    return 1;
}

static void add_type(lua_State *L) {
    for (int type = 0; type < LUA_NUMTYPES; type++) lua_pushstring(L, lua_typename(L, type));
    lua_pushcclosure(L, guarded_type, LUA_NUMTYPES);
    lua_setfield(L, -2, "type");
}

/* ---- Traversal ---- */

static int guarded_next(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 2);
    switch (lk_classify(L, 1)) {
    case LK_LAZY: return lk_lazy_next(L);
    case LK_FROZEN:
        lk_push_frozen_content(L, 1);
        lua_replace(L, 1);
        break;
    default: break;
    }
    if (lua_next(L, 1)) return 2;
    lua_pushnil(L);
    return 1;
}

static int finish_pairs(lua_State *L, int status, lua_KContext context) {
    (void)L;
    (void)status;
    (void)context;
    return 3;
}

static int guarded_pairs(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    if (lua_istable(L, 1) && lk_classify(L, 1) == LK_LAZY) return lk_lazy_pairs(L);
    if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
        lua_pushvalue(L, 1);
        lua_callk(L, 1, 3, 0, finish_pairs);
        return 3;
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_pushcfunction(L, guarded_next);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

/* ---- Text ---- */

/* Addresses would tell a script where things lie in memory and differ from run to run; numbers do neither. */
void lk_push_identity(lua_State *L, int index) {
    index = lua_absindex(L, index);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_IDENTITIES);
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_rawgeti(L, -1, 0);
        lua_Integer number = lua_tointeger(L, -1) + 1;
        lua_pop(L, 1);
        lua_pushinteger(L, number);
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, 0);
        lua_pushvalue(L, index);
        lua_pushvalue(L, -2);
        lua_rawset(L, -4);
    }
    lua_pushfstring(L, "%s: %I", luaL_typename(L, index), (LUAI_UACINT)lua_tointeger(L, -1));
    lua_replace(L, -3);
    lua_pop(L, 1);
}

const char *lk_tostring(lua_State *L, int index, size_t *length) {
    index = lua_absindex(L, index);
    if (luaL_callmeta(L, index, "__tostring")) {
        if (!lua_isstring(L, -1)) luaL_error(L, "'__tostring' must return a string");
        return lua_tolstring(L, -1, length);
    }
    switch (lua_type(L, index)) {
    case LUA_TNIL:
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
    case LUA_TSTRING: return luaL_tolstring(L, index, length);
    default: break;
    }
    if (lk_is_null(L, index)) {
        lua_pushliteral(L, "null");
    } else {
        lk_push_identity(L, index);
    }
    return lua_tolstring(L, -1, length);
}

static int guarded_tostring(lua_State *L) {
    luaL_checkany(L, 1);
    lk_tostring(L, 1, NULL);
    return 1;
}

static int guarded_collectgarbage(lua_State *L) {
    const char *option = luaL_optstring(L, 1, "collect");
    if (strcmp(option, "count") != 0) return luaL_error(L, "collectgarbage: only \"count\" is available");
    lua_pushnumber(L, (lua_Number)LK_MACHINE(L)->arena.used / 1024);
    return 1;
}

/* ---- Assembly ---- */

static const luaL_Reg guarded[] = {
    {"pcall", guarded_pcall},
    {"xpcall", guarded_xpcall},
    {"setmetatable", guarded_setmetatable},
    {"rawget", guarded_rawget},
    {"rawset", guarded_rawset},
    {"rawlen", guarded_rawlen},
    {"next", guarded_next},
    {"pairs", guarded_pairs},
    {"tostring", guarded_tostring},
    {"collectgarbage", guarded_collectgarbage},
    {NULL, NULL},
};

/* Bounded in time and blind to nothing, so taken as they are. load, loadfile and dofile are left out because
 * scripts come from the host only; print and warn because output is the host's affair. */
static const char *const stock[] = {"assert", "error",  "getmetatable", "ipairs",   "rawequal",
                                    "select", "tonumber", "_VERSION",   NULL};

void lk_open_base(lua_State *L) {
    luaL_setfuncs(L, guarded, 0);
    add_type(L);
    /* The stock library fills the state's global table, which no script ever sees. */
    luaL_requiref(L, LUA_GNAME, luaopen_base, 0);
    for (const char *const *name = stock; *name; name++) {
        lua_getfield(L, -1, *name);
        lua_setfield(L, -3, *name);
    }
    lua_pop(L, 1);
}
