/* How a running script is stopped.
 *
 * Nothing watches while there is time and memory: no hook is set, so limits cost nothing until they fire. When one
 * does, `expired` is set and a hook that fires at every instruction is armed on the running coroutine. The hook
 * raises a light userdata that no script can hold on to: our own pcall, coroutine and library functions all look
 * at `expired` and raise again, so nothing catches it. */

#include "internal.h"

const char lk_kill_value = 0;

static void hook(lua_State *L, lua_Debug *record) {
    (void)record;
    lk_machine *machine = LK_MACHINE(L);
    lk_poll(L);
    lua_sethook(L, NULL, 0, 0);
    /* The signal may have come between the two lines above. */
    if (machine->expired || machine->collect) lk_arm(machine);
}

void lk_arm(lk_machine *machine) {
    lua_State *L = machine->current;
    if (L) lua_sethook(L, hook, LUA_MASKCOUNT, 1);
}

void lk_expire(lk_machine *machine, lk_status reason) {
    if (!machine->expired) machine->expired = reason;
    lk_arm(machine);
}

void lk_raise_kill(lua_State *L) {
    lk_note_place(L);
    lua_pushlightuserdata(L, (void *)&lk_kill_value);
    lua_error(L);
    __builtin_unreachable();
}

/* A sixteenth of the limit has to be free after collecting, or the next collection would follow at once and the
 * script would spend its time in there. */
static bool memory_is_exhausted(const lk_arena *arena) {
    return arena->used > arena->limit - arena->limit / 16 || arena->held > arena->limit * 3;
}

static void collect(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    lua_gc(L, LUA_GCCOLLECT);
    /* Collecting resizes tables of its own, which may ask again. */
    machine->collect = 0;
    if (memory_is_exhausted(&machine->arena)) lk_expire(machine, LK_MEMORY_LIMIT);
}

void lk_poll_slowly(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (!machine->expired && machine->collect) collect(L);
    if (machine->expired) lk_raise_kill(L);
}

void lk_expect_string(lua_State *L, size_t length) {
    if (length > LK_LONGEST_STRING) luaL_error(L, "resulting string too large");
    lk_expect_room(L, length);
}

void lk_expect_room(lua_State *L, size_t size) {
    lk_arena *arena = &LK_MACHINE(L)->arena;
    if (size < arena->limit && arena->used <= arena->limit - size) return;
    if (size < arena->limit) lua_gc(L, LUA_GCCOLLECT);
    if (size >= arena->limit || arena->used > arena->limit - size) luaL_error(L, "not enough memory");
}
