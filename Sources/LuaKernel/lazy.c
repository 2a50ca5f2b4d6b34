/* Lazy tables: reading.
 *
 * A lazy table is an empty Lua table with a shared metatable. Under keys that no script can name it holds the
 * number of its lk_node and, per member, whatever the document's bytes do not tell: a child that was read before
 * (so that a.x == a.x) or a value that was assigned. Everything else is decoded from the bytes at each read. */

#include "internal.h"

#include <stdlib.h>

const char lk_key_node = 0, lk_key_order = 0, lk_key_spellings = 0;
const char lk_null_value = 0;

#define FEW_MEMBERS 64 /* more are found through a hash table, once searched for often enough */
#define FEW_SEARCHES 4

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

/* ---- Members and elements ---- */

/* The member's key, decoded; good until the scratch buffer is used again. */
static const char *decode_key(lk_machine *machine, const lk_document *document, const jk_node *node, size_t *length) {
    const uint8_t *key = document->bytes + node->key_start;
    *length = node->key_end - node->key_start;
    if (!(node->flags & JK_FLAG_KEY_ESCAPED)) return (const char *)key;
    machine->scratch.length = 0;
    uint8_t *out = lk_buffer_extend(&machine->scratch, *length);
    if (out) *length = jk_decode_string(document->bytes, node->key_start, node->key_end, out);
    return (const char *)(out ? out : key);
}

static void push_key(lua_State *L, const lk_document *document, const jk_node *node) {
    size_t length;
    const char *key = decode_key(LK_MACHINE(L), document, node, &length);
    lua_pushlstring(L, key, length);
}

static bool key_equals(lk_machine *machine, const lk_document *document, const jk_node *node, const char *key,
                       size_t length) {
    if (node->flags & JK_FLAG_SHADOWED) return false;
    if (!(node->flags & JK_FLAG_KEY_ESCAPED)) {
        size_t own = node->key_end - node->key_start;
        return own == length && memcmp(document->bytes + node->key_start, key, length) == 0;
    }
    size_t own;
    const char *decoded = decode_key(machine, document, node, &own);
    return own == length && memcmp(decoded, key, length) == 0;
}

static uint32_t hash(const char *key, size_t length) {
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < length; i++) value = (value ^ (uint8_t)key[i]) * 16777619u;
    return value ^ (value >> 15);
}

static void build_hash_table(lua_State *L, lk_machine *machine, lk_node *node, const lk_document *document) {
    const jk_node *object = &document->nodes[node->json];
    uint32_t size = 128;
    while (size < object->count * 2) size *= 2;
    uint32_t *slots = lk_region_take(&machine->region, size * sizeof *slots);
    if (!slots) luaL_error(L, "not enough memory");
    memset(slots, 0xff, size * sizeof *slots);
    for (uint32_t member = node->json + 1; member < object->next; member = document->nodes[member].next) {
        size_t length;
        const char *key = decode_key(machine, document, &document->nodes[member], &length);
        uint32_t slot = hash(key, length) & (size - 1);
        while (slots[slot] != LK_NONE) slot = (slot + 1) & (size - 1);
        slots[slot] = member;
    }
    node->elements = slots;
    node->mask = size - 1;
}

static uint32_t find_hashed(lua_State *L, lk_machine *machine, lk_node *node, const char *key, size_t length) {
    const lk_document *document = &machine->documents[node->document];
    if (!node->elements) build_hash_table(L, machine, node, document);
    for (uint32_t slot = hash(key, length) & node->mask; node->elements[slot] != LK_NONE; slot = (slot + 1) & node->mask) {
        uint32_t member = node->elements[slot];
        if (key_equals(machine, document, &document->nodes[member], key, length)) return member;
    }
    return LK_NONE;
}

uint32_t lk_find_member(lua_State *L, lk_node *node, const char *key, size_t length) {
    lk_machine *machine = LK_MACHINE(L);
    const lk_document *document = &machine->documents[node->document];
    const jk_node *nodes = document->nodes, *object = &nodes[node->json];
    if (node->cursor != LK_NONE && key_equals(machine, document, &nodes[node->cursor], key, length)) return node->cursor;
    if (object->count > FEW_MEMBERS && ++node->searches > FEW_SEARCHES) return find_hashed(L, machine, node, key, length);
    for (uint32_t member = node->json + 1; member < object->next; member = nodes[member].next) {
        if (key_equals(machine, document, &nodes[member], key, length)) return member;
    }
    return LK_NONE;
}

