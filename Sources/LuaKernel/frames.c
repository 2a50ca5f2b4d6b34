/* Value frames: Lua values as flat bytes, for the way to Swift and back. */

#include "internal.h"

#define BYTES_PER_VALUE 16 /* of the memory limit */

/* ---- Writing ---- */

/* Bytes of all documents of the call. */
static size_t input_length(const lk_machine *machine) {
    return machine->document_count ? machine->invocation->offsets[machine->document_count] : 0;
}

uint8_t *lk_make_room(lua_State *L, lk_buffer *buffer, size_t count, size_t room) {
    const lk_machine *machine = LK_MACHINE(L);
    /* What Lua values grow to outside of Lua's memory is limited too: tables may share parts of themselves. */
    if (buffer->length + count > machine->arena.limit + 2 * input_length(machine)) {
        luaL_error(L, "not enough memory");
    }
    uint8_t *start = lk_buffer_extend(buffer, room);
    if (!start) luaL_error(L, "not enough memory");
    return start;
}

void lk_put_bytes_slowly(lua_State *L, lk_buffer *buffer, const void *bytes, size_t count) {
    uint8_t *start = lk_make_room(L, buffer, count, count);
    if (count) memcpy(start, bytes, count);
}

void lk_put_count(lua_State *L, lk_buffer *buffer, uint32_t count) { lk_put_bytes(L, buffer, &count, sizeof count); }

static void put_tag(lua_State *L, lk_buffer *buffer, uint8_t tag) { lk_put_bytes(L, buffer, &tag, 1); }

static void put_text(lua_State *L, lk_buffer *buffer, const char *bytes, size_t length) {
    if (length > UINT32_MAX) luaL_error(L, "string too long");
    lk_put_count(L, buffer, (uint32_t)length);
    lk_put_bytes(L, buffer, bytes, length);
}

typedef struct writer {
    lk_buffer *buffer;
    size_t *count; /* of the values that the host will hold together with these */
    int depth;
    bool keeps_documents;
} writer;

static void write_value(lua_State *L, int index, writer *out);

/* Writes key and value, the two on top, as a field; pops them. */
static void write_field(lua_State *L, writer *out) {
    size_t length;
    const char *key = lua_tolstring(L, -2, &length);
    put_text(L, out->buffer, key, length);
    write_value(L, lua_gettop(L), out);
    lua_pop(L, 2);
}

static void write_lazy(lua_State *L, int index, writer *out) {
    lk_node *node = lk_node_at(L, index);
    if (node->kind == LK_KIND_CONTEXT) luaL_error(L, "the context cannot be passed on");
    if (out->keeps_documents && node->kind == LK_KIND_OBJECT && !node->parent) {
        put_tag(L, out->buffer, LK_TAG_DOCUMENT);
        lk_put_count(L, out->buffer, node->document);
        return;
    }
    bool is_object = node->kind == LK_KIND_OBJECT;
    put_tag(L, out->buffer, is_object ? LK_TAG_OBJECT : LK_TAG_ARRAY);
    size_t place = out->buffer->length;
    uint32_t count = 0;
    lk_put_count(L, out->buffer, 0);
    lk_position position = {0, 0, 0};
    for (; lk_lazy_step(L, index, node, &position, node->added); count++) {
        if (is_object) {
            write_field(L, out);
        } else {
            write_value(L, lua_gettop(L), out);
            lua_pop(L, 2);
        }
    }
    memcpy(out->buffer->bytes + place, &count, sizeof count);
}

static void write_array(lua_State *L, int index, size_t count, writer *out) {
    put_tag(L, out->buffer, LK_TAG_ARRAY);
    lk_put_count(L, out->buffer, (uint32_t)count);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        write_value(L, lua_gettop(L), out);
        lua_pop(L, 1);
    }
}

