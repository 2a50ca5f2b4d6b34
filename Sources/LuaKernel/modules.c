/* Compiling text, and require. */

#include "internal.h"

#include <stdio.h>

#define PIECE 16384
#define BINARY_MARK '\x1b'

/* ---- Text chunks ---- */

typedef struct source {
    const char *next, *end;
} source;

/* Hands the compiler a piece at a time: between pieces a long source can be stopped. */
static const char *read_piece(lua_State *L, void *context, size_t *size) {
    source *text = context;
    lk_poll(L);
    *size = (size_t)(text->end - text->next) < PIECE ? (size_t)(text->end - text->next) : PIECE;
    const char *piece = text->next;
    text->next += *size;
    return *size ? piece : NULL;
}

/* What editors and shells put before the program. The line break stays, so that lines keep their numbers. */
static void skip_preamble(source *text) {
    if (text->end - text->next >= 3 && memcmp(text->next, "\xef\xbb\xbf", 3) == 0) text->next += 3;
    if (text->next < text->end && *text->next == '#') {
        while (text->next < text->end && *text->next != '\n') text->next++;
    }
}

void lk_load_text(lua_State *L, const char *path, const char *text, size_t length) {
    lk_machine *machine = LK_MACHINE(L);
    source reader = {text, text + length};
    skip_preamble(&reader);
    snprintf(machine->loading_path, sizeof machine->loading_path, "%s", path);
    /* Lua does not check binary chunks: a damaged one takes the process down. */
    if (reader.next < reader.end && *reader.next == BINARY_MARK) {
        lua_pushfstring(L, "binary chunk refused: %s", path);
        lk_raise_as(L, LK_BINARY_CHUNK);
    }
    lua_pushfstring(L, "@%s", path);
    int status = lua_load(L, read_piece, &reader, lua_tostring(L, -1), "t");
    lua_remove(L, -2);
    if (status == LUA_OK) return;
    lk_poll(L);
    if (status == LUA_ERRSYNTAX) lk_raise_as(L, LK_SYNTAX);
    lua_error(L);
}

/* ---- require ---- */

/* Stands in the table of loaded modules while one is loading; no script can have it as a value. */
static const char loading_mark = 0;
/* There, the names of those that are loading, in order. */
static const char chain_key = 0;

static void push_chain(lua_State *L) {
    if (lua_rawgetp(L, -1, &chain_key) != LUA_TNIL) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, &chain_key);
}

static int raise_cycle(lua_State *L, const char *name) {
    push_chain(L);
    int chain = lua_gettop(L);
    lua_Integer count = (lua_Integer)lua_rawlen(L, chain);
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, chain, i);
        luaL_addvalue(&text);
        luaL_addstring(&text, " -> ");
    }
    luaL_addstring(&text, name);
    luaL_pushresult(&text);
    return luaL_error(L, "modules require one another: %s", lua_tostring(L, -1));
}

/* Runs when a module was left, by its end or by an error. The value being closed holds its name. */
static int leave_module(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LOADED);
    lua_getfield(L, 1, "name");
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_touserdata(L, -1) == (void *)&loading_mark) {
        lua_pushvalue(L, -2);
        lua_pushnil(L);
        lua_rawset(L, -5);
    }
    lua_pop(L, 2);
    push_chain(L);
    lua_pushnil(L);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2));
    return 0;
}

static void enter_module(lua_State *L, int loaded) {
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, (void *)&loading_mark);
    lua_rawset(L, loaded);
    lua_pushvalue(L, loaded);
    push_chain(L);
    lua_pushvalue(L, 1);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_pop(L, 2);
    lua_createtable(L, 0, 1);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "name");
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, leave_module);
    lua_setfield(L, -2, "__close");
    lua_setmetatable(L, -2);
    lua_toclose(L, -1);
}

static void push_module(lua_State *L, const char *name) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_MODULES);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, -2) == LUA_TNIL) luaL_error(L, "module '%s' not found", name);
    size_t length;
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    const char *path = lua_tostring(L, -2), *text = lua_tolstring(L, -1, &length);
    lk_load_text(L, path, text, length);
}

static int require(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LOADED);
    int loaded = lua_gettop(L);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, loaded) != LUA_TNIL) {
        if (lua_touserdata(L, -1) != (void *)&loading_mark) return 1;
        lua_pop(L, 1);
        return raise_cycle(L, name);
    }
    enter_module(L, loaded);
    push_module(L, name);
    lk_push_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, loaded);
    return 1;
}

void lk_open_modules(lua_State *L) {
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_MODULES);
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_LOADED);
    lua_pushcfunction(L, require);
    lua_setfield(L, -2, "require");
}
