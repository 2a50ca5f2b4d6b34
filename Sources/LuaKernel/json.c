/* Functions for scripts that make, read and write JSON of their own: null, array, object, decode, encode. */

#include "internal.h"

/* ---- Marking a table as an array or an object ---- */

static int mark(lua_State *L, int slot) {
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lk_table kind = lk_classify(L, 1);
    if (kind == LK_LAZY || kind == LK_FROZEN) return luaL_argerror(L, 1, "expected a table made by this script");
    if (kind == LK_PLAIN && lua_getmetatable(L, 1)) return luaL_argerror(L, 1, "this table has a metatable");
    lua_rawgeti(L, LUA_REGISTRYINDEX, slot);
    lua_setmetatable(L, 1);
    return 1;
}

static int json_array(lua_State *L) { return mark(L, LK_SLOT_ARRAY); }
static int json_object(lua_State *L) { return mark(L, LK_SLOT_OBJECT); }

/* ---- Reading ---- */

typedef struct text {
    lua_State *L;
    const uint8_t *bytes;
    const jk_node *nodes;
} text;

static void push_node(const text *json, uint32_t node);

static void push_key(const text *json, const jk_node *node) {
    if (node->flags & JK_FLAG_KEY_ESCAPED) {
        lk_push_escaped(json->L, json->bytes, node->key_start, node->key_end);
    } else {
        lua_pushlstring(json->L, (const char *)json->bytes + node->key_start, node->key_end - node->key_start);
    }
}

static void push_array(const text *json, const jk_node *array, uint32_t element) {
    lua_State *L = json->L;
    lua_createtable(L, (int)array->count, 0);
    for (lua_Integer i = 1; element < array->next; element = json->nodes[element].next, i++) {
        push_node(json, element);
        lua_rawseti(L, -2, i);
    }
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ARRAY);
    lua_setmetatable(L, -2);
}

static void push_object(const text *json, const jk_node *object, uint32_t member) {
    lua_State *L = json->L;
    lua_createtable(L, 0, (int)object->count);
    for (; member < object->next; member = json->nodes[member].next) {
        if (json->nodes[member].flags & JK_FLAG_SHADOWED) continue;
        push_key(json, &json->nodes[member]);
        push_node(json, member);
        lua_rawset(L, -3);
    }
}

static void push_node(const text *json, uint32_t number) {
    const jk_node *node = &json->nodes[number];
    lk_poll(json->L);
    if (node->kind < JK_ARRAY) {
        lk_push_scalar(json->L, json->bytes, node->kind, node->flags, node->start, node->end);
        return;
    }
    luaL_checkstack(json->L, 8, "nested too deeply");
    (node->kind == JK_ARRAY ? push_array : push_object)(json, node, number + 1);
}

bool lk_index(lua_State *L, const uint8_t *bytes, size_t length, jk_index *index, jk_problem *problem) {
    lk_machine *machine = LK_MACHINE(L);
    *problem = (jk_problem){JK_OUT_OF_MEMORY, 0, "memory ran out"};
    if (!machine->parser) machine->parser = jk_parser_create();
    if (!machine->parser) return false;
    jk_parser_watch(machine->parser, &machine->expired);
    jk_status status = jk_index_document(machine->parser, bytes, length, index, problem);
    lk_poll(L);
    return status == JK_OK;
}

static int json_decode(lua_State *L) {
    size_t length;
    const uint8_t *bytes = (const uint8_t *)luaL_checklstring(L, 1, &length);
    jk_index index;
    jk_problem problem;
    if (!lk_index(L, bytes, length, &index, &problem)) {
        return luaL_error(L, "invalid JSON at byte %I: %s", (LUAI_UACINT)problem.offset + 1, problem.reason);
    }
    text json = {L, bytes, index.nodes};
    push_node(&json, 0);
    return 1;
}

/* ---- Writing ---- */

static int json_encode(lua_State *L) {
    luaL_checkany(L, 1);
    lk_buffer *out = &LK_MACHINE(L)->output;
    out->length = 0;
    lk_write_json(L, 1, out, -1);
    lk_expect_string(L, out->length);
    lua_pushlstring(L, (const char *)out->bytes, out->length);
    return 1;
}

static const luaL_Reg functions[] = {
    {"array", json_array}, {"object", json_object}, {"decode", json_decode}, {"encode", json_encode}, {NULL, NULL},
};

static const void *add_marker(lua_State *L, int slot) {
    lua_createtable(L, 0, 1);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    const void *identity = lua_topointer(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, slot);
    return identity;
}

void lk_open_markers(lua_State *L) {
    LK_MACHINE(L)->array_metatable = add_marker(L, LK_SLOT_ARRAY);
    LK_MACHINE(L)->object_metatable = add_marker(L, LK_SLOT_OBJECT);
}

void lk_push_json(lua_State *L) {
    luaL_newlib(L, functions);
    lk_push_null(L);
    lua_setfield(L, -2, "null");
}