static void write_object(lua_State *L, int index, size_t count, writer *out) {
    const lk_key *keys = lk_push_sorted_keys(L, index, count);
    put_tag(L, out->buffer, LK_TAG_OBJECT);
    lk_put_count(L, out->buffer, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        lua_pushlstring(L, keys[i].bytes, keys[i].length);
        lua_pushvalue(L, -1);
        lua_rawget(L, index);
        write_field(L, out);
    }
    lua_pop(L, 1);
}

static void write_table(lua_State *L, int index, writer *out) {
    luaL_checkstack(L, 12, "nested too deeply");
    if (++out->depth > LK_MAXIMUM_DEPTH) luaL_error(L, "a table is nested too deeply, or contains itself");
    lk_table kind = lk_classify(L, index);
    int top = lua_gettop(L);
    if (kind == LK_LAZY) {
        write_lazy(L, index, out);
    } else {
        if (kind == LK_FROZEN) {
            lk_push_frozen_content(L, index);
            index = lua_gettop(L);
            kind = lk_classify(L, index);
        }
        lk_shape shape = lk_find_shape(L, index, kind, false);
        if (shape.refusal) luaL_error(L, "a table cannot be passed on: %s", shape.refusal);
        (shape.is_array ? write_array : write_object)(L, index, shape.count, out);
    }
    lua_settop(L, top);
    out->depth--;
}

static void write_number(lua_State *L, int index, lk_buffer *buffer) {
    if (lua_isinteger(L, index)) {
        lua_Integer value = lua_tointeger(L, index);
        put_tag(L, buffer, LK_TAG_INTEGER);
        lk_put_bytes(L, buffer, &value, sizeof value);
    } else {
        lua_Number value = lua_tonumber(L, index);
        put_tag(L, buffer, LK_TAG_NUMBER);
        lk_put_bytes(L, buffer, &value, sizeof value);
    }
}

/* A value takes the host many times the bytes it has in a frame, and tables may share parts of themselves. What the
 * documents hold may be passed on in any case: a value takes two bytes there. */
static void count_value(lua_State *L, size_t *count) {
    const lk_machine *machine = LK_MACHINE(L);
    if (++*count > machine->arena.limit / BYTES_PER_VALUE + input_length(machine) / 2) {
        luaL_error(L, "not enough memory");
    }
}

static void write_value(lua_State *L, int index, writer *out) {
    lk_poll(L);
    count_value(L, out->count);
    lk_buffer *buffer = out->buffer;
    size_t length;
    switch (lua_type(L, index)) {
    case LUA_TNONE:
    case LUA_TNIL: put_tag(L, buffer, LK_TAG_NIL); return;
    case LUA_TBOOLEAN: put_tag(L, buffer, lua_toboolean(L, index) ? LK_TAG_TRUE : LK_TAG_FALSE); return;
    case LUA_TNUMBER: write_number(L, index, buffer); return;
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, index, &length);
        put_tag(L, buffer, LK_TAG_STRING);
        put_text(L, buffer, text, length);
        return;
    }
    case LUA_TTABLE: write_table(L, index, out); return;
    case LUA_TFUNCTION: {
        int64_t handle = lk_function_handle(L, index);
        put_tag(L, buffer, LK_TAG_FUNCTION);
        lk_put_bytes(L, buffer, &handle, sizeof handle);
        return;
    }
    case LUA_TUSERDATA:
        if (!lk_is_secret(L, index)) break;
        const char *bytes = lk_secret_bytes(L, index, &length);
        put_tag(L, buffer, LK_TAG_SECRET);
        put_text(L, buffer, bytes, length);
        return;
    default: break;
    }
    if (!lk_is_null(L, index)) luaL_error(L, "a %s cannot be passed on", luaL_typename(L, index));
    put_tag(L, buffer, LK_TAG_NULL);
}

void lk_write_frame(lua_State *L, int index, lk_buffer *buffer) {
    writer out = {buffer, &LK_MACHINE(L)->argument_values, 0, false};
    write_value(L, lua_absindex(L, index), &out);
}

void lk_write_frame_keeping_documents(lua_State *L, int index, lk_buffer *buffer) {
    writer out = {buffer, &LK_MACHINE(L)->kept_values, 0, true};
    write_value(L, lua_absindex(L, index), &out);
}

