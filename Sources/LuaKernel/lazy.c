/* Lazy tables: reading.
 *
 * A lazy table is an empty Lua table with a shared metatable, known by its address. What the document's bytes do not
 * tell stands in one table for all of a call, the held values: children that were read before (so that a.x == a.x) and
 * strings and tables that were assigned. Assigned numbers and booleans are kept in the jk_child itself. Everything else
 * is decoded from the bytes at each read. */

#include "internal.h"

const char lk_key_order = 0, lk_key_spellings = 0;
const char lk_null_value = 0;

/* ---- Documents ---- */

void lk_push_document(lua_State *L, uint32_t number) {
    lk_machine *machine = LK_MACHINE(L);
    if (number >= machine->document_count) luaL_error(L, "there is no document %d", (int)number + 1);
    lk_document *document = &machine->documents[number];
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ROOTS);
    if (document->root) {
        lua_rawgeti(L, -1, (lua_Integer)number + 1);
    } else {
        document->root = lk_push_new_node(
            L, (lk_node){.document = number, .end = document->length, .kind = LK_KIND_OBJECT});
        lua_pushvalue(L, -1);
        lua_rawseti(L, -3, (lua_Integer)number + 1);
    }
    lua_replace(L, -2);
}

/* ---- Children ---- */

static void push_held(lua_State *L) {
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HELD) != LUA_TNIL) return;
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_HELD);
}

/* Each container takes as many places as it has children when the first of them is held. */
static void take_places(lk_machine *machine, lk_node *node) {
    if (node->held > 0) return;
    node->held = machine->held_count + 1;
    machine->held_count += node->count;
}

void lk_hold_child(lua_State *L, lk_node *node, uint32_t ordinal, int value) {
    take_places(LK_MACHINE(L), node);
    push_held(L);
    lua_pushvalue(L, value);
    lua_rawseti(L, -2, node->held + ordinal);
    lua_pop(L, 1);
    node->children[ordinal].flags |= LK_HELD;
}

static void push_container(lua_State *L, lk_node *node, uint32_t ordinal) {
    const jk_child *child = &node->children[ordinal];
    lk_push_new_node(L, (lk_node){.document = node->document, .parent = node, .ordinal = ordinal,
                                  .start = child->start, .end = child->end,
                                  .kind = child->kind == JK_ARRAY ? LK_KIND_ARRAY : LK_KIND_OBJECT});
    lk_hold_child(L, node, ordinal, lua_gettop(L));
}

/* A number or boolean that was assigned. */
static void push_assigned(lua_State *L, const jk_child *child) {
    lua_Integer integer;
    lua_Number number;
    switch (child->note & ~LK_KEPT) {
    case JK_FALSE: lua_pushboolean(L, 0); break;
    case JK_TRUE: lua_pushboolean(L, 1); break;
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

void lk_push_child(lua_State *L, lk_node *node, uint32_t ordinal) {
    const jk_child *child = &node->children[ordinal];
    if (child->flags & LK_DELETED) {
        lua_pushnil(L);
    } else if (child->flags & LK_HELD) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HELD);
        lua_rawgeti(L, -1, node->held + ordinal);
        lua_replace(L, -2);
    } else if (child->flags & LK_ASSIGNED) {
        push_assigned(L, child);
    } else if (child->kind < JK_ARRAY) {
        const uint8_t *bytes = LK_MACHINE(L)->documents[node->document].bytes;
        lk_push_scalar(L, bytes, child->kind, child->flags, child->start, child->end);
    } else {
        push_container(L, node, ordinal);
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
    lk_push_child(L, node, member);
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
    lk_push_child(L, node, (uint32_t)(position - 1));
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
