/* From Lua values to JSON text. Whatever a script did not touch is copied from the document, byte for byte. */

#include "internal.h"

#include <math.h>

typedef struct step {
    const void *container; /* to notice one that contains itself */
    const char *key;       /* of the child being written; NULL in an array */
    size_t length;
    lua_Integer index;
} step;

typedef struct emitter {
    lua_State *L;
    lk_machine *machine;
    lk_buffer *out;
    int64_t document;
    int depth;
    step path[LK_MAXIMUM_DEPTH];
} emitter;

/* ---- Failing ---- */

static void push_path(const emitter *e) {
    lua_State *L = e->L;
    luaL_Buffer text;
    luaL_buffinit(L, &text);
    luaL_addchar(&text, '$');
    for (int i = 0; i < e->depth && i < 64; i++) {
        const step *at = &e->path[i];
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

static void fail(const emitter *e, const char *what) {
    lua_State *L = e->L;
    luaL_checkstack(L, 8, NULL);
    push_path(e);
    const char *path = lua_tostring(L, -1);
    if (e->document < 0) luaL_error(L, "cannot write %s at %s", what, path);
    e->machine->document = e->document;
    lua_pushfstring(L, "cannot write %s at %s", what, path);
    lk_raise_as(L, LK_INVALID_DOCUMENT);
}

/* ---- Bytes ---- */

static void put(const emitter *e, const void *bytes, size_t count) { lk_put_bytes(e->L, e->out, bytes, count); }

static void put_byte(const emitter *e, char byte) { put(e, &byte, 1); }

static void put_text(const emitter *e, const char *bytes, size_t length) {
    if (!lk_put_string(e->L, e->out, bytes, length)) fail(e, "a string that is not UTF-8");
}

/* ---- Containers ---- */

static void emit_value(emitter *e, int index, bool empty_is_array);

static void enter(emitter *e, const void *container) {
    lk_poll(e->L);
    luaL_checkstack(e->L, 12, "nested too deeply");
    for (int i = 0; i < e->depth; i++) {
        if (e->path[i].container == container) fail(e, "a table that contains itself");
    }
    if (e->depth == LK_MAXIMUM_DEPTH) fail(e, "a table nested so deeply");
    e->path[e->depth++] = (step){container, NULL, 0, 0};
}

static step *here(emitter *e) { return &e->path[e->depth - 1]; }

/* Writes `"key":` and remembers where we are. */
static void put_key(emitter *e, bool first, const char *key, size_t length) {
    if (!first) put_byte(e, ',');
    here(e)->key = key;
    here(e)->length = length;
    put_text(e, key, length);
    put_byte(e, ':');
}

/* Takes the value on top. */
static void put_element(emitter *e, lua_Integer index, bool first) {
    if (!first) put_byte(e, ',');
    here(e)->index = index;
    emit_value(e, lua_gettop(e->L), false);
    lua_pop(e->L, 1);
}

static void emit_plain_array(emitter *e, int table, size_t count) {
    put_byte(e, '[');
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(e->L, table, (lua_Integer)i);
        put_element(e, (lua_Integer)i, i == 1);
    }
    put_byte(e, ']');
}

/* In byte order of the keys, because Lua's own order differs from run to run. */
static void emit_plain_object(emitter *e, int table, size_t count) {
    lua_State *L = e->L;
    const lk_key *keys = lk_push_sorted_keys(L, table, count);
    put_byte(e, '{');
    for (size_t i = 0; i < count; i++) {
        put_key(e, i == 0, keys[i].bytes, keys[i].length);
        lua_pushlstring(L, keys[i].bytes, keys[i].length);
        lua_rawget(L, table);
        emit_value(e, lua_gettop(L), false);
        lua_pop(L, 1);
    }
    put_byte(e, '}');
}

static void emit_plain(emitter *e, int table, lk_table kind, bool empty_is_array) {
    enter(e, lua_topointer(e->L, table));
    lk_shape shape = lk_find_shape(e->L, table, kind, empty_is_array);
    if (shape.refusal) {
        lua_pushfstring(e->L, "a table (%s)", shape.refusal);
        fail(e, lua_tostring(e->L, -1));
    }
    (shape.is_array ? emit_plain_array : emit_plain_object)(e, table, shape.count);
    e->depth--;
}

/* ---- Lazy containers ---- */

static void emit_lazy(emitter *e, int table);

/* Members that are copied together, with the bytes between them. */
typedef struct run {
    const uint8_t *bytes;
    uint32_t start, end; /* empty when equal */
    bool first;          /* nothing was written yet */
} run;

static void flush(emitter *e, run *pending) {
    if (pending->start == pending->end) return;
    if (!pending->first) put_byte(e, ',');
    put(e, pending->bytes + pending->start, pending->end - pending->start);
    pending->start = pending->end = 0;
    pending->first = false;
}

/* A member or element that was assigned, or in which something changed. */
static void emit_held(emitter *e, int table, uint32_t json, const jk_node *child, run *pending) {
    flush(e, pending);
    if (!pending->first) put_byte(e, ',');
    pending->first = false;
    if (child->key_end || child->key_start) {
        here(e)->key = (const char *)pending->bytes + child->key_start;
        here(e)->length = child->key_end - child->key_start;
        put(e, pending->bytes + child->key_start - 1, here(e)->length + 2);
        put_byte(e, ':');
    }
    lua_rawgetp(e->L, table, lk_hidden(json));
    emit_value(e, lua_gettop(e->L), child->kind == JK_ARRAY);
    lua_pop(e->L, 1);
}

/* The children of the document's container, in its order. */
static void emit_children(emitter *e, int table, const lk_node *node, run *pending) {
    const jk_node *nodes = e->machine->documents[node->document].nodes;
    lua_Integer ordinal = 0;
    for (uint32_t json = node->json + 1; json < nodes[node->json].next; json = nodes[json].next) {
        const jk_node *child = &nodes[json];
        here(e)->index = ++ordinal;
        if (child->flags & (JK_FLAG_SHADOWED | LK_DELETED)) {
            flush(e, pending);
        } else if (child->flags & (LK_ASSIGNED | LK_TOUCHED)) {
            emit_held(e, table, json, child, pending);
        } else {
            bool is_member = child->key_end || child->key_start;
            if (pending->start == pending->end) pending->start = is_member ? child->key_start - 1 : child->start;
            pending->end = child->end;
        }
    }
    flush(e, pending);
}

static void emit_added(emitter *e, int table, const lk_node *node, run *pending) {
    lua_State *L = e->L;
    lua_rawgetp(L, table, &lk_key_order);
    for (uint32_t i = 1; i <= node->added; i++) {
        size_t length;
        lua_rawgeti(L, -1, i);
        const char *key = lua_tolstring(L, -1, &length);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, table) != LUA_TNIL) {
            put_key(e, pending->first, key, length);
            pending->first = false;
            emit_value(e, lua_gettop(L), false);
        }
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

static void emit_lazy_object(emitter *e, int table, const lk_node *node) {
    run pending = {e->machine->documents[node->document].bytes, 0, 0, true};
    put_byte(e, '{');
    emit_children(e, table, node, &pending);
    if (node->added > 0) emit_added(e, table, node, &pending);
    put_byte(e, '}');
}

/* Copies the document's bytes when the value on top is spelled there in a way we would not choose. */
static bool put_spelling(emitter *e, int table, const lk_node *node) {
    lua_State *L = e->L;
    bool is_float = lua_type(L, -1) == LUA_TNUMBER && !lua_isinteger(L, -1);
    if (!is_float && lua_type(L, -1) != LUA_TSTRING) return false;
    if (is_float && (isnan(lua_tonumber(L, -1)) || lua_tonumber(L, -1) == 0)) return false;
    if (lua_rawgetp(L, table, &lk_key_spellings) == LUA_TNIL) {
        lua_pop(L, 1);
        return false;
    }
    lua_pushvalue(L, -2);
    bool found = lua_rawget(L, -2) != LUA_TNIL;
    uint32_t json = (uint32_t)lua_tointeger(L, -1);
    lua_pop(L, 2);
    if (!found) return false;
    const lk_document *document = &e->machine->documents[node->document];
    put(e, document->bytes + document->nodes[json].start, document->nodes[json].end - document->nodes[json].start);
    return true;
}

static void emit_filled_array(emitter *e, int table, lk_node *node) {
    lua_Integer length = lk_lazy_length(e->L, table, node);
    put_byte(e, '[');
    for (lua_Integer i = 1; i <= length; i++) {
        if (i > 1) put_byte(e, ',');
        here(e)->index = i;
        lua_rawgeti(e->L, table, i);
        if (!put_spelling(e, table, node)) emit_value(e, lua_gettop(e->L), false);
        lua_pop(e->L, 1);
    }
    put_byte(e, ']');
}

static void emit_lazy_array(emitter *e, int table, lk_node *node) {
    if (node->filled) {
        emit_filled_array(e, table, node);
        return;
    }
    run pending = {e->machine->documents[node->document].bytes, 0, 0, true};
    put_byte(e, '[');
    emit_children(e, table, node, &pending);
    put_byte(e, ']');
}

static void emit_lazy(emitter *e, int table) {
    lk_node *node = lk_node_at(e->L, table);
    if (node->kind == LK_KIND_CONTEXT) fail(e, "the context");
    if (node->kind <= LK_KIND_ARRAY && !node->changed) {
        const lk_document *document = &e->machine->documents[node->document];
        const jk_node *json = &document->nodes[node->json];
        put(e, document->bytes + json->start, json->end - json->start);
        return;
    }
    enter(e, node);
    if (node->kind == LK_KIND_OBJECT) {
        emit_lazy_object(e, table, node);
    } else {
        emit_lazy_array(e, table, node);
    }
    e->depth--;
}

static void emit_table(emitter *e, int index, bool empty_is_array) {
    lk_table kind = lk_classify(e->L, index);
    if (kind == LK_LAZY) {
        emit_lazy(e, index);
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

static void emit_number(emitter *e, int index) {
    if (lua_isinteger(e->L, index)) {
        lk_put_integer(e->L, e->out, lua_tointeger(e->L, index));
        return;
    }
    lua_Number value = lua_tonumber(e->L, index);
    if (!isfinite(value)) fail(e, "a number that is not finite");
    lk_put_number(e->L, e->out, value);
}

static void emit_value(emitter *e, int index, bool empty_is_array) {
    lua_State *L = e->L;
    size_t length;
    switch (lua_type(L, index)) {
    case LUA_TNIL: put(e, "null", 4); return;
    case LUA_TBOOLEAN:
        if (lua_toboolean(L, index)) {
            put(e, "true", 4);
        } else {
            put(e, "false", 5);
        }
        return;
    case LUA_TNUMBER: emit_number(e, index); return;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, index, &length);
        put_text(e, text, length);
        return;
    }
    case LUA_TTABLE: emit_table(e, index, empty_is_array); return;
    case LUA_TFUNCTION: fail(e, "a function"); return;
    case LUA_TTHREAD: fail(e, "a coroutine"); return;
    default: break;
    }
    if (!lk_is_null(L, index)) fail(e, "a userdata");
    put(e, "null", 4);
}

void lk_write_json(lua_State *L, int index, lk_buffer *buffer, int64_t document) {
    emitter e;
    e.L = L;
    e.machine = LK_MACHINE(L);
    e.out = buffer;
    e.document = document;
    e.depth = 0;
    luaL_checkstack(L, 8, NULL);
    emit_value(&e, lua_absindex(L, index), false);
}

/* ---- The documents of a call ---- */

static lk_change write_document(lua_State *L, lk_machine *machine, size_t number) {
    const lk_document *document = &machine->documents[number];
    size_t start = machine->output.length;
    if (document->root == LK_NONE || !machine->nodes[document->root]->changed) return (lk_change){0, 0, 0};
    lk_push_document(L, (uint32_t)number);
    lk_write_json(L, -1, &machine->output, (int64_t)number);
    lua_pop(L, 1);
    size_t length = machine->output.length - start;
    /* Assigning what was there already is no change. */
    if (length == document->length && memcmp(machine->output.bytes + start, document->bytes, length) == 0) {
        machine->output.length = start;
        return (lk_change){0, 0, 0};
    }
    return (lk_change){1, start, length};
}

void lk_write_changes(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    machine->output.length = 0;
    for (size_t i = 0; i < machine->document_count; i++) machine->changes[i] = write_document(L, machine, i);
    machine->list_changed = lk_list_was_changed(L);
}
