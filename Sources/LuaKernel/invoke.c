/* Running a machine: one protected call around everything that may raise, and the report of how it went. */

#include "internal.h"

#include <stdlib.h>

/* A buffer larger than this is not kept for the next call. */
#define KEPT_BUFFER (16 * 1024 * 1024)

/* ---- Beginning and ending ---- */

static void empty_buffers(lk_machine *machine) {
    lk_buffer *buffers[] = {&machine->arguments, &machine->results, &machine->returned,
                            &machine->marks,     &machine->output,  &machine->scratch};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        if (buffers[i]->capacity > KEPT_BUFFER) lk_buffer_release(buffers[i]);
        buffers[i]->length = 0;
    }
}

static void begin(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits) {
    machine->expired = machine->collect = 0;
    machine->worker = worker;
    machine->context = context;
    machine->current = machine->L;
    machine->arena.limit = limits->memory;
    machine->arena.peak = machine->arena.used;
    machine->status = machine->raised_status = LK_OK;
    machine->place.file[0] = 0;
    machine->place.line = 0;
    machine->place_known = false;
    machine->document = -1;
    machine->close_depth = 0;
    empty_buffers(machine);
    machine->returned_count = machine->mark_count = 0;
    machine->kept_values = 0;
    machine->first_handle = machine->last_handle + 1;
    machine->list_changed = false;
    lk_set_text(&machine->message, "", 0);
    lk_set_text(&machine->traceback, "", 0);
    machine->generation++;
    lk_worker_begin(worker, machine, limits);
}

/* What belongs to one call only; a machine that was killed is not touched any more. */
static void forget_call(lk_machine *machine) {
    lua_State *L = machine->L;
    lua_settop(L, 0);
    lk_forget_written(L);
    lk_forget_functions(L);
    lua_pushnil(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_ERROR);
    lua_settop(L, 0);
    lua_sethook(L, NULL, 0, 0);
}

static void fill_report(const lk_machine *machine, lk_report *report) {
    report->status = machine->status;
    report->returned = machine->returned.bytes;
    report->returned_length = machine->returned.length;
    report->returned_count = machine->returned_count;
    report->marks = machine->marks.bytes;
    report->marks_length = machine->marks.length;
    report->mark_count = machine->mark_count;
    report->changes = machine->changes;
    report->output = machine->output.bytes;
    report->list_changed = machine->list_changed;
    report->message = machine->message.bytes ? (const char *)machine->message.bytes : "";
    report->message_length = machine->message.length;
    report->file = machine->place.file;
    report->line = machine->place.line;
    report->traceback = machine->traceback.bytes ? (const char *)machine->traceback.bytes : "";
    report->document = machine->document;
    report->from_host = machine->status == LK_HOST;
    report->peak_memory = machine->arena.peak;
}

static lk_status run(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits,
                     lua_CFunction body, void *argument, lk_report *report) {
    lua_State *L = machine->L;
    *report = (lk_report){0};
    begin(machine, worker, context, limits);
    lua_pushcfunction(L, lk_message_handler);
    lua_pushcfunction(L, body);
    lua_pushlightuserdata(L, argument);
    int status = lua_pcall(L, 1, 0, 1);
    lk_worker_end(worker, report);
    /* A limit that fired when the script had just finished counts: its work may be half done. */
    if (status == LUA_OK && machine->expired) {
        lua_pushnil(L);
        status = LUA_ERRRUN;
    }
    if (status != LUA_OK) lk_record_failure(machine, L, status);
    if (machine->expired) {
        machine->poisoned = true;
    } else {
        forget_call(machine);
    }
    fill_report(machine, report);
    lk_region_reset(&machine->region);
    lk_forget_nodes(machine);
    machine->document_count = 0;
    machine->invocation = NULL;
    machine->worker = NULL;
    return report->status;
}

