/* Coroutines that stop with their machine.
 *
 * The stock library would let a script outlive its limit in two ways: an error raised by the hook leaves hooks
 * switched off in the coroutine it ended, and closing that coroutine then runs its pending __close functions
 * beyond any limit. So nothing is closed once time is up. Closing coroutines from inside one another has no depth
 * limit in Lua 5.4.4 and overflows the C stack; here it has one. */

#include "internal.h"

#define DEEPEST_CLOSE 16

static lua_State *check_coroutine(lua_State *L, int index) {
    lua_State *coroutine = lua_tothread(L, index);
    luaL_argexpected(L, coroutine, index, "coroutine");
    return coroutine;
}

/* Lets `coroutine` be the one that signals reach. A limit that fired in between has armed the other one. */
static void switch_to(lk_machine *machine, lua_State *coroutine) {
    machine->current = coroutine;
    if (machine->expired || machine->collect) lk_arm(machine);
}

static const char *status_of(lua_State *L, lua_State *coroutine) {
    if (L == coroutine) return "running";
    lua_Debug record;
    switch (lua_status(coroutine)) {
    case LUA_YIELD: return "suspended";
    case LUA_OK:
        if (lua_getstack(coroutine, 0, &record)) return "normal";
        return lua_gettop(coroutine) == 0 ? "dead" : "suspended";
    default: return "dead";
    }
}

/* Gives the number of results moved to L, or -1 with the error value there. */
static int resume(lua_State *L, lua_State *coroutine, int count) {
    lk_machine *machine = LK_MACHINE(L);
    const char *status = status_of(L, coroutine);
    if (strcmp(status, "suspended") != 0) {
        lua_pushfstring(L, "cannot resume %s coroutine", strcmp(status, "dead") == 0 ? status : "non-suspended");
        return -1;
    }
    if (!lua_checkstack(coroutine, count)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, coroutine, count);
    int results;
    switch_to(machine, coroutine);
    int outcome = lua_resume(coroutine, L, count, &results);
    switch_to(machine, L);
    lk_poll(L);
    if (outcome != LUA_OK && outcome != LUA_YIELD) {
        lua_xmove(coroutine, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(coroutine, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(coroutine, L, results);
    return results;
}

/* Runs what is still to be closed in `coroutine`. Gives its status; an error value is on its stack. */
static int close_coroutine(lua_State *L, lua_State *coroutine) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->close_depth >= DEEPEST_CLOSE) luaL_error(L, "coroutines closed inside one another too deeply");
    machine->close_depth++;
    switch_to(machine, coroutine);
    int status = lua_resetthread(coroutine);
    switch_to(machine, L);
    machine->close_depth--;
    lk_poll(L);
    return status;
}

static int coroutine_create(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *coroutine = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, coroutine, 1);
    return 1;
}

static int coroutine_resume(lua_State *L) {
    lua_State *coroutine = check_coroutine(L, 1);
    int results = resume(L, coroutine, lua_gettop(L) - 1);
    if (results < 0) {
        lua_pushboolean(L, 0);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushboolean(L, 1);
    lua_insert(L, -(results + 1));
    return results + 1;
}

static int wrapped(lua_State *L) {
    lua_State *coroutine = lua_tothread(L, lua_upvalueindex(1));
    int results = resume(L, coroutine, lua_gettop(L));
    if (results >= 0) return results;
    int status = lua_status(coroutine);
    bool failed = status != LUA_OK && status != LUA_YIELD;
    /* An error in a __close function replaces the first one. */
    if (failed && close_coroutine(L, coroutine) != LUA_OK) lua_xmove(coroutine, L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int coroutine_wrap(lua_State *L) {
    coroutine_create(L);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static int coroutine_yield(lua_State *L) { return lua_yield(L, lua_gettop(L)); }

static int coroutine_status(lua_State *L) {
    lua_pushstring(L, status_of(L, check_coroutine(L, 1)));
    return 1;
}

static int coroutine_isyieldable(lua_State *L) {
    lua_State *coroutine = lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
    lua_pushboolean(L, lua_isyieldable(coroutine));
    return 1;
}

static int coroutine_running(lua_State *L) {
    lua_pushboolean(L, lua_pushthread(L));
    return 2;
}

static int coroutine_close(lua_State *L) {
    lua_State *coroutine = check_coroutine(L, 1);
    const char *status = status_of(L, coroutine);
    if (strcmp(status, "dead") != 0 && strcmp(status, "suspended") != 0) {
        return luaL_error(L, "cannot close a %s coroutine", status);
    }
    if (close_coroutine(L, coroutine) == LUA_OK) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushboolean(L, 0);
    lua_xmove(coroutine, L, 1);
    return 2;
}

static const luaL_Reg functions[] = {
    {"create", coroutine_create},
    {"resume", coroutine_resume},
    {"wrap", coroutine_wrap},
    {"yield", coroutine_yield},
    {"status", coroutine_status},
    {"isyieldable", coroutine_isyieldable},
    {"running", coroutine_running},
    {"close", coroutine_close},
    {NULL, NULL},
};

void lk_open_coroutines(lua_State *L) {
    luaL_newlib(L, functions);
    lua_setfield(L, -2, "coroutine");
}
