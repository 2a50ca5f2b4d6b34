/* string.find, match, gmatch and gsub over our own matcher. Arguments, results and messages are those of the
 * stock library. */

#include "patterns.h"

static void prepare(lk_match *match, lua_State *L, const char *subject, size_t length, const char *pattern_end) {
    match->L = L;
    match->machine = LK_MACHINE(L);
    match->subject = subject;
    match->subject_end = subject + length;
    match->pattern_end = pattern_end;
}

/* Pushes one capture; the whole match stands for the first one of a pattern without any. */
static void push_capture(const lk_match *match, int number, const char *start, const char *end) {
    lua_State *L = match->L;
    if (number >= match->captures) {
        if (number != 0) luaL_error(L, "invalid capture index %%%d", number + 1);
        lua_pushlstring(L, start, (size_t)(end - start));
        return;
    }
    const char *from = match->capture[number].start;
    ptrdiff_t length = match->capture[number].length;
    if (length == LK_CAPTURE_OPEN) luaL_error(L, "unfinished capture");
    if (length == LK_CAPTURE_POSITION) {
        lua_pushinteger(L, from - match->subject + 1);
    } else {
        lua_pushlstring(L, from, (size_t)length);
    }
}

static int push_captures(const lk_match *match, const char *start, const char *end) {
    int count = match->captures == 0 && start ? 1 : match->captures;
    luaL_checkstack(match->L, count, "too many captures");
    for (int i = 0; i < count; i++) push_capture(match, i, start, end);
    return count;
}

/* Zero-based offset for a position that may count from the end. */
static size_t start_offset(lua_Integer position, size_t length) {
    if (position > 0) return (size_t)position - 1;
    if (position == 0 || position < -(lua_Integer)length) return 0;
    return length + (size_t)position;
}

static bool is_plain(lua_State *L, const char *pattern, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (i % LK_PIECE == 0) lk_poll(L);
        if (pattern[i] && strchr("^$*+?.([%-", pattern[i])) return false;
    }
    return true;
}

/* The first occurrence, or NULL. Searches piece by piece, and for the first piece of what is wanted. */
static const char *find_bytes(lua_State *L, const char *at, const char *end, const char *wanted, size_t length) {
    size_t head = length < LK_PIECE ? length : LK_PIECE;
    while ((size_t)(end - at) >= length) {
        lk_poll(L);
        size_t window = (size_t)(end - at) < LK_PIECE + head ? (size_t)(end - at) : LK_PIECE + head;
        const char *found = memmem(at, window, wanted, head);
        if (!found) {
            at += window - head + 1;
        } else if ((size_t)(end - found) < length) {
            return NULL;
        } else if (memcmp(found + head, wanted + head, length - head) == 0) {
            return found;
        } else {
            at = found + 1;
        }
    }
    return NULL;
}

static int find_plain(lua_State *L, const char *subject, size_t length, size_t offset) {
    size_t wanted_length;
    const char *wanted = lua_tolstring(L, 2, &wanted_length);
    const char *found = find_bytes(L, subject + offset, subject + length, wanted, wanted_length);
    if (!found) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushinteger(L, found - subject + 1);
    lua_pushinteger(L, found - subject + (lua_Integer)wanted_length);
    return 2;
}

static int search(lua_State *L, bool gives_positions) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    size_t offset = start_offset(luaL_optinteger(L, 3, 1), length);
    if (offset > length) {
        lua_pushnil(L);
        return 1;
    }
    if (gives_positions && (lua_toboolean(L, 4) || is_plain(L, pattern, pattern_length))) {
        return find_plain(L, subject, length, offset);
    }
    lk_match match;
    prepare(&match, L, subject, length, pattern + pattern_length);
    bool anchored = pattern_length > 0 && *pattern == '^';
    for (const char *at = subject + offset; at <= match.subject_end; at++) {
        const char *end = lk_match_at(&match, at, pattern + anchored);
        if (end && !gives_positions) return push_captures(&match, at, end);
        if (end) {
            lua_pushinteger(L, at - subject + 1);
            lua_pushinteger(L, end - subject);
            return push_captures(&match, NULL, NULL) + 2;
        }
        if (anchored) break;
    }
    lua_pushnil(L);
    return 1;
}

static int string_find(lua_State *L) { return search(L, true); }
static int string_match(lua_State *L) { return search(L, false); }