const uint32_t *lk_elements(lua_State *L, lk_node *node) {
    lk_machine *machine = LK_MACHINE(L);
    const jk_node *nodes = machine->documents[node->document].nodes, *array = &nodes[node->json];
    if (node->elements) return node->elements;
    uint32_t *elements = lk_region_take(&machine->region, (array->count + 1) * sizeof *elements);
    if (!elements) luaL_error(L, "not enough memory");
    uint32_t count = 0;
    for (uint32_t element = node->json + 1; element < array->next; element = nodes[element].next) {
        elements[count++] = element;
    }
    node->elements = elements;
    return elements;
}

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

/* ---- Traversal ---- */

lk_position lk_first_position(const lk_node *node) { return (lk_position){node->json + 1, 0}; }

static bool step_member(lua_State *L, int table, lk_node *node, lk_position *position) {
    const lk_document *document = &LK_MACHINE(L)->documents[node->document];
    const jk_node *nodes = document->nodes;
    while (position->json < nodes[node->json].next) {
        uint32_t member = position->json;
        position->json = nodes[member].next;
        if (nodes[member].flags & (JK_FLAG_SHADOWED | LK_DELETED)) continue;
        node->cursor = member;
        push_key(L, document, &nodes[member]);
        lk_push_child(L, node, table, member);
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
            lk_push_child(L, node, table, lk_elements(L, node)[index - 1]);
        }
        if (!lua_isnil(L, -1)) return true;
        lua_pop(L, 2);
    }
    return false;
}

bool lk_lazy_step(lua_State *L, int table, lk_node *node, lk_position *position, uint32_t limit) {
    lk_poll(L);
    luaL_checkstack(L, 6, NULL);
    if (node->kind != LK_KIND_OBJECT) return step_element(L, table, node, position);
    return step_member(L, table, node, position) || step_added(L, table, position, limit);
}

/* Upvalues: position, number of added members to visit. */
static int iterate(lua_State *L) {
    lua_settop(L, 1);
    lk_node *node = lk_node_at(L, 1);
    lua_Integer packed = lua_tointeger(L, lua_upvalueindex(1));
    lk_position position = {(uint32_t)packed, (uint32_t)(packed >> 32)};
    if (!lk_lazy_step(L, 1, node, &position, (uint32_t)lua_tointeger(L, lua_upvalueindex(2)))) return 0;
    lua_pushinteger(L, (lua_Integer)position.json | (lua_Integer)position.added << 32);
    lua_replace(L, lua_upvalueindex(1));
    return 2;
}

int lk_lazy_pairs(lua_State *L) {
    lk_node *node = lk_node_at(L, 1);
    if (node->kind == LK_KIND_CONTEXT) {
        lua_pushcfunction(L, lk_lazy_next);
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        return 3;
    }
    lk_position position = lk_first_position(node);
    lua_pushinteger(L, (lua_Integer)position.json);
    /* Members added on the way are not visited, or a loop that adds one per turn would never end. */
    lua_pushinteger(L, node->added);
    lua_pushcclosure(L, iterate, 2);
    lua_pushvalue(L, 1);
    lua_pushnil(L);
    return 3;
}

static lk_position position_after(lua_State *L, lk_node *node) {
    if (node->kind != LK_KIND_OBJECT) return (lk_position){0, (uint32_t)luaL_checkinteger(L, 2)};
    size_t length;
    const char *key = luaL_checklstring(L, 2, &length);
    uint32_t member = lk_find_member(L, node, key, length);
    if (member != LK_NONE) return (lk_position){LK_MACHINE(L)->documents[node->document].nodes[member].next, 0};
    lua_Integer place = 0;
    if (node->added > 0) {
        lua_rawgetp(L, 1, &lk_key_order);
        lua_pushvalue(L, 2);
        lua_rawget(L, -2);
        place = lua_tointeger(L, -1);
        lua_pop(L, 2);
    }
    if (place == 0) luaL_error(L, "invalid key to 'next'");
    return (lk_position){LK_NONE, (uint32_t)place};
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
    lk_position position = lua_isnil(L, 2) ? lk_first_position(node) : position_after(L, node);
    if (lk_lazy_step(L, 1, node, &position, node->added)) return 2;
    lua_pushnil(L);
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
