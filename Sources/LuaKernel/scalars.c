/* Numbers and strings between JSON text and Lua. */

#include "internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* False when the token does not fit 64 bits. */
static bool parse_integer(const uint8_t *at, const uint8_t *end, lua_Integer *value) {
    bool negative = *at == '-';
    lua_Integer result = 0;
    for (at += negative; at < end; at++) {
        int digit = *at - '0';
        if (__builtin_mul_overflow(result, 10, &result)) return false;
        if (__builtin_sub_overflow(result, digit, &result)) return false;
    }
    /* Collected as a negative number, because only that side has room for the smallest one. */
    if (negative) {
        *value = result;
        return true;
    }
    return !__builtin_sub_overflow((lua_Integer)0, result, value);
}

static void push_number(lua_State *L, const uint8_t *bytes, const jk_node *node) {
    lua_Integer integer;
    if ((node->flags & JK_FLAG_INTEGER) && parse_integer(bytes + node->start, bytes + node->end, &integer)) {
        lua_pushinteger(L, integer);
    } else {
        /* Whatever follows a number in JSON ends it for strtod too. */
        lua_pushnumber(L, strtod((const char *)bytes + node->start, NULL));
    }
}

static void push_string(lua_State *L, const uint8_t *bytes, const jk_node *node) {
    size_t length = node->end - node->start - 2;
    if (!(node->flags & JK_FLAG_ESCAPED)) {
        lua_pushlstring(L, (const char *)bytes + node->start + 1, length);
        return;
    }
    lk_expect_room(L, length);
    luaL_Buffer buffer;
    char *out = luaL_buffinitsize(L, &buffer, length);
    luaL_pushresultsize(&buffer, jk_decode_string(bytes, node->start + 1, node->end - 1, (uint8_t *)out));
}

void lk_push_scalar(lua_State *L, const uint8_t *bytes, const jk_node *node) {
    switch (node->kind) {
    case JK_FALSE: lua_pushboolean(L, 0); break;
    case JK_TRUE: lua_pushboolean(L, 1); break;
    case JK_NUMBER: push_number(L, bytes, node); break;
    case JK_STRING: push_string(L, bytes, node); break;
    default: lk_push_null(L);
    }
}

void lk_put_integer(lua_State *L, lk_buffer *buffer, lua_Integer value) {
    char text[32];
    lk_put_bytes(L, buffer, text, (size_t)snprintf(text, sizeof text, LUA_INTEGER_FMT, value));
}

void lk_put_number(lua_State *L, lk_buffer *buffer, lua_Number value) {
    char text[40];
    int length = 0;
    for (int digits = 15; digits <= 17; digits++) {
        length = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) break;
    }
    /* A float stays one when it is read again. */
    if (!strpbrk(text, ".e")) length += snprintf(text + length, sizeof text - (size_t)length, ".0");
    lk_put_bytes(L, buffer, text, (size_t)length);
}

bool lk_put_string(lua_State *L, lk_buffer *buffer, const char *bytes, size_t length) {
    if (!jk_valid_utf8((const uint8_t *)bytes, length)) return false;
    size_t start = buffer->length;
    uint8_t *out = lk_make_room(L, buffer, length + 2, 6 * length + 2);
    out[0] = '"';
    size_t written = jk_encode_string((const uint8_t *)bytes, length, out + 1);
    out[written + 1] = '"';
    buffer->length = start + written + 2;
    return true;
}
