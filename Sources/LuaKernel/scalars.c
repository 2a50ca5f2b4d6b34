/* Numbers and strings between JSON text and Lua. */

#include "internal.h"

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

static void push_number(lua_State *L, const uint8_t *bytes, uint8_t flags, uint32_t start, uint32_t end) {
    lua_Integer integer;
    if ((flags & JK_FLAG_INTEGER) && parse_integer(bytes + start, bytes + end, &integer)) {
        lua_pushinteger(L, integer);
    } else {
        lua_pushnumber(L, jk_read_number(bytes, start, end));
    }
}

/* Lua itself would only say that memory is short. */
static void push_text(lua_State *L, const uint8_t *bytes, size_t length) {
    if (length > LK_LONGEST_STRING) {
        luaL_error(L, "a text of %I bytes cannot be read here, because strings have %I at most", (LUAI_UACINT)length,
                   (LUAI_UACINT)LK_LONGEST_STRING);
    }
    lua_pushlstring(L, (const char *)bytes, length);
}

static void push_string(lua_State *L, const uint8_t *bytes, uint8_t flags, uint32_t start, uint32_t end) {
    if (flags & JK_FLAG_ESCAPED) {
        lk_push_escaped(L, bytes, start + 1, end - 1);
    } else {
        push_text(L, bytes + start + 1, end - start - 2);
    }
}

void lk_push_escaped(lua_State *L, const uint8_t *bytes, uint32_t start, uint32_t end) {
    lk_expect_room(L, end - start);
    lk_buffer *scratch = &LK_MACHINE(L)->scratch;
    scratch->length = 0;
    uint8_t *out = lk_buffer_extend(scratch, end - start), *at = out;
    if (!out) luaL_error(L, "not enough memory");
    while (start < end) {
        lk_poll(L);
        at += jk_decode_piece(bytes, &start, end, LK_PIECE, at);
    }
    push_text(L, out, (size_t)(at - out));
}

void lk_push_scalar(lua_State *L, const uint8_t *bytes, uint8_t kind, uint8_t flags, uint32_t start, uint32_t end) {
    switch (kind) {
    case JK_FALSE: lua_pushboolean(L, 0); break;
    case JK_TRUE: lua_pushboolean(L, 1); break;
    case JK_NUMBER: push_number(L, bytes, flags, start, end); break;
    case JK_STRING: push_string(L, bytes, flags, start, end); break;
    default: lk_push_null(L);
    }
}

void lk_put_integer(lua_State *L, lk_buffer *buffer, lua_Integer value) {
    char text[24], *start = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do *--start = (char)('0' + rest % 10); while ((rest /= 10) != 0);
    if (value < 0) *--start = '-';
    lk_put_bytes(L, buffer, start, (size_t)(text + sizeof text - start));
}

void lk_put_number(lua_State *L, lk_buffer *buffer, lua_Number value) {
    uint8_t text[40];
    lk_put_bytes(L, buffer, text, jk_write_number(value, text));
}

/* Appends the bytes with escapes and `before` in front of them, `after` behind them. */
static void put_piece(lua_State *L, lk_buffer *buffer, const char *before, const char *bytes, size_t length,
                      const char *after) {
    size_t start = buffer->length, first = strlen(before), last = strlen(after);
    uint8_t *out = lk_make_room(L, buffer, length + 2, 6 * length + 2);
    memcpy(out, before, first);
    size_t written = first + jk_encode_string((const uint8_t *)bytes, length, out + first);
    memcpy(out + written, after, last);
    buffer->length = start + written + last;
}

bool lk_put_string(lua_State *L, lk_buffer *buffer, const char *bytes, size_t length) {
    if (!jk_valid_utf8((const uint8_t *)bytes, length)) return false;
    if (length <= LK_PIECE) {
        size_t start = buffer->length;
        uint8_t *out = lk_make_room(L, buffer, length + 2, 6 * length + 2);
        out[0] = '"';
        size_t written = jk_encode_string((const uint8_t *)bytes, length, out + 1);
        out[written + 1] = '"';
        buffer->length = start + written + 2;
        return true;
    }
    const char *before = "\"";
    for (; length > LK_PIECE; bytes += LK_PIECE, length -= LK_PIECE) {
        put_piece(L, buffer, before, bytes, LK_PIECE, "");
        lk_poll(L);
        before = "";
    }
    put_piece(L, buffer, before, bytes, length, "\"");
    return true;
}