/* ---- Reading ---- */

static void take(lua_State *L, lk_reader *reader, void *value, size_t size) {
    if ((size_t)(reader->end - reader->next) < size) luaL_error(L, "damaged value frame");
    memcpy(value, reader->next, size);
    reader->next += size;
}

uint32_t lk_read_count(lua_State *L, lk_reader *reader) {
    uint32_t count;
    take(L, reader, &count, sizeof count);
    return count;
}

static const char *take_text(lua_State *L, lk_reader *reader, uint32_t *length) {
    *length = lk_read_count(L, reader);
    if ((size_t)(reader->end - reader->next) < *length) luaL_error(L, "damaged value frame");
    const char *text = (const char *)reader->next;
    reader->next += *length;
    return text;
}

static void read_text(lua_State *L, lk_reader *reader) {
    uint32_t length;
    const char *text = take_text(L, reader, &length);
    lua_pushlstring(L, text, length);
}

static void read_secret(lua_State *L, lk_reader *reader) {
    uint32_t length;
    const char *text = take_text(L, reader, &length);
    lk_push_secret(L, text, length);
}

/* A count is not believed beyond what the bytes can hold: each value takes at least one. */
static int believable(const lk_reader *reader, uint32_t count) {
    size_t left = (size_t)(reader->end - reader->next);
    return (int)(count < left ? count : left);
}

static void read_array(lua_State *L, lk_reader *reader) {
    uint32_t count = lk_read_count(L, reader);
    lua_createtable(L, believable(reader, count), 0);
    for (uint32_t i = 1; i <= count; i++) {
        lk_read_frame(L, reader);
        lua_rawseti(L, -2, i);
    }
    /* So that it is written as an array even when it is empty. */
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ARRAY);
    lua_setmetatable(L, -2);
}

static void read_object(lua_State *L, lk_reader *reader) {
    uint32_t count = lk_read_count(L, reader);
    lua_createtable(L, 0, believable(reader, count));
    for (uint32_t i = 0; i < count; i++) {
        read_text(L, reader);
        lk_read_frame(L, reader);
        lua_rawset(L, -3);
    }
}

static void read_container(lua_State *L, lk_reader *reader, uint8_t tag) {
    lk_poll(L);
    luaL_checkstack(L, 8, "nested too deeply");
    if (++reader->depth > LK_MAXIMUM_DEPTH) luaL_error(L, "a value is nested too deeply");
    (tag == LK_TAG_ARRAY ? read_array : read_object)(L, reader);
    reader->depth--;
}

void lk_read_frame(lua_State *L, lk_reader *reader) {
    uint8_t tag;
    lua_Integer integer;
    lua_Number number;
    take(L, reader, &tag, 1);
    switch (tag) {
    case LK_TAG_NIL: lua_pushnil(L); return;
    case LK_TAG_NULL: lk_push_null(L); return;
    case LK_TAG_FALSE:
    case LK_TAG_TRUE: lua_pushboolean(L, tag == LK_TAG_TRUE); return;
    case LK_TAG_INTEGER:
        take(L, reader, &integer, sizeof integer);
        lua_pushinteger(L, integer);
        return;
    case LK_TAG_NUMBER:
        take(L, reader, &number, sizeof number);
        lua_pushnumber(L, number);
        return;
    case LK_TAG_STRING: read_text(L, reader); return;
    case LK_TAG_SECRET: read_secret(L, reader); return;
    case LK_TAG_ARRAY:
    case LK_TAG_OBJECT: read_container(L, reader, tag); return;
    case LK_TAG_FUNCTION:
        take(L, reader, &integer, sizeof integer);
        lk_push_function(L, integer);
        return;
    case LK_TAG_DOCUMENT: lk_push_document(L, lk_read_count(L, reader)); return;
    case LK_TAG_DOCUMENTS: lk_push_list(L); return;
    default: luaL_error(L, "damaged value frame");
    }
}
