/* From an error value, which may be anything, to text and a place.
 *
 * No metamethod of an error object is ever called: one that loops or fails would take the host down with it. */

#include "internal.h"

#include <stdio.h>

#define LONGEST_MESSAGE 4096
#define DEEPEST_TRACE 24

void lk_set_text(lk_buffer *buffer, const char *text, size_t length) {
    buffer->length = 0;
    uint8_t *start = lk_buffer_extend(buffer, length + 1);
    if (!start) return;
    memcpy(start, text, length);
    start[length] = 0;
    buffer->length = length;
}

/* Whether the record is of Lua code at a known line. */
static bool is_lua_code(const lua_Debug *record) {
    return record->currentline > 0 && (record->source[0] == '@' || record->source[0] == '=');
}

static void set_place(lk_place *place, const lua_Debug *record) {
    snprintf(place->file, sizeof place->file, "%s", record->source + 1);
    place->line = record->currentline;
}

void lk_find_place(lua_State *L, lk_place *place) {
    lua_Debug record;
    for (int level = 0; level < 1000 && lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "Sl", &record);
        if (is_lua_code(&record)) return set_place(place, &record);
    }
}

void lk_note_place(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->place_known) return;
    lk_find_place(L, &machine->place);
    machine->place_known = machine->place.line > 0;
}

/* Lua puts "file:line: " in front of most messages. Takes the place from there if a function on the stack agrees
 * with it; gives the length of that prefix. */
static size_t match_place(lua_State *L, const char *message, lk_place *place) {
    lua_Debug record;
    char prefix[LUA_IDSIZE + 32];
    for (int level = 0; level < 100 && lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "Sl", &record);
        if (!is_lua_code(&record)) continue;
        int length = snprintf(prefix, sizeof prefix, "%s:%d: ", record.short_src, record.currentline);
        if (strncmp(message, prefix, (size_t)length) != 0) continue;
        set_place(place, &record);
        return (size_t)length;
    }
    return 0;
}

static void append(lk_buffer *buffer, const char *text) {
    size_t length = strlen(text);
    uint8_t *start = lk_buffer_extend(buffer, length);
    if (start) memcpy(start, text, length);
}

static void describe_function(const lua_Debug *record, char *text, size_t size) {
    if (*record->namewhat) {
        snprintf(text, size, "in %s '%.60s'", record->namewhat, record->name);
    } else if (*record->what == 'm') {
        snprintf(text, size, "in main chunk");
    } else {
        snprintf(text, size, "in a function of line %d", record->linedefined);
    }
}

static void write_traceback(lua_State *L, lk_buffer *traceback) {
    lua_Debug record;
    traceback->length = 0;
    int shown = 0;
    for (int level = 0; shown < DEEPEST_TRACE && lua_getstack(L, level, &record); level++) {
        lua_getinfo(L, "Sln", &record);
        if (!is_lua_code(&record)) continue;
        char what[160], line[160 + LUA_IDSIZE + 32];
        describe_function(&record, what, sizeof what);
        snprintf(line, sizeof line, "%s%s:%d: %s", shown ? "\n" : "", record.short_src, record.currentline, what);
        append(traceback, line);
        shown++;
    }
    uint8_t *end = lk_buffer_extend(traceback, 1);
    if (end) *end = 0;
}

/* Whether the value on top is the one lk_raise_as raised last. */
static bool was_raised_as(lua_State *L) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LK_SLOT_ERROR);
    bool same = !lua_isnil(L, -1) && lua_rawequal(L, -1, -2);
    lua_pop(L, 1);
    return same;
}

/* A chunk that does not compile has no function on the stack; its message still begins with its place. */
static void find_syntax_place(const lk_machine *machine, const char *text, lk_place *place) {
    snprintf(place->file, sizeof place->file, "%s", machine->loading_path);
    for (const char *at = strchr(text, ':'); at; at = strchr(at + 1, ':')) {
        int line, used = 0;
        if (sscanf(at, ":%d:%n", &line, &used) != 1 || used == 0) continue;
        place->line = line;
        return;
    }
}

