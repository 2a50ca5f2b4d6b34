/* os: the time of day and nothing else of the system. */

#include "internal.h"

#define LONGEST_DATE_FORMAT 200

/* Seconds on the CPU since the call began, in steps too coarse to time another program's work by. */
static int os_clock(lua_State *L) {
    lk_worker *worker = LK_MACHINE(L)->worker;
    int64_t nanoseconds = worker ? lk_worker_cpu(worker) : 0;
    lua_pushnumber(L, (lua_Number)(nanoseconds / 20000) * 20e-6);
    return 1;
}

static int os_date(lua_State *L) {
    size_t length;
    luaL_optlstring(L, 1, "%c", &length);
    luaL_argcheck(L, lua_isnoneornil(L, 1) || length <= LONGEST_DATE_FORMAT, 1, "format too long");
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

void lk_open_clock(lua_State *L) {
    lua_createtable(L, 0, 4);
    lua_pushcfunction(L, luaopen_os);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "time");
    lua_setfield(L, -3, "time");
    lua_getfield(L, -1, "difftime");
    lua_setfield(L, -3, "difftime");
    lua_getfield(L, -1, "date");
    lua_pushcclosure(L, os_date, 1);
    lua_setfield(L, -3, "date");
    lua_pop(L, 1);
    lua_pushcfunction(L, os_clock);
    lua_setfield(L, -2, "clock");
    lua_setfield(L, -2, "os");
}
