/* From lazy tables to JSON text: what did not change is copied from the document in runs as long as possible. */

#include "emit.h"

#include <math.h>

/* Members that are copied together, with the bytes between them. */
typedef struct run {
    const uint8_t *bytes;
    uint32_t start, end; /* empty when equal */
    bool first;          /* nothing was written yet */
} run;

static void flush(lk_emitter *e, run *pending) {
    if (pending->start == pending->end) return;
    if (!pending->first) lk_emit_byte(e, ',');
    lk_emit_bytes(e, pending->bytes + pending->start, pending->end - pending->start);
    pending->start = pending->end = 0;
    pending->first = false;
}

/* A member or element that was assigned, or in which something changed. */
static void emit_held(lk_emitter *e, int table, uint32_t json, const jk_node *child, run *pending) {
    flush(e, pending);
    if (!pending->first) lk_emit_byte(e, ',');
    pending->first = false;
    if (child->key_end || child->key_start) {
        lk_emit_step(e)->key = (const char *)pending->bytes + child->key_start;
        lk_emit_step(e)->length = child->key_end - child->key_start;
        lk_emit_bytes(e, pending->bytes + child->key_start - 1, lk_emit_step(e)->length + 2);
        lk_emit_byte(e, ':');
    }
    lua_rawgetp(e->L, table, lk_hidden(json));
    lk_emit_value(e, lua_gettop(e->L), child->kind == JK_ARRAY);
    lua_pop(e->L, 1);
}

/* The children of the document's container, in its order. */
static void emit_children(lk_emitter *e, int table, const lk_node *node, run *pending) {
    const jk_node *nodes = e->machine->documents[node->document].nodes;
    lua_Integer ordinal = 0;
    for (uint32_t json = node->json + 1; json < nodes[node->json].next; json = nodes[json].next) {
        const jk_node *child = &nodes[json];
        lk_emit_step(e)->index = ++ordinal;
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

static void emit_added(lk_emitter *e, int table, const lk_node *node, run *pending) {
    lua_State *L = e->L;
    lua_rawgetp(L, table, &lk_key_order);
    for (uint32_t i = 1; i <= node->added; i++) {
        size_t length;
        lua_rawgeti(L, -1, i);
        const char *key = lua_tolstring(L, -1, &length);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, table) != LUA_TNIL) {
            lk_emit_key(e, pending->first, key, length);
            pending->first = false;
            lk_emit_value(e, lua_gettop(L), false);
        }
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

static void emit_lazy_object(lk_emitter *e, int table, const lk_node *node) {
    run pending = {e->machine->documents[node->document].bytes, 0, 0, true};
    lk_emit_byte(e, '{');
    emit_children(e, table, node, &pending);
    if (node->added > 0) emit_added(e, table, node, &pending);
    lk_emit_byte(e, '}');
}

/* Copies the document's bytes when the value on top is spelled there in a way we would not choose. */
static bool put_spelling(lk_emitter *e, int table, const lk_node *node) {
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
    const jk_node *spelled = &document->nodes[json];
    lk_emit_bytes(e, document->bytes + spelled->start, spelled->end - spelled->start);
    return true;
}

static void emit_filled_array(lk_emitter *e, int table, lk_node *node) {
    lua_Integer length = lk_lazy_length(e->L, table, node);
    lk_emit_byte(e, '[');
    for (lua_Integer i = 1; i <= length; i++) {
        if (i > 1) lk_emit_byte(e, ',');
        lk_emit_step(e)->index = i;
        lua_rawgeti(e->L, table, i);
        if (!put_spelling(e, table, node)) lk_emit_value(e, lua_gettop(e->L), false);
        lua_pop(e->L, 1);
    }
    lk_emit_byte(e, ']');
}

static void emit_lazy_array(lk_emitter *e, int table, lk_node *node) {
    if (node->filled) {
        emit_filled_array(e, table, node);
        return;
    }
    run pending = {e->machine->documents[node->document].bytes, 0, 0, true};
    lk_emit_byte(e, '[');
    emit_children(e, table, node, &pending);
    lk_emit_byte(e, ']');
}

void lk_emit_lazy(lk_emitter *e, int table) {
    lk_node *node = lk_node_at(e->L, table);
    if (node->kind == LK_KIND_CONTEXT) lk_emit_fail(e, "the context");
    if (node->kind <= LK_KIND_ARRAY && !node->changed) {
        const lk_document *document = &e->machine->documents[node->document];
        const jk_node *json = &document->nodes[node->json];
        lk_emit_bytes(e, document->bytes + json->start, json->end - json->start);
        return;
    }
    lk_emit_enter(e, node);
    if (node->kind == LK_KIND_OBJECT) {
        emit_lazy_object(e, table, node);
    } else {
        emit_lazy_array(e, table, node);
    }
    e->depth--;
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
