/* Lazy tables: finding members by key and elements by position in a document's index. */

#include "internal.h"

#define FEW_MEMBERS 64 /* more are found through a hash table, once searched for often enough */
#define FEW_SEARCHES 4

/* ---- Keys ---- */

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

void lk_push_key(lua_State *L, const lk_document *document, const jk_node *node) {
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

/* ---- Members ---- */

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
    const uint32_t *slots = node->elements;
    for (uint32_t slot = hash(key, length) & node->mask; slots[slot] != LK_NONE; slot = (slot + 1) & node->mask) {
        uint32_t member = slots[slot];
        if (key_equals(machine, document, &document->nodes[member], key, length)) return member;
    }
    return LK_NONE;
}

uint32_t lk_find_member(lua_State *L, lk_node *node, const char *key, size_t length) {
    lk_machine *machine = LK_MACHINE(L);
    const lk_document *document = &machine->documents[node->document];
    const jk_node *nodes = document->nodes, *object = &nodes[node->json];
    uint32_t cursor = node->cursor;
    if (cursor != LK_NONE && key_equals(machine, document, &nodes[cursor], key, length)) return cursor;
    bool is_worth_hashing = object->count > FEW_MEMBERS && ++node->searches > FEW_SEARCHES;
    if (is_worth_hashing) return find_hashed(L, machine, node, key, length);
    for (uint32_t member = node->json + 1; member < object->next; member = nodes[member].next) {
        if (key_equals(machine, document, &nodes[member], key, length)) return member;
    }
    return LK_NONE;
}

/* ---- Elements ---- */

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
