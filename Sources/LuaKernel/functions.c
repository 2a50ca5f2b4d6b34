/* Functions that scripts hand over, by number.
 *
 * The host knows a function by its handle. A handle is good until the load or call ends in which the function was
 * handed over; a function that the host keeps has one until the host releases it as often as it kept it. Otherwise
 * a handler that passes on a new closure at each event would make its machine grow for ever. Handles are never used
 * again, so a stale one finds nothing instead of something else. */

#include "internal.h"

int64_t lk_function_handle(lua_State *L, int index) {
    lk_machine *machine = LK_MACHINE(L);
    index = lua_absindex(L, index);
    luaL_checkstack(L, 6, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HANDLES);
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_Integer handle = ++machine->last_handle;
        lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_FUNCTIONS);
        lua_pushvalue(L, index);
        lua_rawseti(L, -2, handle);
        lua_pop(L, 2);
        lua_pushvalue(L, index);
        lua_pushinteger(L, handle);
        lua_rawset(L, -3);
        lua_pushinteger(L, handle);
    }
    int64_t handle = lua_tointeger(L, -1);
    lua_pop(L, 2);
    return handle;
}

void lk_push_function(lua_State *L, int64_t handle) {
    luaL_checkstack(L, 4, NULL);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_FUNCTIONS);
    if (lua_rawgeti(L, -1, handle) != LUA_TFUNCTION) luaL_error(L, "there is no function %I", (LUAI_UACINT)handle);
    lua_replace(L, -2);
}

/* Pushes the table of counts and how often the function is kept. */
static lua_Integer push_kept(lua_State *L, int64_t handle) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_KEPT);
    lua_rawgeti(L, -1, handle);
    return lua_tointeger(L, -1);
}

/* Only ever assigns nil to what is there, which cannot fail; so do those that call it. */
static void drop(lua_State *L, int64_t handle) {
    int top = lua_gettop(L);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_FUNCTIONS);
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_HANDLES);
    if (lua_rawgeti(L, top + 1, handle) != LUA_TNIL) {
        lua_pushvalue(L, -1);
        if (lua_rawget(L, top + 2) != LUA_TNIL) {
            lua_pushvalue(L, top + 3);
            lua_pushnil(L);
            lua_rawset(L, top + 2);
        }
        lua_pushnil(L);
        lua_rawseti(L, top + 1, handle);
    }
    lua_settop(L, top);
}

void lk_keep_function(lua_State *L, int index) {
    int64_t handle = lk_function_handle(L, index);
    lua_Integer count = push_kept(L, handle);
    lua_pushinteger(L, count + 1);
    lua_rawseti(L, -3, handle);
    lua_pop(L, 2);
}

void lk_release_function(lua_State *L, int64_t handle) {
    lua_Integer count = push_kept(L, handle);
    lua_pop(L, 1);
    if (count > 0) {
        if (count > 1) {
            lua_pushinteger(L, count - 1);
        } else {
            lua_pushnil(L);
        }
        lua_rawseti(L, -2, handle);
        if (count == 1) drop(L, handle);
    }
    lua_pop(L, 1);
}

void lk_forget_functions(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    for (int64_t handle = machine->first_handle; handle <= machine->last_handle; handle++) {
        bool is_kept = push_kept(L, handle) > 0;
        lua_pop(L, 2);
        if (!is_kept) drop(L, handle);
    }
}

void lk_machine_release(lk_machine *machine, int64_t function) {
    /* A machine that was killed is not touched any more. */
    if (!machine->poisoned) lk_release_function(machine->L, function);
}
