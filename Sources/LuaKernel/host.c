/* The one way from a script to Swift.
 *
 * Swift gets flat bytes, writes flat bytes and returns a status; only then, with its frame gone, are results
 * turned into values or an error raised. Both buffers belong to the machine, so an error leaks nothing. */

#include "internal.h"

static void write_arguments(lua_State *L, lk_machine *machine) {
    machine->arguments.length = 0;
    machine->argument_values = 0;
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) lk_write_frame(L, i, &machine->arguments);
}

static int push_results(lua_State *L, lk_machine *machine, uint32_t count) {
    lk_reader reader = {machine->results.bytes, machine->results.bytes + machine->results.length, 0};
    if (count > 250) return luaL_error(L, "too many results");
    luaL_checkstack(L, (int)count + 8, "too many results");
    for (uint32_t i = 0; i < count; i++) lk_read_frame(L, &reader);
    return (int)count;
}

static int raise_failure(lua_State *L, lk_machine *machine) {
    luaL_where(L, 1);
    lua_pushlstring(L, (const char *)machine->results.bytes, machine->results.length);
    lua_concat(L, 2);
    lk_raise_as(L, LK_HOST);
}

static void keep_arguments(lua_State *L) {
    for (int i = lua_gettop(L); i > 0; i--) {
        if (lua_isfunction(L, i)) lk_keep_function(L, i);
    }
}

static void release_arguments(lua_State *L) {
    for (int i = lua_gettop(L); i > 0; i--) {
        if (lua_isfunction(L, i)) lk_release_function(L, lk_function_handle(L, i));
    }
}

/* Upvalues: number of the function, flags, path. */
static int call_host(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    lua_Integer flags = lua_tointeger(L, lua_upvalueindex(2));
    if (machine->loading && !(flags & LK_WHILE_LOADING)) {
        return luaL_error(L, "%s cannot be called while a file is loading", lua_tostring(L, lua_upvalueindex(3)));
    }
    lk_poll(L);
    lk_place place = {{0}, 0};
    write_arguments(L, machine);
    if (flags & LK_KEEPS_FUNCTIONS) keep_arguments(L);
    lk_find_place(L, &place);
    lk_host_call call = {
        .function = (uint32_t)lua_tointeger(L, lua_upvalueindex(1)),
        .count = (uint32_t)lua_gettop(L),
        .arguments = machine->arguments.bytes,
        .length = machine->arguments.length,
        .loading = machine->loading,
        .file = place.file,
        .line = place.line,
    };
    uint32_t count = 0;
    machine->results.length = 0;
    lk_worker_enter_host(machine->worker);
    int failed = machine->host(machine->context, &call, &machine->results, &count);
    lk_worker_leave_host(machine->worker);
    if (failed && (flags & LK_KEEPS_FUNCTIONS)) release_arguments(L);
    lk_poll(L);
    lua_settop(L, 0);
    return failed ? raise_failure(L, machine) : push_results(L, machine, count);
}

void lk_push_host_function(lua_State *L, const char *path, uint32_t function, int flags) {
    lua_pushinteger(L, function);
    lua_pushinteger(L, flags);
    lua_pushstring(L, path);
    lua_pushcclosure(L, call_host, 3);
}
