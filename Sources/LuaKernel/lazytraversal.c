/* Lazy tables: pairs and next. Members come in the document's order, then added ones in theirs. */

#include "internal.h"

static bool step_member(lua_State *L, lk_node *node, lk_position *position) {
    lk_list_children(L, node);
    while (position->ordinal < node->count) {
        uint32_t member = position->ordinal++;
        const jk_child *child = &node->children[member];
        if (child->flags & (JK_FLAG_SHADOWED | LK_DELETED)) continue;
        node->cursor = member;
        lk_push_key(L, &LK_MACHINE(L)->documents[node->document], child, position->keys);
        lk_push_child(L, node, member);
        return true;
    }
    return false;
}

static bool step_added(lua_State *L, int table, lk_position *position, uint32_t limit) {
    while (position->added < limit) {
        lua_rawgetp(L, table, &lk_key_order);
        lua_rawgeti(L, -1, ++position->added);
        lua_replace(L, -2);
        lua_pushvalue(L, -1);
        if (lua_rawget(L, table) != LUA_TNIL) return true;
        lua_pop(L, 2);
    }
    return false;
}

static bool step_element(lua_State *L, int table, lk_node *node, lk_position *position) {
    lua_Integer length = lk_lazy_length(L, table, node);
    while (position->added < length) {
        uint32_t index = ++position->added;
        lua_pushinteger(L, index);
        if (node->filled) {
            lua_rawgeti(L, table, index);
        } else {
            lk_push_child(L, node, index - 1);
        }
        if (!lua_isnil(L, -1)) return true;
        lua_pop(L, 2);
    }
    return false;
}

bool lk_lazy_step(lua_State *L, int table, lk_node *node, lk_position *position, uint32_t limit) {
    lk_poll(L);
    if (node->kind != LK_KIND_OBJECT) return step_element(L, table, node, position);
    return step_member(L, node, position) || step_added(L, table, position, limit);
}

/* Where a loop over `pairs` is. */
typedef struct iterator {
    const void *table; /* kept alive by the function's second upvalue */
    lk_node *node;
    uint32_t generation;
    uint32_t limit; /* number of added members to visit */
    lk_position position;
} iterator;

/* The node of the first argument. What `pairs` gave may be called by hand, with anything. */
static lk_node *iterated_node(lua_State *L, const iterator *loop) {
    bool is_as_usual = lua_topointer(L, 1) == loop->table && loop->generation == LK_MACHINE(L)->generation;
    if (is_as_usual) return loop->node;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, lk_classify(L, 1) == LK_LAZY, 1, "this loop is about another table");
    return lk_node_at(L, 1);
}

static int iterate(lua_State *L) {
    iterator *loop = lua_touserdata(L, lua_upvalueindex(1));
    lk_node *node = iterated_node(L, loop);
    return lk_lazy_step(L, 1, node, &loop->position, loop->limit) ? 2 : 0;
}

static int iterate_context(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argcheck(L, lk_classify(L, 1) == LK_LAZY, 1, "this loop is about another table");
    lua_settop(L, 2);
    return lk_lazy_next(L);
}

int lk_lazy_pairs(lua_State *L) {
    lk_node *node = lk_node_at(L, 1);
    if (node->kind == LK_KIND_CONTEXT) {
        lua_pushcfunction(L, iterate_context);
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        return 3;
    }
    iterator *loop = lua_newuserdatauv(L, sizeof *loop, 0);
    /* Members added on the way are not visited, or a loop that adds one per turn would never end. */
    *loop = (iterator){lua_topointer(L, 1), node, LK_MACHINE(L)->generation, node->added, {0, 0, lua_upvalueindex(3)}};
    lua_pushvalue(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_KEYS);
    lua_pushcclosure(L, iterate, 3);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static lk_position position_after(lua_State *L, lk_node *node) {
    if (node->kind != LK_KIND_OBJECT) return (lk_position){0, (uint32_t)luaL_checkinteger(L, 2), 0};
    size_t length;
    const char *key = luaL_checklstring(L, 2, &length);
    uint32_t member = lk_find_member(L, node, key, length);
    if (member != LK_NONE) return (lk_position){member + 1, 0, 0};
    lua_Integer place = 0;
    if (node->added > 0) {
        lua_rawgetp(L, 1, &lk_key_order);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        place = lua_tointeger(L, -1);
        lua_pop(L, 2);
    }
    if (place == 0) luaL_error(L, "invalid key to 'next'");
    return (lk_position){LK_NONE, (uint32_t)place, 0};
}

int lk_lazy_next(lua_State *L) {
    lk_node *node = lk_node_at(L, 1);
    if (node->kind == LK_KIND_CONTEXT) {
        lk_push_context_fields(L);
        lua_replace(L, 1);
        if (lua_next(L, 1)) return 2;
        lua_pushnil(L);
        return 1;
    }
    lk_position position = lua_isnil(L, 2) ? (lk_position){0, 0, 0} : position_after(L, node);
    if (lk_lazy_step(L, 1, node, &position, node->added)) return 2;
    lua_pushnil(L);
    return 1;
}
