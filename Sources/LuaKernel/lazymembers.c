/* Lazy tables: listing what a container holds, and finding members by key. */

#include "internal.h"

#include <stdlib.h>

#define FEW_MEMBERS 64 /* more are found through a hash table, once searched for often enough */
#define FEW_SEARCHES 4
#define LONGEST_KNOWN 64 /* keys beyond that are not remembered */

/* ---- Keys ---- */

/* The member's key, decoded; good until the scratch buffer is used again. */
static const char *decode_key(lk_machine *machine, const lk_document *document, const jk_child *child, size_t *length) {
    const uint8_t *key = document->bytes + child->key_start;
    *length = child->key_end - child->key_start;
    if (!(child->flags & JK_FLAG_KEY_ESCAPED)) return (const char *)key;
    machine->scratch.length = 0;
    uint8_t *out = lk_buffer_extend(&machine->scratch, *length);
    if (out) *length = jk_decode_string(document->bytes, child->key_start, child->key_end, out);
    return (const char *)(out ? out : key);
}

static uint32_t known_place(const char *key, size_t length) {
    uint32_t mixed = (uint32_t)length * 31 + (uint8_t)key[0];
    mixed = mixed * 31 + (uint8_t)key[length / 2];
    return (mixed * 31 + (uint8_t)key[length - 1]) % LK_KNOWN_KEYS;
}

static void push_known(lua_State *L, lk_machine *machine, const char *key, size_t length, int known) {
    uint32_t place = known_place(key, length);
    lk_known_key *found = &machine->keys[place];
    if (found->bytes && found->length == length && memcmp(found->bytes, key, length) == 0) {
        lua_rawgeti(L, known, (lua_Integer)place + 1);
        return;
    }
    const char *bytes = lua_pushlstring(L, key, length);
    found->bytes = NULL; /* until the new one is kept, which may fail */
    lua_pushvalue(L, -1);
    lua_rawseti(L, known, (lua_Integer)place + 1);
    *found = (lk_known_key){bytes, length};
}

void lk_push_key(lua_State *L, const lk_document *document, const jk_child *child, int known) {
    lk_machine *machine = LK_MACHINE(L);
    size_t length;
    const char *key = decode_key(machine, document, child, &length);
    if (known && length > 0 && length <= LONGEST_KNOWN) {
        push_known(L, machine, key, length, known);
    } else {
        lua_pushlstring(L, key, length);
    }
}

bool lk_escaped_key_equals(lk_machine *machine, const lk_document *document, const jk_child *child, const char *key,
                           size_t length) {
    size_t own;
    const char *decoded = decode_key(machine, document, child, &own);
    return own == length && memcmp(decoded, key, length) == 0;
}

/* ---- Members ---- */

static uint32_t hash(const char *key, size_t length) {
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < length; i++) value = (value ^ (uint8_t)key[i]) * 16777619u;
    return value ^ (value >> 15);
}

static void build_hash_table(lua_State *L, lk_machine *machine, lk_node *node, const lk_document *document) {
    uint32_t size = 128;
    while (size < node->count * 2) size *= 2;
    uint32_t *slots = lk_region_take(&machine->region, size * sizeof *slots);
    if (!slots) luaL_error(L, "not enough memory");
    memset(slots, 0xff, size * sizeof *slots);
    for (uint32_t member = 0; member < node->count; member++) {
        size_t length;
        const char *key = decode_key(machine, document, &node->children[member], &length);
        uint32_t slot = hash(key, length) & (size - 1);
        while (slots[slot] != LK_NONE) slot = (slot + 1) & (size - 1);
        slots[slot] = member;
    }
    node->slots = slots;
    node->mask = size - 1;
}

static uint32_t find_hashed(lua_State *L, lk_machine *machine, lk_node *node, const char *key, size_t length) {
    const lk_document *document = &machine->documents[node->document];
    if (!node->slots) build_hash_table(L, machine, node, document);
    const uint32_t *slots = node->slots;
    for (uint32_t slot = hash(key, length) & node->mask; slots[slot] != LK_NONE; slot = (slot + 1) & node->mask) {
        uint32_t member = slots[slot];
        if (lk_key_equals(machine, document, &node->children[member], key, length)) return member;
    }
    return LK_NONE;
}

