/* From Lua values to JSON text. Whatever a script did not touch is copied from the document, byte for byte. */

#include "emit.h"

#include <math.h>

/* ---- Failing ---- */

static void push_path(const lk_emitter *e) {
    lua_State *L = e->L;
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addchar(&text, '$');
    for (int i = 0; i < e->depth && i < 64; i++) {
        const lk_step *at = &e->path[i];
        if (at->key) {
            luaL_addchar(&text, '.');
            luaL_addlstring(&text, at->key, at->length < 200 ? at->length : 200);
        } else if (at->index > 0) {
            lua_pushfstring(L, "[%I]", (LUAI_UACINT)at->index);
            luaL_addvalue(&text);
        }
    }
    luaL_pushresult(&text);
}

/* `format` gets what cannot be written, and where. */
_Noreturn static void fail(const lk_emitter *e, const char *format, const char *what) {
    lua_State *L = e->L;
    luaL_checkstack(L, 8, NULL);
    push_path(e);
    const char *path = lua_tostring(L, -1);
    if (e->document < 0) luaL_error(L, format, what, path);
    e->machine->document = e->document;
    lua_pushfstring(L, format, what, path);
    lk_raise_as(L, LK_INVALID_DOCUMENT);
}

void lk_emit_fail(const lk_emitter *e, const char *what) { fail(e, "cannot write %s at %s", what); }

/* ---- Bytes ---- */

static void put_text(const lk_emitter *e, const char *bytes, size_t length) {
    if (!lk_put_string(e->L, e->out, bytes, length)) lk_emit_fail(e, "a string that is not UTF-8");
}

/* ---- Containers ---- */

void lk_emit_enter(lk_emitter *e, const void *container) {
    luaL_checkstack(e->L, 12, "nested too deeply");
    for (int i = 0; i < e->depth; i++) {
        if (e->path[i].container == container) lk_emit_fail(e, "a table that contains itself");
    }
    if (e->depth == LK_MAXIMUM_DEPTH) lk_emit_fail(e, "a table nested so deeply");
    e->path[e->depth++] = (lk_step){container, NULL, 0, 0};
}

lk_step *lk_emit_step(lk_emitter *e) { return &e->path[e->depth - 1]; }

/* Writes `"key":` and remembers where we are. */
void lk_emit_key(lk_emitter *e, bool first, const char *key, size_t length) {
    if (!first) lk_emit_byte(e, ',');
    lk_emit_step(e)->key = key;
    lk_emit_step(e)->length = length;
    put_text(e, key, length);
    lk_emit_byte(e, ':');
}

/* Takes the value on top. */
static void put_element(lk_emitter *e, lua_Integer index, bool first) {
    if (!first) lk_emit_byte(e, ',');
    lk_emit_step(e)->index = index;
    lk_emit_value(e, lua_gettop(e->L), false);
    lua_pop(e->L, 1);
}

static void emit_plain_array(lk_emitter *e, int table, size_t count) {
    lk_emit_byte(e, '[');
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(e->L, table, (lua_Integer)i);
        put_element(e, (lua_Integer)i, i == 1);
    }
    lk_emit_byte(e, ']');
}

/* In byte order of the keys, because Lua's own order differs from run to run. */
static void emit_plain_object(lk_emitter *e, int table, size_t count) {
    lua_State *L = e->L;
    const lk_key *keys = lk_push_sorted_keys(L, table, count);
    lk_emit_byte(e, '{');
    for (size_t i = 0; i < count; i++) {
        lk_emit_key(e, i == 0, keys[i].bytes, keys[i].length);
        lua_pushlstring(L, keys[i].bytes, keys[i].length);
        lua_rawget(L, table);
        lk_emit_value(e, lua_gettop(L), false);
        lua_pop(L, 1);
    }
    lk_emit_byte(e, '}');
}

static void emit_plain(lk_emitter *e, int table, lk_table kind, bool empty_is_array) {
    lk_emit_enter(e, lua_topointer(e->L, table));
    lk_shape shape = lk_find_shape(e->L, table, kind, empty_is_array);
    if (shape.refusal) {
        lua_pushfstring(e->L, "a table (%s)", shape.refusal);
        lk_emit_fail(e, lua_tostring(e->L, -1));
    }
    (shape.is_array ? emit_plain_array : emit_plain_object)(e, table, shape.count);
    e->depth--;
}

static void emit_table(lk_emitter *e, int index, bool empty_is_array) {
    lk_table kind = lk_classify(e->L, index);
    if (kind == LK_LAZY) {
        lk_emit_lazy(e, index);
    } else if (kind == LK_FROZEN) {
        luaL_checkstack(e->L, 4, NULL);
        lk_push_frozen_content(e->L, index);
        int content = lua_gettop(e->L);
        emit_plain(e, content, lk_classify(e->L, content), empty_is_array);
        lua_settop(e->L, content - 1);
    } else {
        int top = lua_gettop(e->L);
        emit_plain(e, index, kind, empty_is_array);
        lua_settop(e->L, top);
    }
}

/* ---- Any value ---- */

static void emit_number(lk_emitter *e, int index) {
    if (lua_isinteger(e->L, index)) {
        lk_put_integer(e->L, e->out, lua_tointeger(e->L, index));
        return;
    }
    lua_Number value = lua_tonumber(e->L, index);
    if (!isfinite(value)) lk_emit_fail(e, "a number that is not finite");
    lk_put_number(e->L, e->out, value);
}

void lk_emit_value(lk_emitter *e, int index, bool empty_is_array) {
    lua_State *L = e->L;
    size_t length;
    lk_poll(L);
    switch (lua_type(L, index)) {
    case LUA_TNIL: lk_emit_bytes(e, "null", 4); return;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, index)) {
            lk_emit_bytes(e, "true", 4);
        } else {
            lk_emit_bytes(e, "false", 5);
        }
        return;
    case LUA_TNUMBER: emit_number(e, index); return;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, index, &length);
        put_text(e, text, length);
        return;
    }
    case LUA_TTABLE: emit_table(e, index, empty_is_array); return;
    case LUA_TFUNCTION: lk_emit_fail(e, "a function"); return;
    case LUA_TTHREAD: lk_emit_fail(e, "a coroutine"); return;
    default: break;
    }
    if (lk_is_secret(L, index)) fail(e, "%s cannot be written into JSON, at %s", "a secret");
    if (!lk_is_null(L, index)) lk_emit_fail(e, "a userdata");
    lk_emit_bytes(e, "null", 4);
}

void lk_write_json(lua_State *L, int index, lk_buffer *buffer, int64_t document) {
    lk_emitter e;
    e.L = L;
    e.machine = LK_MACHINE(L);
    e.out = buffer;
    e.document = document;
    e.depth = 0;
    luaL_checkstack(L, 8, NULL);
    int value = lua_absindex(L, index);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HELD);
    e.held = lua_gettop(L);
    lk_emit_value(&e, value, false);
    lua_pop(L, 1);
}
