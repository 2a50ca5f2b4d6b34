/* Lazy tables: reading.
 *
 * A lazy table is an empty Lua table with a shared metatable. Under keys that no script can name it holds the
 * number of its lk_node and, per member, whatever the document's bytes do not tell: a child that was read before
 * (so that a.x == a.x) or a value that was assigned. Everything else is decoded from the bytes at each read. */

#include "internal.h"

#include <stdlib.h>

const char lk_key_node = 0, lk_key_order = 0, lk_key_spellings = 0;
const char lk_null_value = 0;

/* ---- Nodes ---- */

void lk_raise_stale(lua_State *L) {
    luaL_error(L, "this value belongs to a call that has ended");
    __builtin_unreachable();
}

static void remember_node(lua_State *L, lk_machine *machine, lk_node *node) {
    if (machine->node_count == machine->node_capacity) {
        uint32_t capacity = machine->node_capacity ? machine->node_capacity * 2 : 256;
        lk_node **grown = realloc(machine->nodes, capacity * sizeof *grown);
        if (!grown) luaL_error(L, "not enough memory");
        machine->nodes = grown;
        machine->node_capacity = capacity;
    }
    machine->nodes[machine->node_count++] = node;
}

lk_node *lk_push_new_node(lua_State *L, uint32_t document, uint32_t json, uint32_t parent, uint8_t kind) {
    lk_machine *machine = LK_MACHINE(L);
    luaL_checkstack(L, 4, NULL);
    lk_node *node = lk_region_take(&machine->region, sizeof *node);
    if (!node) luaL_error(L, "not enough memory");
    *node = (lk_node){.document = document, .json = json, .parent = parent, .cursor = LK_NONE, .kind = kind};
    remember_node(L, machine, node);
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, ((lua_Integer)machine->generation << 32) | (machine->node_count - 1));
    lua_rawsetp(L, -2, &lk_key_node);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LAZY);
    lua_setmetatable(L, -2);
    return node;
}

static void index_document(lua_State *L, lk_machine *machine, uint32_t number) {
    lk_document *document = &machine->documents[number];
    jk_problem problem = {JK_OUT_OF_MEMORY, 0, "memory ran out"};
    jk_index index;
    if (!machine->parser) machine->parser = jk_parser_create();
    jk_status status = machine->parser
        ? jk_index_document(machine->parser, document->bytes, document->length, &index, &problem) : JK_OUT_OF_MEMORY;
    if (status == JK_OK && index.nodes[0].kind == JK_OBJECT) {
        jk_node *nodes = lk_region_take(&machine->region, index.count * sizeof *nodes);
        if (!nodes) luaL_error(L, "not enough memory");
        memcpy(nodes, index.nodes, index.count * sizeof *nodes);
        document->nodes = nodes;
        document->count = (uint32_t)index.count;
        return;
    }
    machine->document = number;
    lua_pushfstring(L, "document %d cannot be read: %s", (int)number + 1,
                    status == JK_OK ? "it is not an object" : problem.reason);
    lk_raise_as(L, LK_INVALID_DOCUMENT);
}

lk_node *lk_node_at(lua_State *L, int index) {
    lk_machine *machine = LK_MACHINE(L);
    lua_rawgetp(L, index, &lk_key_node);
    uint64_t identity = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (identity >> 32 != machine->generation) lk_raise_stale(L);
    lk_node *node = machine->nodes[(uint32_t)identity];
    if (node->kind <= LK_KIND_ARRAY && !machine->documents[node->document].nodes) {
        index_document(L, machine, node->document);
    }
    return node;
}

void lk_push_document(lua_State *L, uint32_t number) {
    lk_machine *machine = LK_MACHINE(L);
    if (number >= machine->document_count) luaL_error(L, "there is no document %d", (int)number + 1);
    lk_document *document = &machine->documents[number];
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ROOTS);
    if (document->root != LK_NONE) {
        lua_rawgeti(L, -1, (lua_Integer)number + 1);
    } else {
        lk_push_new_node(L, number, 0, LK_NONE, LK_KIND_OBJECT);
        document->root = machine->node_count - 1;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (lua_Integer)number + 1);
    }
    lua_replace(L, -2);
}

