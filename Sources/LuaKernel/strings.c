/* The string library, except patterns.
 *
 * Hooks do not fire inside C functions, so every function here is bounded: by the size of what it reads, by the
 * room left for what it makes, or by an argument that is refused when too large. */

#include "internal.h"

#include <ctype.h>
#include <stdio.h>

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
    lk_expect_string(L, total);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, total);
    if (total) fill(out, total, text, length, separator, separator_length);
    luaL_pushresultsize(&buffer, total);
    return 1;
}

/* ---- upper, lower, reverse: as large as what they are given ---- */

/* Writes `count` bytes of the result; `text` and `end` are all of what is given, `at` is where this piece begins. */
typedef void (*converter)(char *out, const char *text, const char *end, size_t at, size_t count);

static void convert_upper(char *out, const char *text, const char *end, size_t at, size_t count) {
    (void)end;
    for (size_t i = 0; i < count; i++) {
        char byte = text[at + i];
        out[i] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
    }
}

static void convert_lower(char *out, const char *text, const char *end, size_t at, size_t count) {
    (void)end;
    for (size_t i = 0; i < count; i++) {
        char byte = text[at + i];
        out[i] = byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
    }
}

static void convert_reverse(char *out, const char *text, const char *end, size_t at, size_t count) {
    (void)text;
    for (size_t i = 0; i < count; i++) out[i] = end[-1 - (ptrdiff_t)(at + i)];
}

static int convert(lua_State *L, converter piece) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lk_expect_room(L, length);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, length);
    for (size_t done = 0, count; done < length; done += count) {
        lk_poll(L);
        count = length - done < LK_PIECE ? length - done : LK_PIECE;
        piece(out + done, text, text + length, done, count);
    }
    luaL_pushresultsize(&buffer, length);
    return 1;
}

static int string_upper(lua_State *L) { return convert(L, convert_upper); }
static int string_lower(lua_State *L) { return convert(L, convert_lower); }
static int string_reverse(lua_State *L) { return convert(L, convert_reverse); }

/* ---- format ---- */

/* Pushes the string at `index` as %q writes it. */
static void push_quoted(lua_State *L, int index) {
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    luaL_addchar(&out, '"');
    for (size_t i = 0; i < length; i++) {
        if (i % LK_PIECE == 0) lk_poll(L);
        unsigned char byte = (unsigned char)text[i];
        if (byte == '"' || byte == '\\' || byte == '\n') {
            luaL_addchar(&out, '\\');
            luaL_addchar(&out, (char)byte);
        } else if (byte < ' ' || byte == 0x7F) {
            char code[8];
            bool is_followed_by_digit = i + 1 < length && isdigit((unsigned char)text[i + 1]);
            int width = snprintf(code, sizeof code, is_followed_by_digit ? "\\%03d" : "\\%d", byte);
            luaL_addlstring(&out, code, (size_t)width);
        } else {
            luaL_addchar(&out, (char)byte);
        }
    }
    luaL_addchar(&out, '"');
    luaL_pushresult(&out);
}

/* Replaces the argument of a %s by its text, because the stock function would show an address. */
static void prepare_argument(lua_State *L, int argument) {
    int type = lua_type(L, argument);
    if (argument > lua_gettop(L) || type == LUA_TSTRING || type == LUA_TNUMBER) return;
    lk_tostring(L, argument, NULL);
    lua_replace(L, argument);
}

typedef struct item {
    const char *start, *letter; /* behind the percent sign, and what follows the flags and digits */
    int argument;
} item;

/* Moves on to the next item that takes an argument; false at the end of the format. */
static bool next_item(item *at, const char *end) {
    const char *next = at->letter;
    while ((next = memchr(next, '%', (size_t)(end - next))) && ++next < end) {
        if (*next++ == '%') continue;
        at->start = at->letter = next - 1;
        while (at->letter < end && (strchr("-+#0 .", *at->letter) || isdigit((unsigned char)*at->letter))) at->letter++;
        at->argument++;
        return at->letter < end;
    }
    return false;
}

static bool is_quoted_string(lua_State *L, const item *at) {
    return *at->letter == 'q' && at->letter == at->start && lua_type(L, at->argument) == LUA_TSTRING;
}

/* Checks the items and prepares their arguments. Says whether strings were quoted. */
static bool prepare_arguments(lua_State *L, const char *format, const char *end) {
    bool are_quoted = false;
    size_t total = 0;
    for (item at = {format, format, 1}; next_item(&at, end);) {
        lk_poll(L);
        luaL_argcheck(L, at.argument <= MOST_FORMATTED, 1, "too many items to format");
        if (*at.letter == 'p') luaL_error(L, "'%%p' is not available in string.format");
        if (*at.letter == 's') prepare_argument(L, at.argument);
        if (is_quoted_string(L, &at)) {
            push_quoted(L, at.argument);
            lua_replace(L, at.argument);
            are_quoted = true;
        }
        if (lua_type(L, at.argument) == LUA_TSTRING) total += lua_rawlen(L, at.argument);
    }
    lk_expect_string(L, total);
    return are_quoted;
}

/* Where a string was quoted already, the format asks for it as it is. */
static void replace_format(lua_State *L, const char *format, size_t length) {
    char *copy = lua_newuserdatauv(L, length, 0);
    memcpy(copy, format, length);
    for (item at = {format, format, 1}; next_item(&at, format + length);) {
        if (is_quoted_string(L, &at)) copy[at.letter - format] = 's';
    }
    lua_pushlstring(L, copy, length);
    lua_replace(L, 1);
    lua_pop(L, 1);
}

static int string_format(lua_State *L) {
    size_t length;
    const char *format = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, length <= LONGEST_FORMAT, 1, "format too long");
    if (prepare_arguments(L, format, format + length)) replace_format(L, format, length);
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

/* ---- Assembly ---- */

/* Without dump: a compiled function is bytes, and bytes are never loaded. */
static const char *const stock[] = {"byte", "char", "len", "sub", NULL};

static const struct {
    const char *name;
    lua_CFunction function;
} guarded[] = {
    {"format", string_format}, {"pack", packed}, {"unpack", packed}, {"packsize", packed},
};

static const luaL_Reg own[] = {
    {"upper", string_upper}, {"lower", string_lower}, {"reverse", string_reverse}, {"rep", string_rep}, {NULL, NULL},
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
    luaL_setfuncs(L, own, 0);
    lk_open_patterns(L);
    protect_string_metatable(L, library);
    lua_setfield(L, -2, "string");
}
