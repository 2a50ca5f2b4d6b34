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

/* As lk_push_child, but with the held values at hand. */
static void push_written(const lk_emitter *e, lk_node *node, uint32_t ordinal) {
    if (node->children[ordinal].flags & LK_HELD) {
        lua_rawgeti(e->L, e->held, node->held + ordinal);
    } else {
        lk_push_child(e->L, node, ordinal);
    }
}

/* A member or element that was assigned, or in which something changed. */
static void emit_held(lk_emitter *e, lk_node *node, uint32_t ordinal, run *pending) {
    const jk_child *child = &node->children[ordinal];
    flush(e, pending);
    if (!pending->first) lk_emit_byte(e, ',');
    pending->first = false;
    if (node->kind == LK_KIND_OBJECT) {
        lk_emit_step(e)->key = (const char *)pending->bytes + child->key_start;
        lk_emit_step(e)->length = child->key_end - child->key_start;
        lk_emit_bytes(e, pending->bytes + child->key_start - 1, lk_emit_step(e)->length + 2);
        lk_emit_byte(e, ':');
    }
    push_written(e, node, ordinal);
    lk_emit_value(e, lua_gettop(e->L), child->kind == JK_ARRAY);
    lua_pop(e->L, 1);
}

/* The children of the document's container, in its order. */
static void emit_children(lk_emitter *e, lk_node *node, run *pending) {
    bool is_object = node->kind == LK_KIND_OBJECT;
    for (uint32_t i = 0; i < node->count; i++) {
        const jk_child *child = &node->children[i];
        if (child->flags & (JK_FLAG_SHADOWED | LK_DELETED)) {
            flush(e, pending);
        } else if (child->flags & (LK_ASSIGNED | LK_TOUCHED)) {
            lk_emit_step(e)->index = (lua_Integer)i + 1;
            emit_held(e, node, i, pending);
        } else {
            if (pending->start == pending->end) pending->start = is_object ? child->key_start - 1 : child->start;
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

static void emit_lazy_object(lk_emitter *e, int table, lk_node *node) {
    run pending = {e->machine->documents[node->document].bytes, 0, 0, true};
    lk_emit_byte(e, '{');
    emit_children(e, node, &pending);
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
    uint32_t ordinal = (uint32_t)lua_tointeger(L, -1);
    lua_pop(L, 2);
    if (!found) return false;
    const jk_child *spelled = &node->children[ordinal];
    const uint8_t *bytes = e->machine->documents[node->document].bytes;
    lk_emit_bytes(e, bytes + spelled->start, spelled->end - spelled->start);
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
    emit_children(e, node, &pending);
    lk_emit_byte(e, ']');
}

/* How deep a container of a document is nested, itself included. */
static int nesting(const uint8_t *at, const uint8_t *end) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (; at < end; at++) {
        if (in_string) {
            if (*at == '\\') at++;
            else if (*at == '"') in_string = false;
        } else if (*at == '"') {
            in_string = true;
        } else if (*at == '{' || *at == '[') {
            if (++depth > deepest) deepest = depth;
        } else if (*at == '}' || *at == ']') {
            depth--;
        }
    }
    return deepest;
}

/* A container in which nothing changed. It may have been moved to where it is nested deeper than it was. */
static void emit_unchanged(lk_emitter *e, const lk_node *node) {
    const uint8_t *bytes = e->machine->documents[node->document].bytes;
    uint32_t length = node->end - node->start;
    bool may_be_deep = e->depth > 0 && length / 2 > (uint32_t)(LK_MAXIMUM_DEPTH - e->depth);
    if (may_be_deep && e->depth + nesting(bytes + node->start, bytes + node->end) > LK_MAXIMUM_DEPTH) {
        lk_emit_fail(e, "a table nested so deeply");
    }
    lk_emit_bytes(e, bytes + node->start, length);
}

void lk_emit_lazy(lk_emitter *e, int table) {
    lk_node *node = lk_node_at(e->L, table);
    if (node->kind == LK_KIND_CONTEXT) lk_emit_fail(e, "the context");
    if (node->kind <= LK_KIND_ARRAY && !node->changed) {
        emit_unchanged(e, node);
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

/* Whether a member that was written has the string again that stands in the document. */
static bool holds_its_token(lua_State *L, lk_node *node, uint32_t ordinal) {
    const jk_child *child = &node->children[ordinal];
    bool is_plain = child->kind == JK_STRING && !(child->flags & JK_FLAG_ESCAPED) && child->note == 0;
    if (!is_plain || !(child->flags & LK_HELD)) return false;
    const uint8_t *token = LK_MACHINE(L)->documents[node->document].bytes + child->start + 1;
    size_t length, own = child->end - child->start - 2;
    lk_push_child(L, node, ordinal);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;
    bool holds = text && length == own && memcmp(text, token, own) == 0;
    lua_pop(L, 1);
    return holds;
}

/* Whether the member that identifies the document at `table` may not be what it was. Says so too often rather than
 * too seldom. */
static bool may_change_key(lua_State *L, lk_machine *machine, int table, lk_node *root) {
    const char *key = (const char *)machine->invocation->key;
    size_t length = machine->invocation->key_length;
    const lk_document *document = &machine->documents[root->document];
    for (uint32_t i = 0; i < root->count; i++) {
        const jk_child *child = &root->children[i];
        bool is_written = child->flags & (LK_DELETED | LK_ASSIGNED | LK_TOUCHED);
        if (!is_written || !lk_key_equals(machine, document, child, key, length)) continue;
        return !holds_its_token(L, root, i);
    }
    if (root->added == 0) return false;
    lua_pushlstring(L, key, length);
    bool is_added = lua_rawget(L, table) != LUA_TNIL;
    lua_pop(L, 1);
    return is_added;
}

static const lk_change no_change = {0, 0, 0, 0};

static lk_change write_document(lua_State *L, lk_machine *machine, size_t number) {
    const lk_document *document = &machine->documents[number];
    size_t start = machine->output.length;
    if (!document->root || !document->root->changed) return no_change;
    lk_push_document(L, (uint32_t)number);
    int table = lua_gettop(L);
    lk_write_json(L, table, &machine->output, (int64_t)number);
    bool may_change = machine->invocation->key && may_change_key(L, machine, table, document->root);
    lua_pop(L, 1);
    size_t length = machine->output.length - start;
    /* Assigning what was there already is no change. */
    if (length == document->length && memcmp(machine->output.bytes + start, document->bytes, length) == 0) {
        machine->output.length = start;
        return no_change;
    }
    return (lk_change){1, may_change, start, length};
}

void lk_write_changes(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    machine->output.length = 0;
    for (size_t i = 0; i < machine->document_count; i++) machine->changes[i] = write_document(L, machine, i);
    machine->list_changed = lk_list_was_changed(L);
}
