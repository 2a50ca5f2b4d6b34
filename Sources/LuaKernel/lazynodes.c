/* Lazy tables: which node belongs to which.
 *
 * Nothing in a lazy table says which node is its own; its address does. A table that is collected may leave its
 * address to another: to a lazy one, which enters itself anew, or to one that is not lazy, which nobody looks up here. */

#include "internal.h"

#include <stdlib.h>

#define FIRST_PLACES 256
#define MOST_KEPT (64 * 1024) /* places that stay for the next call */

void lk_raise_stale(lua_State *L) {
    luaL_error(L, "this value belongs to a call that has ended");
    __builtin_unreachable();
}

/* The table's place, or the free one it may take: those of earlier calls are free. There is always one. */
static lk_place_of_node *find_place(const lk_nodes *nodes, const void *table, uint32_t generation) {
    uint64_t mixed = (uint64_t)(uintptr_t)table * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(mixed >> 32) & (nodes->size - 1);
    while (nodes->places[at].generation == generation && nodes->places[at].table != table) {
        at = (at + 1) & (nodes->size - 1);
    }
    return &nodes->places[at];
}

/* Twice as many places. False when memory ran out. */
static bool grow(lk_nodes *nodes, uint32_t generation) {
    lk_nodes grown = {.size = nodes->size ? nodes->size * 2 : FIRST_PLACES, .count = nodes->count};
    grown.places = calloc(grown.size, sizeof *grown.places);
    if (!grown.places) return false;
    for (size_t at = 0; at < nodes->size; at++) {
        const lk_place_of_node *place = &nodes->places[at];
        if (place->generation == generation) *find_place(&grown, place->table, generation) = *place;
    }
    free(nodes->places);
    *nodes = grown;
    return true;
}

lk_node *lk_push_new_node(lua_State *L, lk_node start) {
    lk_machine *machine = LK_MACHINE(L);
    lk_nodes *nodes = &machine->nodes;
    luaL_checkstack(L, 6, NULL);
    if (2 * nodes->count >= nodes->size && !grow(nodes, machine->generation)) luaL_error(L, "not enough memory");
    lk_node *node = lk_region_take(&machine->region, sizeof *node);
    if (!node) luaL_error(L, "not enough memory");
    *node = start;
    node->cursor = LK_NONE;
    lua_newtable(L);
    const void *table = lua_topointer(L, -1);
    if (table == nodes->last_table) nodes->last_table = NULL;
    *find_place(nodes, table, machine->generation) = (lk_place_of_node){table, node, machine->generation};
    nodes->count++;
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_LAZY);
    lua_setmetatable(L, -2);
    return node;
}

lk_node *lk_find_node(const lk_machine *machine, const void *table) {
    if (machine->nodes.size == 0) return NULL;
    const lk_place_of_node *place = find_place(&machine->nodes, table, machine->generation);
    return place->generation == machine->generation ? place->node : NULL;
}

lk_node *lk_node_at(lua_State *L, int index) {
    lk_machine *machine = LK_MACHINE(L);
    const void *table = lua_topointer(L, index);
    /* Scripts use one table several times in a row. */
    if (table && table == machine->nodes.last_table) return machine->nodes.last;
    lk_node *node = lk_find_node(machine, table);
    if (!node) lk_raise_stale(L);
    if (node->kind <= LK_KIND_ARRAY && !machine->documents[node->document].checked) {
        lk_check_document(L, node->document);
    }
    machine->nodes.last_table = table;
    machine->nodes.last = node;
    return node;
}

void lk_forget_nodes(lk_machine *machine) {
    lk_nodes *nodes = &machine->nodes;
    nodes->count = 0;
    nodes->last_table = NULL;
    if (nodes->size <= MOST_KEPT) return;
    free(nodes->places);
    *nodes = (lk_nodes){0};
}