/* ---- Children ---- */

void lk_push_child(lua_State *L, lk_node *node, int table, uint32_t json) {
    lk_machine *machine = LK_MACHINE(L);
    const lk_document *document = &machine->documents[node->document];
    jk_node *child = &document->nodes[json];
    if (child->flags & LK_DELETED) {
        lua_pushnil(L);
    } else if (child->flags & LK_HELD) {
        lua_rawgetp(L, table, lk_hidden(json));
    } else if (child->kind < JK_ARRAY) {
        lk_push_scalar(L, document->bytes, child);
    } else {
        lua_rawgetp(L, table, &lk_key_node);
        uint32_t parent = (uint32_t)lua_tointeger(L, -1);
        lua_pop(L, 1);
        lk_push_new_node(L, node->document, json, parent,
                         child->kind == JK_ARRAY ? LK_KIND_ARRAY : LK_KIND_OBJECT);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, table, lk_hidden(json));
        child->flags |= LK_HELD;
    }
}

/* ---- The read metamethods ---- */

static int index_object(lua_State *L, lk_node *node) {
    if (lua_type(L, 2) != LUA_TSTRING) return 0;
    size_t length;
    const char *key = lua_tolstring(L, 2, &length);
    uint32_t member = lk_find_member(L, node, key, length);
    if (member == LK_NONE) {
        /* Members that were added are ordinary fields of the table. */
        lua_settop(L, 2);
        lua_rawget(L, 1);
        return 1;
    }
    const jk_node *found = &LK_MACHINE(L)->documents[node->document].nodes[member];
    if (found->kind == JK_NULL && !(found->flags & LK_ASSIGNED)) return 0;
    lk_push_child(L, node, 1, member);
    return 1;
}

static int index_array(lua_State *L, lk_node *node) {
    if (node->filled) {
        lua_settop(L, 2);
        lua_rawget(L, 1);
        return 1;
    }
    if (lua_type(L, 2) != LUA_TNUMBER) return 0;
    lua_Integer position = lua_tointeger(L, 2);
    if (position < 1 || position > (lua_Integer)lk_json(LK_MACHINE(L), node)->count) return 0;
    lk_push_child(L, node, 1, lk_elements(L, node)[position - 1]);
    return 1;
}

int lk_lazy_index(lua_State *L) {
    lk_node *node = lk_node_at(L, 1);
    int count = 0;
    switch (node->kind) {
    case LK_KIND_OBJECT: count = index_object(L, node); break;
    case LK_KIND_CONTEXT:
        lk_push_context_fields(L);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        count = 1;
        break;
    default: count = index_array(L, node);
    }
    if (count == 0) lua_pushnil(L);
    return 1;
}

lua_Integer lk_lazy_length(lua_State *L, int table, lk_node *node) {
    if (node->kind == LK_KIND_OBJECT || node->kind == LK_KIND_CONTEXT) return 0;
    if (!node->filled) return lk_json(LK_MACHINE(L), node)->count;
    /* Elements vanish by assigning nil, which no metamethod sees. */
    for (; node->high > 0; node->high--) {
        bool present = lua_rawgeti(L, table, node->high) != LUA_TNIL;
        lua_pop(L, 1);
        if (present) break;
    }
    return node->high;
}

static int lazy_length(lua_State *L) {
    lua_pushinteger(L, lk_lazy_length(L, 1, lk_node_at(L, 1)));
    return 1;
}

void lk_open_lazy(lua_State *L) {
    static const luaL_Reg metamethods[] = {
        {"__index", lk_lazy_index}, {"__newindex", lk_lazy_newindex}, {"__len", lazy_length}, {NULL, NULL},
    };
    luaL_newlib(L, metamethods);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    LK_MACHINE(L)->lazy_metatable = lua_topointer(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_LAZY);
}
