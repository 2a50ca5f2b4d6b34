/* Lazy tables: reading.
 *
 * A lazy table is an empty Lua table with a shared metatable. Under keys that no script can name it holds the
 * number of its lk_node and a table of what the document's bytes do not tell, by ordinal: children that were read
 * before (so that a.x == a.x) and strings and tables that were assigned. Assigned numbers and booleans are kept in
 * the jk_child itself. Everything else is decoded from the bytes at each read. */

#include "internal.h"

#include <stdlib.h>

const char lk_key_node = 0, lk_key_held = 0, lk_key_order = 0, lk_key_spellings = 0;
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

static lk_recent *recent_place(lk_machine *machine, const void *table) {
    uintptr_t address = (uintptr_t)table;
    return &machine->recent[(address >> 6 ^ address >> 12) % LK_RECENT];
}

lk_node *lk_push_new_node(lua_State *L, lk_node start) {
    lk_machine *machine = LK_MACHINE(L);
    luaL_checkstack(L, 6, NULL);
    lk_node *node = lk_region_take(&machine->region, sizeof *node);
    if (!node) luaL_error(L, "not enough memory");
    *node = start;
    node->cursor = LK_NONE;
    remember_node(L, machine, node);
    lua_createtable(L, 0, 2);
    const void *table = lua_topointer(L, -1);
    *recent_place(machine, table) = (lk_recent){table, node, machine->generation};
    lua_pushinteger(L, ((lua_Integer)machine->generation << 32) | (machine->node_count - 1));
    lua_rawsetp(L, -2, &lk_key_node);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LAZY);
    lua_setmetatable(L, -2);
    return node;
}

static lk_node *checked(lua_State *L, lk_machine *machine, lk_node *node) {
    if (node->kind <= LK_KIND_ARRAY && !machine->documents[node->document].checked) {
        lk_check_document(L, node->document);
    }
    return node;
}

lk_node *lk_node_at(lua_State *L, int index) {
    lk_machine *machine = LK_MACHINE(L);
    const void *table = lua_topointer(L, index);
    lk_recent *recent = recent_place(machine, table);
    if (recent->table == table && recent->generation == machine->generation) return checked(L, machine, recent->node);
    lua_rawgetp(L, index, &lk_key_node);
    uint64_t identity = (uint64_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    if (identity >> 32 != machine->generation) lk_raise_stale(L);
    *recent = (lk_recent){table, machine->nodes[(uint32_t)identity], machine->generation};
    return checked(L, machine, recent->node);
}

void lk_push_document(lua_State *L, uint32_t number) {
    lk_machine *machine = LK_MACHINE(L);
    if (number >= machine->document_count) luaL_error(L, "there is no document %d", (int)number + 1);
    lk_document *document = &machine->documents[number];
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ROOTS);
    if (document->root != LK_NONE) {
        lua_rawgeti(L, -1, (lua_Integer)number + 1);
    } else {
        lk_push_new_node(L, (lk_node){.document = number, .parent = LK_NONE, .end = document->length,
                                      .kind = LK_KIND_OBJECT});
        document->root = machine->node_count - 1;
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (lua_Integer)number + 1);
    }
    lua_replace(L, -2);
}

/* ---- Children ---- */

/* The table of held values. It has room for all children at once, because growing it one by one is slow. */
static void push_held(lua_State *L, const lk_node *node, int table) {
    if (lua_rawgetp(L, table, &lk_key_held) != LUA_TNIL) return;
    lua_pop(L, 1);
    lua_createtable(L, (int)node->count, 0);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, table, &lk_key_held);
}

void lk_hold_child(lua_State *L, lk_node *node, int table, uint32_t ordinal, int value) {
    push_held(L, node, table);
    lua_pushvalue(L, value);
    lua_rawseti(L, -2, (lua_Integer)ordinal + 1);
    lua_pop(L, 1);
    node->children[ordinal].flags |= LK_HELD;
}

static void push_container(lua_State *L, lk_node *node, int table, uint32_t ordinal) {
    const jk_child *child = &node->children[ordinal];
    lua_rawgetp(L, table, &lk_key_node);
    uint32_t parent = (uint32_t)lua_tointeger(L, -1);
    lua_pop(L, 1);
    lk_push_new_node(L, (lk_node){.document = node->document, .parent = parent, .ordinal = ordinal,
                                  .start = child->start, .end = child->end,
                                  .kind = child->kind == JK_ARRAY ? LK_KIND_ARRAY : LK_KIND_OBJECT});
    lk_hold_child(L, node, table, ordinal, lua_gettop(L));
}

/* A number or boolean that was assigned. */
static void push_assigned(lua_State *L, const jk_child *child) {
    lua_Integer integer;
    lua_Number number;
    switch (child->note) {
    case JK_FALSE:
    case JK_TRUE: lua_pushboolean(L, child->note == JK_TRUE); break;
    case JK_NULL: lk_push_null(L); break;
    default:
        if (child->flags & JK_FLAG_INTEGER) {
            memcpy(&integer, child, sizeof integer);
            lua_pushinteger(L, integer);
        } else {
            memcpy(&number, child, sizeof number);
            lua_pushnumber(L, number);
        }
    }
}

void lk_push_child(lua_State *L, lk_node *node, int table, uint32_t ordinal) {
    const jk_child *child = &node->children[ordinal];
    if (child->flags & LK_DELETED) {
        lua_pushnil(L);
    } else if (child->flags & LK_HELD) {
        lua_rawgetp(L, table, &lk_key_held);
        lua_rawgeti(L, -1, (lua_Integer)ordinal + 1);
        lua_replace(L, -2);
    } else if (child->flags & LK_ASSIGNED) {
        push_assigned(L, child);
    } else if (child->kind < JK_ARRAY) {
        const uint8_t *bytes = LK_MACHINE(L)->documents[node->document].bytes;
        lk_push_scalar(L, bytes, child->kind, child->flags, child->start, child->end);
    } else {
        push_container(L, node, table, ordinal);
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
    const jk_child *found = &node->children[member];
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
    lk_list_children(L, node);
    if (position < 1 || position > (lua_Integer)node->count) return 0;
    lk_push_child(L, node, 1, (uint32_t)(position - 1));
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
    if (!node->filled) {
        lk_list_children(L, node);
        return node->count;
    }
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
