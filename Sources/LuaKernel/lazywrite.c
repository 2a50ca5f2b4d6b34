/* Lazy tables: writing.
 *
 * An assigned member goes where a read looks for it and no script does, so that a later `t.k = nil` meets the
 * metatable again instead of uncovering what the document says. Members the document does not have become ordinary
 * fields of the table, with their order kept aside. An array moves all its elements into the table at the first
 * write; from then on the table is the truth. */

#include "internal.h"

#include <math.h>

#define MOST_HELD_KEPT (16 * 1024) /* places */

static void mark_changed(lk_node *node) {
    while (!node->changed) {
        node->changed = true;
        if (node->kind > LK_KIND_ARRAY) return;
        if (!node->parent) return;
        node->parent->children[node->ordinal].flags |= LK_TOUCHED;
        node = node->parent;
    }
}

/* ---- Paths, for messages ---- */

void lk_push_path(lua_State *L, const lk_node *node) {
    lk_machine *machine = LK_MACHINE(L);
    luaL_checkstack(L, 4, NULL);
    if (!node->parent) {
        lua_pushliteral(L, "$");
        return;
    }
    const lk_node *parent = node->parent;
    lk_push_path(L, parent);
    const lk_document *document = &machine->documents[node->document];
    const jk_child *child = &parent->children[node->ordinal];
    if (parent->kind == LK_KIND_ARRAY) {
        lua_pushfstring(L, "%s[%I]", lua_tostring(L, -1), (LUAI_UACINT)node->ordinal + 1);
    } else {
        lua_pushfstring(L, "%s.", lua_tostring(L, -1));
        lua_pushlstring(L, (const char *)document->bytes + child->key_start, child->key_end - child->key_start);
        lua_concat(L, 2);
    }
    lua_replace(L, -2);
}

/* What JSON has no word for, or NULL. */
static const char *unwritable(lua_State *L, int index) {
    switch (lua_type(L, index)) {
    case LUA_TNUMBER: return isfinite(lua_tonumber(L, index)) ? NULL : "a number that is not finite";
    case LUA_TFUNCTION: return "a function";
    case LUA_TTHREAD: return "a coroutine";
    case LUA_TUSERDATA: return lk_is_secret(L, index) ? "a secret" : "a userdata";
    case LUA_TLIGHTUSERDATA: return lk_is_null(L, index) ? NULL : "a userdata";
    default: return NULL;
    }
}

static void refuse(lua_State *L, const lk_node *node, const char *what) {
    const char *key = lk_tostring(L, 2, NULL);
    lk_push_path(L, node);
    const char *path = lua_tostring(L, -1), *between = node->kind == LK_KIND_OBJECT ? "." : "[",
               *behind = node->kind == LK_KIND_OBJECT ? "" : "]";
    if (lk_is_secret(L, 3)) {
        luaL_error(L, "a secret cannot be written into JSON, at %s%s%s%s", path, between, key, behind);
    }
    luaL_error(L, "cannot write %s to %s%s%s%s", what, path, between, key, behind);
}

/* ---- Objects ---- */

/* Keeps a number, boolean or null where its token's place was kept, which nobody needs any more. The kind stays the
 * document's: it says how an empty table is written that is assigned later. */
static void keep_scalar(lua_State *L, jk_child *child, int type) {
    lua_Integer integer;
    lua_Number number;
    child->flags &= (uint8_t)~JK_FLAG_INTEGER;
    child->note = LK_KEPT;
    if (type == LUA_TBOOLEAN) {
        child->note |= lua_toboolean(L, 3) ? JK_TRUE : JK_FALSE;
    } else if (type == LUA_TNUMBER && lua_isinteger(L, 3)) {
        integer = lua_tointeger(L, 3);
        memcpy(child, &integer, sizeof integer);
        child->note |= JK_NUMBER;
        child->flags |= JK_FLAG_INTEGER;
    } else if (type == LUA_TNUMBER) {
        number = lua_tonumber(L, 3);
        memcpy(child, &number, sizeof number);
        child->note |= JK_NUMBER;
    } else {
        child->note |= JK_NULL;
    }
}

