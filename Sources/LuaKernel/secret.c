/* Secrets: values that a script may pass on and not read.
 *
 * The bytes lie in a userdata without any function that gives them away. Joining makes a new secret, so a header such
 * as "Bearer " .. token stays one; everything else that could tell a secret's content, bit by bit, is an error. */

#include "internal.h"

#define LONGEST_SECRET 65536

bool lk_is_secret(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
    bool is_secret = lua_topointer(L, -1) == LK_MACHINE(L)->secret_metatable;
    lua_pop(L, 1);
    return is_secret;
}

const char *lk_secret_bytes(lua_State *L, int index, size_t *length) {
    *length = lua_rawlen(L, index);
    return lua_touserdata(L, index);
}

/* Pushes a secret of `length` bytes and gives the place for them. */
static char *push_new(lua_State *L, size_t length) {
    if (length > LONGEST_SECRET) luaL_error(L, "a secret cannot be longer than %d bytes", LONGEST_SECRET);
    luaL_checkstack(L, 4, NULL);
    char *bytes = lua_newuserdatauv(L, length, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_SECRET);
    lua_setmetatable(L, -2);
    return bytes;
}

void lk_push_secret(lua_State *L, const void *bytes, size_t length) {
    char *place = push_new(L, length);
    if (length) memcpy(place, bytes, length);
}

/* A part of a concatenation: a secret, a string or a number, which becomes a string. */
static const char *part(lua_State *L, int index, size_t *length) {
    if (lk_is_secret(L, index)) return lk_secret_bytes(L, index, length);
    if (lua_isstring(L, index)) return lua_tolstring(L, index, length);
    luaL_error(L, "attempt to join a secret with a %s value", luaL_typename(L, index));
    return NULL;
}

static int secret_concat(lua_State *L) {
    size_t first_length, second_length;
    lua_settop(L, 2);
    const char *first = part(L, 1, &first_length), *second = part(L, 2, &second_length);
    if (second_length > LONGEST_SECRET || first_length > LONGEST_SECRET) first_length = LONGEST_SECRET + 1;
    char *joined = push_new(L, first_length + second_length);
    memcpy(joined, first, first_length);
    memcpy(joined + first_length, second, second_length);
    return 1;
}

static int secret_tostring(lua_State *L) {
    lua_pushliteral(L, "***");
    return 1;
}

static int refuse_index(lua_State *L) { return luaL_error(L, "a secret has no fields and no methods"); }
static int refuse_change(lua_State *L) { return luaL_error(L, "a secret cannot be changed"); }
static int refuse_length(lua_State *L) { return luaL_error(L, "the length of a secret cannot be read"); }
static int refuse_order(lua_State *L) { return luaL_error(L, "a secret cannot be compared by order"); }
static int refuse_call(lua_State *L) { return luaL_error(L, "a secret cannot be called"); }
static int refuse_arithmetic(lua_State *L) { return luaL_error(L, "a secret is no number"); }

static const luaL_Reg metamethods[] = {
    {"__tostring", secret_tostring}, {"__concat", secret_concat},   {"__index", refuse_index},
    {"__newindex", refuse_change},   {"__len", refuse_length},      {"__lt", refuse_order},
    {"__le", refuse_order},          {"__call", refuse_call},       {"__pairs", refuse_index},
    {"__add", refuse_arithmetic},    {"__sub", refuse_arithmetic},  {"__mul", refuse_arithmetic},
    {"__div", refuse_arithmetic},    {"__mod", refuse_arithmetic},  {"__pow", refuse_arithmetic},
    {"__unm", refuse_arithmetic},    {"__idiv", refuse_arithmetic}, {"__band", refuse_arithmetic},
    {"__bor", refuse_arithmetic},    {"__bxor", refuse_arithmetic}, {"__bnot", refuse_arithmetic},
    {"__shl", refuse_arithmetic},    {"__shr", refuse_arithmetic},  {NULL, NULL},
};

void lk_open_secrets(lua_State *L) {
    luaL_newlib(L, metamethods);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    /* What messages of the stock library call it. */
    lua_pushliteral(L, "secret");
    lua_setfield(L, -2, "__name");
    LK_MACHINE(L)->secret_metatable = lua_topointer(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_SECRET);
}