uint32_t lk_find_member(lua_State *L, lk_node *node, const char *key, size_t length) {
    lk_machine *machine = LK_MACHINE(L);
    const lk_document *document = &machine->documents[node->document];
    lk_list_children(L, node);
    uint32_t cursor = node->cursor;
    if (cursor != LK_NONE && lk_key_equals(machine, document, &node->children[cursor], key, length)) return cursor;
    bool is_worth_hashing = node->count > FEW_MEMBERS && ++node->searches > FEW_SEARCHES;
    if (is_worth_hashing) return find_hashed(L, machine, node, key, length);
    for (uint32_t member = 0; member < node->count; member++) {
        if (!lk_key_equals(machine, document, &node->children[member], key, length)) continue;
        node->cursor = member;
        return member;
    }
    return LK_NONE;
}

/* ---- Children ---- */

_Noreturn static void refuse_document(lua_State *L, uint32_t number, const char *reason) {
    LK_MACHINE(L)->document = number;
    lua_pushfstring(L, "document %d cannot be read: %s", (int)number + 1, reason);
    lk_raise_as(L, LK_INVALID_DOCUMENT);
}

/* Few documents have members of the same key; for those, remembers which ones do not count. */
static void note_shadowed(lua_State *L, lk_document *document, const jk_index *index) {
    uint32_t count = 0;
    for (size_t i = 0; i < index->count; i++) count += (index->nodes[i].flags & JK_FLAG_SHADOWED) != 0;
    if (count == 0) return;
    document->shadowed = lk_region_take(&LK_MACHINE(L)->region, count * sizeof *document->shadowed);
    if (!document->shadowed) luaL_error(L, "not enough memory");
    for (size_t i = 0; i < index->count; i++) {
        if (!(index->nodes[i].flags & JK_FLAG_SHADOWED)) continue;
        document->shadowed[document->shadowed_count++] = index->nodes[i].start;
    }
}

void lk_check_document(lua_State *L, uint32_t number) {
    lk_machine *machine = LK_MACHINE(L);
    lk_document *document = &machine->documents[number];
    if (!machine->invocation->are_valid) {
        jk_problem problem;
        jk_index index;
        if (!lk_index(L, document->bytes, document->length, &index, &problem)) {
            refuse_document(L, number, problem.reason);
        }
        note_shadowed(L, document, &index);
        if (index.nodes[0].kind == JK_OBJECT) {
            document->root->start = index.nodes[0].start;
            document->root->end = index.nodes[0].end;
        }
    }
    if (document->length == 0 || document->bytes[document->root->start] != '{') {
        refuse_document(L, number, "it is not an object");
    }
    document->checked = true;
}

static int compare_places(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void flag_shadowed(const lk_document *document, jk_child *children, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t *found = bsearch(&children[i].start, document->shadowed, document->shadowed_count,
                                        sizeof *document->shadowed, compare_places);
        if (found) children[i].flags |= JK_FLAG_SHADOWED;
    }
}

void lk_list_children_now(lua_State *L, lk_node *node) {
    lk_machine *machine = LK_MACHINE(L);
    const lk_document *document = &machine->documents[node->document];
    jk_children *listed = &machine->children;
    jk_status status = jk_list_children(document->bytes, document->length, node->start, listed);
    if (status != JK_OK) {
        refuse_document(L, node->document, status == JK_OUT_OF_MEMORY ? "memory ran out" : "it is no valid JSON");
    }
    size_t size = listed->count * sizeof *listed->items;
    node->children = lk_region_take(&machine->region, size ? size : 1);
    if (!node->children) luaL_error(L, "not enough memory");
    if (size) memcpy(node->children, listed->items, size);
    node->count = (uint32_t)listed->count;
    if (document->shadowed_count > 0) flag_shadowed(document, node->children, node->count);
}