static void assign_member(lua_State *L, lk_node *node, uint32_t member) {
    jk_child *child = &node->children[member];
    int type = lua_type(L, 3);
    if (type == LUA_TNIL) {
        if (child->flags & LK_DELETED) return;
        child->flags = (uint8_t)((child->flags | LK_DELETED) & ~(LK_HELD | LK_ASSIGNED));
    } else {
        child->flags = (uint8_t)((child->flags | LK_ASSIGNED) & ~(LK_DELETED | LK_HELD));
        if (type == LUA_TSTRING || type == LUA_TTABLE) {
            lk_hold_child(L, node, member, 3);
        } else {
            keep_scalar(L, child, type);
        }
    }
    mark_changed(node);
}

/* Remembers that the member at stack position 2 comes after those added before; once, so that a member which is
 * deleted and assigned again keeps its place. */
static void note_order(lua_State *L, lk_node *node) {
    if (lua_rawgetp(L, 1, &lk_key_order) == LUA_TNIL) {
        lua_pop(L, 1);
        lk_remember_written(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, 1, &lk_key_order);
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pushvalue(L, 2);
        lua_rawseti(L, -3, ++node->added);
        lua_pushvalue(L, 2);
        lua_pushinteger(L, node->added);
        lua_rawset(L, -4);
    }
    lua_pop(L, 2);
}

static void add_member(lua_State *L, lk_node *node) {
    if (!lua_isnil(L, 3)) note_order(L, node);
    lua_settop(L, 3);
    lua_rawset(L, 1);
    mark_changed(node);
}

static int write_object(lua_State *L, lk_node *node) {
    if (lua_type(L, 2) != LUA_TSTRING) {
        lk_push_path(L, node);
        return luaL_error(L, "field names of %s must be strings", lua_tostring(L, -1));
    }
    size_t length;
    const char *key = lua_tolstring(L, 2, &length);
    uint32_t member = lk_find_member(L, node, key, length);
    if (member == LK_NONE) {
        add_member(L, node);
    } else {
        assign_member(L, node, member);
    }
    return 0;
}

/* ---- Arrays ---- */

/* Remembers how a value was spelled when we would spell it otherwise, so that moving it within the array keeps its
 * bytes: numbers beyond 64 bits, 1e2, escapes. */
static void note_spelling(lua_State *L, lk_node *node, int table, uint32_t ordinal) {
    const jk_child *element = &node->children[ordinal];
    bool is_float = element->kind == JK_NUMBER && !lua_isinteger(L, -1);
    if (is_float && lua_tonumber(L, -1) == 0) return; /* 0.0 and -0.0 are the same key */
    if (!is_float && !(element->kind == JK_STRING && (element->flags & JK_FLAG_ESCAPED))) return;
    if (lua_rawgetp(L, table, &lk_key_spellings) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, table, &lk_key_spellings);
    }
    lua_pushvalue(L, -2);
    lua_pushinteger(L, ordinal);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void lk_fill_array(lua_State *L, lk_node *node, int table) {
    if (node->filled) return;
    luaL_checkstack(L, 8, NULL);
    lk_remember_written(L, table);
    lk_list_children(L, node);
    for (uint32_t i = 0; i < node->count; i++) {
        lk_poll(L);
        lk_push_child(L, node, i);
        note_spelling(L, node, table, i);
        lua_rawseti(L, table, (lua_Integer)i + 1);
    }
    node->filled = true;
    node->high = node->count;
}

static int write_array(lua_State *L, lk_node *node) {
    int is_integer;
    lua_Integer position = lua_type(L, 2) == LUA_TNUMBER ? lua_tointegerx(L, 2, &is_integer) : 0;
    if (lua_type(L, 2) != LUA_TNUMBER || !is_integer || position < 1) {
        return luaL_error(L, "an array has no field '%s'", lk_tostring(L, 2, NULL));
    }
    lk_fill_array(L, node, 1);
    lua_Integer length = lk_lazy_length(L, 1, node);
    if (position > 2 * length + 16 && !lua_isnil(L, 3)) {
        return luaL_error(L, "array index %I is far beyond its end", (LUAI_UACINT)position);
    }
    lua_pushvalue(L, 3);
    lua_rawseti(L, 1, position);
    if (position > node->high) node->high = position;
    mark_changed(node);
    return 0;
}

