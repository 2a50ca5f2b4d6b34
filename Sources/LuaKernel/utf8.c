/* utf8: the stock library, except that counting and finding characters of a long string looks at the limits. */

#include "internal.h"

static bool is_continuation(char byte) { return ((unsigned char)byte & 0xC0) == 0x80; }

/* Runs the stock function that the closure guards, in the same frame so that its messages name the right one. */
static int run_stock(lua_State *L) { return lua_tocfunction(L, lua_upvalueindex(1))(L); }

/* ---- len ---- */

/* The end of a piece that begins at `start`: before a byte that begins a character, so that no character is cut. Both
 * are offsets; `end` is that of the whole. */
static size_t piece_end(lua_State *L, const char *text, size_t start, size_t end) {
    size_t at = end - start > LK_PIECE ? start + LK_PIECE : end;
    while (at < end && is_continuation(text[at])) {
        if (at++ % LK_PIECE == 0) lk_poll(L);
    }
    return at;
}

/* Calls the stock function for the piece. False when it found a byte that is no UTF-8; nil and its position are on top
 * then. */
static bool count_piece(lua_State *L, size_t start, size_t end, lua_Integer *count) {
    lua_settop(L, 4);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, (lua_Integer)start + 1);
    lua_pushinteger(L, (lua_Integer)end);
    lua_pushvalue(L, 4);
    lua_call(L, 4, 2);
    if (lua_isnil(L, -2)) return false;
    *count += lua_tointeger(L, -2);
    return true;
}

static int utf8_len(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Integer first = luaL_optinteger(L, 2, 1), last = luaL_optinteger(L, 3, -1);
    if (first < 0) first += (lua_Integer)length + 1;
    if (last < 0) last += (lua_Integer)length + 1;
    bool is_long = first >= 1 && last <= (lua_Integer)length && last - first > (lua_Integer)LK_PIECE;
    if (!is_long) return run_stock(L);
    lua_Integer count = 0;
    for (size_t start = (size_t)first - 1, end; start < (size_t)last; start = end) {
        lk_poll(L);
        end = piece_end(L, text, start, (size_t)last);
        if (!count_piece(L, start, end, &count)) return 2;
    }
    lua_pushinteger(L, count);
    return 1;
}

/* ---- offset ---- */

/* Offset of the byte at or before `at` that begins a character. */
static size_t find_start(lua_State *L, const char *text, size_t at) {
    while (at > 0 && is_continuation(text[at])) {
        if (at-- % LK_PIECE == 0) lk_poll(L);
    }
    return at;
}

/* Offset of the byte at or behind `at` that begins a character, or `length`. */
static size_t find_next(lua_State *L, const char *text, size_t at, size_t length) {
    while (at < length && is_continuation(text[at])) {
        if (at++ % LK_PIECE == 0) lk_poll(L);
    }
    return at;
}

static int utf8_offset(lua_State *L) {
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    if (length <= LK_PIECE) return run_stock(L);
    lua_Integer count = luaL_checkinteger(L, 2);
    lua_Integer position = luaL_optinteger(L, 3, count >= 0 ? 1 : (lua_Integer)length + 1);
    if (position < 0) position += (lua_Integer)length + 1;
    luaL_argcheck(L, position >= 1 && position <= (lua_Integer)length + 1, 3, "position out of bounds");
    size_t at = (size_t)position - 1;
    if (count == 0) {
        at = find_start(L, text, at);
    } else if (is_continuation(text[at])) {
        return luaL_error(L, "initial position is a continuation byte");
    }
    for (; count < 0 && at > 0; count++) {
        lk_poll(L);
        at = find_start(L, text, at - 1);
    }
    for (; count > 1 && at < length; count--) {
        lk_poll(L);
        at = find_next(L, text, at + 1, length);
    }
    bool is_found = count == 0 || count == 1;
    if (is_found) {
        lua_pushinteger(L, (lua_Integer)at + 1);
    } else {
        lua_pushnil(L);
    }
    return 1;
}

void lk_open_utf8(lua_State *L) {
    lua_pushcfunction(L, luaopen_utf8);
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "len");
    lua_pushcclosure(L, utf8_len, 1);
    lua_setfield(L, -2, "len");
    lua_getfield(L, -1, "offset");
    lua_pushcclosure(L, utf8_offset, 1);
    lua_setfield(L, -2, "offset");
    lua_setfield(L, -2, "utf8");
}