/* Upvalues: subject, pattern, offset to go on from, end of the last match or -1. */
static int next_match(lua_State *L) {
    size_t length, pattern_length;
    const char *subject = lua_tolstring(L, lua_upvalueindex(1), &length);
    const char *pattern = lua_tolstring(L, lua_upvalueindex(2), &pattern_length);
    size_t offset = (size_t)lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    lk_match match;
    prepare(&match, L, subject, length, pattern + pattern_length);
    for (; offset <= length; offset++) {
        const char *end = lk_match_at(&match, subject + offset, pattern);
        if (!end || end - subject == last) continue;
        lua_pushinteger(L, end - subject);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&match, subject + offset, end);
    }
    return 0;
}

static int string_gmatch(lua_State *L) {
    size_t length;
    luaL_checklstring(L, 1, &length);
    luaL_checkstring(L, 2);
    size_t offset = start_offset(luaL_optinteger(L, 3, 1), length);
    lua_settop(L, 2);
    lua_pushinteger(L, offset > length ? (lua_Integer)length + 1 : (lua_Integer)offset);
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* Adds the replacement text with its %0 to %9 filled in. */
static void add_template(const lk_match *match, luaL_Buffer *out, const char *start, const char *end) {
    lua_State *L = match->L;
    size_t length;
    const char *text = lua_tolstring(L, 3, &length);
    const char *text_end = text + length;
    for (const char *escape; (escape = memchr(text, '%', (size_t)(text_end - text))); text = escape + 2) {
        lk_poll(L);
        luaL_addlstring(out, text, (size_t)(escape - text));
        char what = escape + 1 < text_end ? escape[1] : '\0';
        if (what == '%') {
            luaL_addchar(out, '%');
        } else if (what == '0') {
            luaL_addlstring(out, start, (size_t)(end - start));
        } else if (what >= '1' && what <= '9') {
            push_capture(match, what - '1', start, end);
            luaL_tolstring(L, -1, NULL);
            lua_remove(L, -2);
            luaL_addvalue(out);
        } else {
            luaL_error(L, "invalid use of '%%' in replacement string");
        }
    }
    luaL_addlstring(out, text, (size_t)(text_end - text));
}

/* Adds what the replacement gives for one match. False when it keeps the original. */
static bool add_replacement(const lk_match *match, luaL_Buffer *out, const char *start, const char *end) {
    lua_State *L = match->L;
    switch (lua_type(L, 3)) {
    case LUA_TFUNCTION:
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(match, start, end), 1);
        break;
    case LUA_TTABLE:
        push_capture(match, 0, start, end);
        lua_gettable(L, 3);
        break;
    default: add_template(match, out, start, end); return true;
    }
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, start, (size_t)(end - start));
        return false;
    }
    if (!lua_isstring(L, -1)) luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    luaL_addvalue(out);
    return true;
}

static int string_gsub(lua_State *L) {
    size_t length, pattern_length;
    const char *subject = luaL_checklstring(L, 1, &length);
    const char *pattern = luaL_checklstring(L, 2, &pattern_length);
    int type = lua_type(L, 3);
    bool fits = type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE;
    luaL_argexpected(L, fits, 3, "string/function/table");
    lua_Integer most = luaL_optinteger(L, 4, (lua_Integer)length + 1), count = 0;
    bool anchored = pattern_length > 0 && *pattern == '^', changed = false;
    if (type == LUA_TNUMBER) lua_tolstring(L, 3, NULL);
    lk_match match;
    prepare(&match, L, subject, length, pattern + pattern_length);
    luaL_Buffer out;
    luaL_buffinit(L, &out);
    const char *at = subject, *last = NULL;
    while (count < most) {
        lk_poll(L);
        const char *end = lk_match_at(&match, at, pattern + anchored);
        if (end && end != last) {
            count++;
            changed = add_replacement(&match, &out, at, end) || changed;
            at = last = end;
        } else if (at < match.subject_end) {
            luaL_addchar(&out, *at++);
        } else {
            break;
        }
        if (anchored) break;
    }
    if (changed) {
        luaL_addlstring(&out, at, (size_t)(match.subject_end - at));
        luaL_pushresult(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

static const luaL_Reg functions[] = {
    {"find", string_find}, {"match", string_match}, {"gmatch", string_gmatch}, {"gsub", string_gsub}, {NULL, NULL},
};

void lk_open_patterns(lua_State *L) { luaL_setfuncs(L, functions, 0); }