int lk_lazy_newindex(lua_State *L) {
    lk_node *node = lk_node_at(L, 1);
    lua_settop(L, 3);
    if (node->kind == LK_KIND_CONTEXT) return luaL_error(L, "the context cannot be changed");
    const char *what = unwritable(L, 3);
    if (what && node->kind <= LK_KIND_ARRAY) refuse(L, node, what);
    return node->kind == LK_KIND_OBJECT ? write_object(L, node) : write_array(L, node);
}

/* ---- The array of all documents ---- */

void lk_push_list(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->has_list) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LIST);
        return;
    }
    lk_node *list = lk_push_new_node(L, (lk_node){.document = LK_NONE, .kind = LK_KIND_LIST});
    for (uint32_t i = 0; i < machine->document_count; i++) {
        lk_push_document(L, i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lk_remember_written(L, lua_gettop(L));
    list->filled = true;
    list->high = (lua_Integer)machine->document_count;
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_LIST);
    machine->has_list = true;
}

bool lk_list_was_changed(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (!machine->has_list) return false;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LIST);
    bool changed = lk_lazy_length(L, -1, lk_node_at(L, -1)) != (lua_Integer)machine->document_count;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ROOTS);
    for (lua_Integer i = 1; i <= (lua_Integer)machine->document_count && !changed; i++) {
        lua_rawgeti(L, -2, i);
        lua_rawgeti(L, -2, i);
        changed = !lua_rawequal(L, -1, -2);
        lua_pop(L, 2);
    }
    lua_pop(L, 2);
    return changed;
}

/* ---- After the call ---- */

void lk_remember_written(lua_State *L, int table) {
    lk_machine *machine = LK_MACHINE(L);
    luaL_checkstack(L, 4, NULL);
    lua_pushvalue(L, table);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_WRITTEN) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_WRITTEN);
    }
    lua_insert(L, -2);
    lua_rawseti(L, -2, machine->written_count + 1);
    machine->written_count++;
    lua_pop(L, 1);
}

static void clear_elements(lua_State *L, int table, lua_Integer count) {
    for (lua_Integer i = 1; i <= count; i++) {
        lua_pushnil(L);
        lua_rawseti(L, table, i);
    }
}

static void clear_added(lua_State *L, int table, uint32_t count) {
    lua_rawgetp(L, table, &lk_key_order);
    for (uint32_t i = 1; i <= count; i++) {
        lua_rawgeti(L, -1, i);
        lua_pushnil(L);
        lua_rawset(L, table);
    }
    lua_pop(L, 1);
}

static void drop_slot(lua_State *L, int slot) {
    lua_pushnil(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slot);
}

/* The table stays for the next call, unless it got big. */
static void clear_held(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->held_count > MOST_HELD_KEPT) {
        drop_slot(L, LK_SLOT_HELD);
    } else if (machine->held_count > 0) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HELD);
        if (lua_istable(L, -1)) clear_elements(L, lua_gettop(L), machine->held_count);
        lua_pop(L, 1);
    }
    machine->held_count = 0;
}

/* Empties the tables, so that a later read of them meets the metatable, which says that the call has ended. Only
 * ever assigns nil to what is there, which cannot fail. */
void lk_forget_written(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->written_count > 0) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_WRITTEN);
        int written = lua_gettop(L);
        for (lua_Integer i = 1; i <= machine->written_count; i++) {
            lua_rawgeti(L, written, i);
            const lk_node *node = lk_find_node(machine, lua_topointer(L, -1));
            clear_elements(L, written + 1, node->high);
            if (node->added > 0) clear_added(L, written + 1, node->added);
            lua_settop(L, written);
        }
        lua_pop(L, 1);
        machine->written_count = 0;
        drop_slot(L, LK_SLOT_WRITTEN);
    }
    clear_held(L);
    machine->has_list = false;
    drop_slot(L, LK_SLOT_LIST);
    drop_slot(L, LK_SLOT_ROOTS);
    drop_slot(L, LK_SLOT_CONTEXT);
}
