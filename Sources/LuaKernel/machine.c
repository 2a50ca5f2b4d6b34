/* Making a machine, filling its library, dropping it. */

#include "internal.h"

#include <stdlib.h>

typedef struct declaration {
    const char *path, *name;
    const uint8_t *bytes;
    size_t length;
    uint32_t function;
    int flags;
} declaration;

static lk_status run_protected(lk_machine *machine, lua_CFunction body, const declaration *what) {
    lua_State *L = machine->L;
    if (machine->sealed) return LK_MISUSE;
    machine->expired = machine->collect = 0;
    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, (void *)what);
    int status = lua_pcall(L, 1, 0, 0);
    if (status != LUA_OK) lua_pop(L, 1);
    lua_sethook(L, NULL, 0, 0);
    if (machine->expired || status == LUA_ERRMEM) return LK_MEMORY_LIMIT;
    return status == LUA_OK ? LK_OK : LK_MISUSE;
}

static void add_table(lua_State *L, int slot) {
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, slot);
}

/* Numbers that tostring shows must not keep alive what they number. */
static void add_identities(lua_State *L) {
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_IDENTITIES);
}

static int open_machine(lua_State *L) {
    add_table(L, LK_SLOT_FUNCTIONS);
    add_table(L, LK_SLOT_HANDLES);
    add_table(L, LK_SLOT_KEPT);
    add_table(L, LK_SLOT_KEYS);
    add_identities(L);
    lk_open_lazy(L);
    lk_open_markers(L);
    lk_open_secrets(L);
    lk_open_library(L);
    return 0;
}

lk_machine *lk_machine_create(size_t memory_limit, lk_host host) {
    lk_machine *machine = calloc(1, sizeof *machine);
    if (!machine) return NULL;
    lk_arena_open(&machine->arena, memory_limit);
    machine->host = host;
    machine->L = lua_newstate(lk_allocate, machine);
    if (machine->L) {
        LK_MACHINE(machine->L) = machine;
        machine->current = machine->L;
        /* What the library is built from stays, so collecting meanwhile finds nothing. */
        lua_gc(machine->L, LUA_GCSTOP);
        if (run_protected(machine, open_machine, NULL) == LK_OK) return machine;
    }
    lk_machine_destroy(machine);
    return NULL;
}

void lk_machine_destroy(lk_machine *machine) {
    lk_buffer *buffers[] = {&machine->arguments, &machine->results, &machine->returned, &machine->marks,
                            &machine->output,    &machine->scratch, &machine->message,  &machine->traceback};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) lk_buffer_release(buffers[i]);
    lk_region_release(&machine->region);
    if (machine->parser) jk_parser_destroy(machine->parser);
    jk_children_release(&machine->children);
    free(machine->documents);
    free(machine->nodes.places);
    free(machine->changes);
    /* Not lua_close: that would run what a script left to be run, with no limit in force. */
    lk_arena_close(&machine->arena);
    free(machine);
}

int lk_machine_is_poisoned(const lk_machine *machine) { return machine->poisoned; }

/* ---- What scripts may use ---- */

static int declare_function(lua_State *L) {
    const declaration *what = lua_touserdata(L, 1);
    lk_push_host_function(L, what->path, what->function, what->flags);
    lk_declare(L, what->path);
    return 0;
}

static int declare_constant(lua_State *L) {
    const declaration *what = lua_touserdata(L, 1);
    lk_reader reader = {what->bytes, what->bytes + what->length, 0};
    lk_read_frame(L, &reader);
    lk_declare(L, what->path);
    return 0;
}

static int declare_json(lua_State *L) {
    const declaration *what = lua_touserdata(L, 1);
    lk_push_json(L);
    lk_declare(L, what->path);
    return 0;
}

static int declare_module(lua_State *L) {
    const declaration *what = lua_touserdata(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_MODULES);
    lua_createtable(L, 2, 0);
    lua_pushstring(L, what->path);
    lua_rawseti(L, -2, 1);
    lua_pushlstring(L, (const char *)what->bytes, what->length);
    lua_rawseti(L, -2, 2);
    lua_setfield(L, -2, what->name);
    return 0;
}

static int seal(lua_State *L) {
    lk_seal_library(L);
    return 0;
}

lk_status lk_machine_add_function(lk_machine *machine, const char *path, uint32_t function, int flags) {
    return run_protected(machine, declare_function,
                         &(declaration){.path = path, .function = function, .flags = flags});
}

lk_status lk_machine_add_constant(lk_machine *machine, const char *path, const uint8_t *frame, size_t length) {
    return run_protected(machine, declare_constant, &(declaration){.path = path, .bytes = frame, .length = length});
}

lk_status lk_machine_add_json(lk_machine *machine, const char *path) {
    return run_protected(machine, declare_json, &(declaration){.path = path});
}

lk_status lk_machine_add_module(lk_machine *machine, const char *name, const char *path, const uint8_t *text,
                                size_t length) {
    return run_protected(machine, declare_module,
                         &(declaration){.path = path, .name = name, .bytes = text, .length = length});
}

lk_status lk_machine_seal(lk_machine *machine) {
    lk_status status = run_protected(machine, seal, NULL);
    machine->sealed = status == LK_OK;
    lua_gc(machine->L, LUA_GCRESTART);
    return status;
}
