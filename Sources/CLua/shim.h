#ifndef TIDELOCK_CLUA_SHIM_H
#define TIDELOCK_CLUA_SHIM_H

/* Names the system's Lua 5.4. Only LuaKernel includes this; Swift never sees a lua_State. */
#include <lua5.4/lua.h>
#include <lua5.4/lauxlib.h>
#include <lua5.4/lualib.h>

#endif