static void note_error(lua_State *L, lk_machine *machine) {
    lk_place place = {{0}, 0};
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    lua_settop(L, 1);
    if (text && machine->raised_status == LK_SYNTAX && was_raised_as(L)) {
        find_syntax_place(machine, text, &place);
    } else if (!text || !match_place(L, text, &place)) {
        lk_find_place(L, &place);
    }
    machine->place = place;
    machine->place_known = place.line > 0;
}

int lk_message_handler(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (!machine->expired) note_error(L, machine);
    write_traceback(L, &machine->traceback);
    return 1;
}

void lk_raise_as(lua_State *L, lk_status status) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_ERROR);
    LK_MACHINE(L)->raised_status = status;
    lua_error(L);
    __builtin_unreachable();
}

static const char *limit_message(lk_status status) {
    switch (status) {
    case LK_CPU_LIMIT: return "ran out of CPU time";
    case LK_WALL_LIMIT: return "ran out of time";
    default: return "ran out of memory";
    }
}

/* Cuts "file:line: " from the front when it says what `place` says. */
static const char *without_place(const char *text, size_t *length, const lk_place *place) {
    char suffix[32];
    int suffix_length = snprintf(suffix, sizeof suffix, ":%d: ", place->line);
    if (place->line <= 0) return text;
    const char *found = memmem(text, *length < 600 ? *length : 600, suffix, (size_t)suffix_length);
    if (!found) return text;
    size_t name = (size_t)(found - text), file = strlen(place->file);
    /* Lua shortens long names to "..." and their end. */
    bool same = name == file && memcmp(text, place->file, name) == 0;
    bool shortened = name > 3 && name - 3 <= file && memcmp(text, "...", 3) == 0 &&
                     memcmp(text + 3, place->file + file - (name - 3), name - 3) == 0;
    if (!same && !shortened) return text;
    *length -= name + (size_t)suffix_length;
    return found + suffix_length;
}

static void set_message(lk_machine *machine, lua_State *L) {
    size_t length;
    char text[64];
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: {
        const char *message = lua_tolstring(L, -1, &length);
        message = without_place(message, &length, &machine->place);
        lk_set_text(&machine->message, message, length < LONGEST_MESSAGE ? length : LONGEST_MESSAGE);
        return;
    }
    case LUA_TNUMBER:
        /* lua_tolstring would convert the value in place, which allocates. */
        if (lua_isinteger(L, -1)) {
            snprintf(text, sizeof text, LUA_INTEGER_FMT, lua_tointeger(L, -1));
        } else {
            snprintf(text, sizeof text, "%.14g", lua_tonumber(L, -1));
        }
        break;
    case LUA_TNIL: snprintf(text, sizeof text, "(error object is nil)"); break;
    default: snprintf(text, sizeof text, "(error object is a %s)", lua_typename(L, lua_type(L, -1)));
    }
    lk_set_text(&machine->message, text, strlen(text));
}

void lk_record_failure(lk_machine *machine, lua_State *L, int lua_status) {
    if (machine->expired) {
        machine->status = (lk_status)machine->expired;
        const char *text = limit_message(machine->status);
        lk_set_text(&machine->message, text, strlen(text));
    } else {
        set_message(machine, L);
        machine->status = LK_RUNTIME;
        if (was_raised_as(L)) machine->status = machine->raised_status;
        bool out_of_memory = machine->message.bytes && strcmp((char *)machine->message.bytes, "not enough memory") == 0;
        if (lua_status == LUA_ERRMEM || out_of_memory) machine->status = LK_MEMORY_LIMIT;
    }
    if (machine->status != LK_INVALID_DOCUMENT) machine->document = -1;
    lua_pop(L, 1);
}
