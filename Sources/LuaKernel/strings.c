/* The string library, except patterns.
 *
 * Hooks do not fire inside C functions, so every function here is bounded: by the size of what it reads, by the
 * room left for what it makes, or by an argument that is refused when too large. */

#include "internal.h"

#include <ctype.h>

#define MOST_REPEATS 10000000
#define LONGEST_FORMAT 65536
#define MOST_FORMATTED 1000
#define LONGEST_PACK_FORMAT 4096
#define LARGEST_PACKED_ITEM 65536

/* Runs the stock function that the closure guards, in the same frame so that its messages name the right one. */
static int run_stock(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(1))(L); }

/* Writes text, separator, text, ... until `total` bytes are there: copies of copies, so each is twice as long. */
static void fill(char *out, size_t total, const char *text, size_t length, const char *separator,
                 size_t separator_length) {
    memcpy(out, text, length);
    if (length == total) return;
    memcpy(out + length, separator, separator_length);
    for (size_t done = length + separator_length; done < total;) {
        size_t more = done < total - done ? done : total - done;
        memcpy(out + done, out, more);
        done += more;
    }
}

static int string_rep(lua_State *L) {
    size_t length, separator_length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *separator = luaL_optlstring(L, 3, "", &separator_length);
    if (count <= 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    luaL_argcheck(L, count <= MOST_REPEATS, 2, "count too large");
    /* Neither factor reaches 2^32 times the other, so this cannot overflow: lengths are below the memory limit. */
    size_t total = (size_t)count * length + (size_t)(count - 1) * separator_length;
    if (total > LK_MACHINE(L)->arena.limit) return luaL_error(L, "resulting string too large");
    lk_expect_room(L, total);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, total);
    if (total) fill(out, total, text, length, separator, separator_length);
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* upper, lower, reverse: as large as what they are given. */
static int same_size(lua_State *L) {
    size_t length;
    luaL_checklstring(L, 1, &length);
    lk_expect_room(L, length);
    return run_stock(L);
}

/* Replaces the argument of a %s by its text, because the stock function would show an address. */
static void prepare_argument(lua_State *L, int argument) {
    int type = lua_type(L, argument);
    if (argument > lua_gettop(L) || type == LUA_TSTRING || type == LUA_TNUMBER) return;
    lk_tostring(L, argument, NULL);
    lua_replace(L, argument);
}

static int string_format(lua_State *L) {
    size_t length;
    const char *format = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length <= LONGEST_FORMAT, 1, "format too long");
    const char *end = format + length;
    int argument = 1;
    for (const char *at = memchr(format, '%', length); at && ++at < end; at = memchr(at, '%', (size_t)(end - at))) {
        if (*at == '%') {
            at++;
            continue;
        }
        luaL_argcheck(L, ++argument <= MOST_FORMATTED, 1, "too many items to format");
        while (at < end && (strchr("-+#0 .", *at) || isdigit((unsigned char)*at))) at++;
        if (at < end && *at == 'p') return luaL_error(L, "'%%p' is not available in string.format");
        if (at < end && *at == 's') prepare_argument(L, argument);
    }
    return run_stock(L);
}

/* pack, unpack, packsize: a number in the format asks for that many bytes, whatever the arguments are. */
static int packed(lua_State *L) {
    size_t length;
    const char *format = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length <= LONGEST_PACK_FORMAT, 1, "format too long");
    for (size_t i = 0, number = 0; i < length; i++) {
        number = isdigit((unsigned char)format[i]) ? number * 10 + (size_t)(format[i] - '0') : 0;
        luaL_argcheck(L, number <= LARGEST_PACKED_ITEM, 1, "item too large");
    }
    return run_stock(L);
}

/* Without dump: a compiled function is bytes, and bytes are never loaded. */
static const char *const stock[] = {"byte", "char", "len", "sub", NULL};

static const struct {
    const char *name;
    lua_CFunction function;
} guarded[] = {
    {"upper", same_size}, {"lower", same_size},   {"reverse", same_size}, {"format", string_format},
    {"pack", packed},     {"unpack", packed},     {"packsize", packed},
};

/* Methods of strings reach the library through a metatable that all files share, so it answers no questions. */
static void protect_string_metatable(lua_State *L, int library) {
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, library);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

void lk_open_strings(lua_State *L) {
    lua_createtable(L, 0, 20);
    int library = lua_gettop(L);
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    for (const char *const *name = stock; *name; name++) {
        lua_getfield(L, -1, *name);
        lua_setfield(L, library, *name);
    }
    for (size_t i = 0; i < sizeof guarded / sizeof *guarded; i++) {
        lua_getfield(L, -1, guarded[i].name);
        lua_pushcclosure(L, guarded[i].function, 1);
        lua_setfield(L, library, guarded[i].name);
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, string_rep);
    lua_setfield(L, library, "rep");
    lk_open_patterns(L);
    protect_string_metatable(L, library);
    lua_setfield(L, -2, "string");
}
