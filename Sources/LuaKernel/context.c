/* The context of a call: fields the host gave, and functions that leave marks for it.
 *
 * Nothing is made until a script looks inside. */

#include "internal.h"

/* The first lazy argument says which document a mark is about. Gives its stack position, or 0. */
static int find_document(lua_State *L, uint32_t *document) {
    for (int i = 1; i <= lua_gettop(L); i++) {
        if (!lua_istable(L, i) || lk_classify(L, i) != LK_LAZY) continue;
        const lk_node *node = lk_node_at(L, i);
        if (node->kind > LK_KIND_ARRAY) continue;
        *document = node->document;
        return i;
    }
    return 0;
}

/* `ctx:veto(...)` means `ctx.veto(...)`. */
static void drop_context(lua_State *L) {
    if (!lua_istable(L, 1) || lk_classify(L, 1) != LK_LAZY) return;
    if (lk_node_at(L, 1)->kind == LK_KIND_CONTEXT) lua_remove(L, 1);
}

/* Upvalues: number of the mark's name, generation of the call. */
static int leave_mark(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (lua_tointeger(L, lua_upvalueindex(2)) != (lua_Integer)machine->generation) lk_raise_stale(L);
    drop_context(L);
    uint32_t document = LK_NONE;
    int skipped = find_document(L, &document);
    lk_buffer *values = &machine->arguments;
    values->length = 0;
    for (int i = 1; i <= lua_gettop(L); i++) {
        if (i != skipped) lk_write_frame_keeping_documents(L, i, values);
    }
    lk_put_count(L, &machine->marks, (uint32_t)lua_tointeger(L, lua_upvalueindex(1)));
    lk_put_count(L, &machine->marks, document + 1);
    lk_put_count(L, &machine->marks, (uint32_t)(lua_gettop(L) - (skipped != 0)));
    lk_put_bytes(L, &machine->marks, values->bytes, values->length);
    machine->mark_count++;
    return 0;
}

static void add_marks(lua_State *L, const lk_invocation *invocation) {
    lk_reader names = {invocation->mark_names, invocation->mark_names + invocation->mark_names_length, 0};
    for (uint32_t i = 0; i < invocation->mark_name_count; i++) {
        uint32_t length = lk_read_count(L, &names);
        if ((size_t)(names.end - names.next) < length) luaL_error(L, "damaged value frame");
        lua_pushlstring(L, (const char *)names.next, length);
        names.next += length;
        lua_pushinteger(L, i);
        lua_pushinteger(L, LK_MACHINE(L)->generation);
        lua_pushcclosure(L, leave_mark, 2);
        lua_rawset(L, -3);
    }
}

void lk_push_context_fields(lua_State *L) {
    const lk_invocation *invocation = LK_MACHINE(L)->invocation;
    luaL_checkstack(L, 8, NULL);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_CONTEXT) != LUA_TNIL) return;
    lua_pop(L, 1);
    lk_reader fields = {invocation->fields, invocation->fields + invocation->fields_length, 0};
    lk_read_frame(L, &fields);
    if (!lua_istable(L, -1)) luaL_error(L, "damaged value frame");
    add_marks(L, invocation);
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_CONTEXT);
}

void lk_push_context(lua_State *L) {
    lk_push_new_node(L, (lk_node){.document = LK_NONE, .kind = LK_KIND_CONTEXT});
}