static lk_status refuse(lk_report *report, lk_status status, const char *message) {
    *report = (lk_report){0};
    report->status = status;
    report->message = message;
    report->message_length = strlen(message);
    report->file = report->traceback = "";
    report->document = -1;
    return status;
}

static const char *reason_to_refuse(const lk_machine *machine) {
    if (machine->poisoned) return "the machine was stopped by a limit and cannot be used again";
    return machine->sealed ? NULL : "the machine is not sealed";
}

/* The first value above `base` becomes the returned frame. */
static void write_returned(lua_State *L, int base) {
    lk_machine *machine = LK_MACHINE(L);
    machine->returned_count = (uint32_t)(lua_gettop(L) - base);
    if (machine->returned_count == 0) lua_pushnil(L);
    lk_write_frame_keeping_documents(L, base + 1, &machine->returned);
}

/* ---- Loading ---- */

typedef struct chunk {
    const char *path;
    const uint8_t *text;
    size_t length;
} chunk;

static int run_load(lua_State *L) {
    const chunk *source = lua_touserdata(L, 1);
    lk_load_text(L, source->path, (const char *)source->text, source->length);
    lk_push_environment(L);
    lua_setupvalue(L, -2, 1);
    lua_call(L, 0, LUA_MULTRET);
    lk_poll(L);
    write_returned(L, 1);
    if (lua_isfunction(L, 2)) lk_keep_function(L, 2);
    return 0;
}

lk_status lk_load(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits, const char *path,
                  const uint8_t *text, size_t length, lk_report *report) {
    const char *reason = reason_to_refuse(machine);
    if (reason) return refuse(report, LK_MISUSE, reason);
    chunk source = {path, text, length};
    machine->loading = true;
    lk_status status = run(machine, worker, context, limits, run_load, &source, report);
    machine->loading = false;
    return status;
}

/* ---- Calling ---- */

static int run_call(lua_State *L) {
    const lk_invocation *invocation = lua_touserdata(L, 1);
    lk_reader reader = {invocation->arguments, invocation->arguments + invocation->arguments_length, 0};
    if (invocation->document_count > 0) {
        lua_createtable(L, (int)invocation->document_count, 0);
        lua_rawseti(L, LUA_REGISTRYINDEX, LK_SLOT_ROOTS);
    }
    int base = lua_gettop(L);
    lk_push_function(L, invocation->function);
    if (invocation->argument_count > 200) return luaL_error(L, "too many arguments");
    luaL_checkstack(L, (int)invocation->argument_count + 8, NULL);
    for (uint32_t i = 0; i < invocation->argument_count; i++) lk_read_frame(L, &reader);
    if (invocation->has_context) lk_push_context(L);
    lua_call(L, lua_gettop(L) - base - 1, LUA_MULTRET);
    lk_poll(L);
    write_returned(L, base);
    lk_write_changes(L);
    return 0;
}

static bool prepare_documents(lk_machine *machine, const lk_invocation *invocation) {
    size_t count = invocation->document_count;
    if (count > machine->document_capacity) {
        free(machine->documents);
        free(machine->changes);
        machine->documents = malloc(count * sizeof *machine->documents);
        machine->changes = malloc(count * sizeof *machine->changes);
        machine->document_capacity = machine->documents && machine->changes ? count : 0;
        if (!machine->document_capacity) return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = invocation->offsets[i + 1] - invocation->offsets[i];
        if (length > UINT32_MAX) return false;
        machine->documents[i] = (lk_document){
            .bytes = invocation->documents + invocation->offsets[i], .length = (uint32_t)length};
    }
    machine->document_count = count;
    machine->invocation = invocation;
    return true;
}

lk_status lk_call(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits,
                  const lk_invocation *invocation, lk_report *report) {
    const char *reason = reason_to_refuse(machine);
    if (reason) return refuse(report, LK_MISUSE, reason);
    if (!prepare_documents(machine, invocation)) return refuse(report, LK_MEMORY_LIMIT, "not enough memory");
    return run(machine, worker, context, limits, run_call, (void *)invocation, report);
}
