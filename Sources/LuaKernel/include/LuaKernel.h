#ifndef TIDELOCK_LUA_KERNEL_H
#define TIDELOCK_LUA_KERNEL_H

/* Lua 5.4 machines that cannot hurt their host: limited in time and memory, sandboxed, and closed to Swift
 * except through flat bytes.
 *
 * Lua raises errors by longjmp, which must never cross a Swift frame. So Swift calls no Lua function at all:
 * it hands in "value frames", C turns them into Lua values inside one protected call, and results come back as
 * frames. Nothing declared here raises.
 *
 * A machine may be used by one thread at a time. Pointers found in a report belong to the machine and are good
 * until its next use. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum lk_status {
    LK_OK = 0,
    LK_SYNTAX = 1,
    LK_RUNTIME = 2,
    LK_CPU_LIMIT = 3,
    LK_WALL_LIMIT = 4,
    LK_MEMORY_LIMIT = 5,
    LK_BINARY_CHUNK = 6,
    LK_INVALID_DOCUMENT = 7,
    LK_HOST = 8,
    LK_MISUSE = 9,
} lk_status;

/* Value frames: a tag byte, then what the tag asks for. Numbers are little-endian and unaligned. */
enum {
    LK_TAG_NIL = 0,
    LK_TAG_NULL = 1,
    LK_TAG_FALSE = 2,
    LK_TAG_TRUE = 3,
    LK_TAG_INTEGER = 4,   /* int64 */
    LK_TAG_NUMBER = 5,    /* double */
    LK_TAG_STRING = 6,    /* uint32 length, bytes */
    LK_TAG_ARRAY = 7,     /* uint32 count, values */
    LK_TAG_OBJECT = 8,    /* uint32 count, then per field: uint32 length, name, value */
    LK_TAG_FUNCTION = 9,  /* int64 handle; see lk_machine_release */
    LK_TAG_DOCUMENT = 10, /* uint32 index */
    LK_TAG_DOCUMENTS = 11, /* the array of all documents; only as an argument of a call */
    LK_TAG_SECRET = 12     /* uint32 length, bytes that scripts cannot read */
};

/* Containers nested deeper than this are refused in both directions. */
#define LK_MAXIMUM_DEPTH 512

/* Bytes (8 MiB). Lua copies, compares and hashes a string without looking at the limits, so this bounds how late they
 * are seen. */
#define LK_LONGEST_STRING 8388608

/* A growable buffer; zero-initialise it. */
typedef struct lk_buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
} lk_buffer;

/* Adds `count` bytes and returns where they begin, or NULL when memory ran out. */
uint8_t *lk_buffer_extend(lk_buffer *buffer, size_t count);
void lk_buffer_release(lk_buffer *buffer);

/* ---- Threads and deadlines ---- */

/* One thread that watches the deadlines of others and interrupts them by signal when time is up. */
typedef struct lk_watchdog lk_watchdog;
/* One thread that may run machines. */
typedef struct lk_worker lk_worker;

lk_watchdog *lk_watchdog_create(void); /* NULL when the system refuses a thread */
/* All of its workers must have been joined. */
void lk_watchdog_destroy(lk_watchdog *watchdog);

/* Starts a thread with `stack_size` bytes of stack that calls `body(context, worker)` once. NULL on failure. */
lk_worker *lk_worker_start(lk_watchdog *watchdog, size_t stack_size, void (*body)(void *context, lk_worker *worker),
                           void *context);
/* Waits until the body has returned and releases the worker. */
void lk_worker_join(lk_worker *worker);

/* ---- Making a machine ---- */

typedef struct lk_machine lk_machine;

/* What a script asks of the host. `arguments` is `count` value frames, one after the other. */
typedef struct lk_host_call {
    uint32_t function;
    uint32_t count;
    const uint8_t *arguments;
    size_t length;
    int loading;
    const char *file; /* of the Lua code that calls */
    int line;
} lk_host_call;

/* Writes the results as value frames and their number; or a message into `result` and returns non-zero.
 * `context` is the one given to lk_load or lk_call. Must not use the machine. */
typedef int (*lk_host)(void *context, const lk_host_call *call, lk_buffer *result, uint32_t *count);

/* NULL when memory ran out. Then add what scripts may use, and seal; only a sealed machine loads and calls.
 * The functions that add return LK_OK, or LK_MISUSE for a name that cannot be used (twice, or below a value), or
 * LK_MEMORY_LIMIT. */
lk_machine *lk_machine_create(size_t memory_limit, lk_host host);
/* Frees everything without running Lua code. */
void lk_machine_destroy(lk_machine *machine);

enum {
    LK_WHILE_LOADING = 1,  /* may be called from the top level of a file */
    LK_KEEPS_FUNCTIONS = 2 /* unless it fails, keeps the functions among its arguments (not those inside tables) */
};

/* `path` is dotted ("a.b.c") and zero-terminated. */
lk_status lk_machine_add_function(lk_machine *machine, const char *path, uint32_t function, int flags);
lk_status lk_machine_add_constant(lk_machine *machine, const char *path, const uint8_t *frame, size_t length);
/* null, array, object, decode, encode below `path`. */
lk_status lk_machine_add_json(lk_machine *machine, const char *path);
lk_status lk_machine_add_module(lk_machine *machine, const char *name, const char *path, const uint8_t *text,
                                size_t length);
lk_status lk_machine_seal(lk_machine *machine);

/* Non-zero once a limit killed the machine; it then refuses work. */
int lk_machine_is_poisoned(const lk_machine *machine);

/* Ends one keeping of a function. A handle is good until the load or call ends in which the script handed the function
 * over. One that was kept is good until it was released as often: by a host function that keeps, or because a file
 * returned it. */
void lk_machine_release(lk_machine *machine, int64_t function);

/* ---- Using a machine ---- */

typedef struct lk_limits {
    int64_t cpu;   /* nanoseconds on the CPU, host functions not counted */
    int64_t wall;  /* nanoseconds, host functions counted */
    size_t memory; /* bytes that Lua may hold before it must collect, and after collecting */
} lk_limits;

/* What was replaced is valid JSON in stored form if the document was. */
typedef struct lk_change {
    int replaced;
    int may_change_key; /* the member `key` of the invocation was written and may not be what it was */
    size_t offset; /* into the report's output, when replaced */
    size_t length;
} lk_change;

typedef struct lk_report {
    lk_status status;

    /* Success. */
    const uint8_t *returned; /* one value frame: the first result, nil if none */
    size_t returned_length;
    uint32_t returned_count;
    /* Per mark: uint32 number of the mark's name, uint32 document + 1 or 0, uint32 count, value frames. */
    const uint8_t *marks;
    size_t marks_length;
    uint32_t mark_count;
    const lk_change *changes; /* one per document */
    const uint8_t *output;
    int list_changed;

    /* Failure. Strings are zero-terminated; `file` is empty when unknown. */
    const char *message;
    size_t message_length;
    const char *file;
    int line;
    const char *traceback;
    int64_t document; /* -1 when the failure is not about one */
    int from_host;    /* the failure is the last error a host function reported */

    int64_t cpu;
    int64_t wall;
    size_t peak_memory;
} lk_report;

/* Compiles a text chunk and runs it in its own global environment. */
lk_status lk_load(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits, const char *path,
                  const uint8_t *text, size_t length, lk_report *report);

typedef struct lk_invocation {
    int64_t function;
    const uint8_t *documents;  /* all documents, one after the other, and LK_PADDING readable bytes after them */
    const size_t *offsets;     /* document_count + 1 */
    size_t document_count;
    int are_valid;             /* the documents are known to be JSON in stored form; else they are checked when read */
    const uint8_t *key;        /* the member that identifies a document, or NULL */
    size_t key_length;
    const uint8_t *arguments;  /* argument_count value frames */
    size_t arguments_length;
    uint32_t argument_count;
    int has_context;
    const uint8_t *fields;     /* one object frame */
    size_t fields_length;
    const uint8_t *mark_names; /* mark_name_count times: uint32 length, name */
    size_t mark_names_length;
    uint32_t mark_name_count;
} lk_invocation;

#define LK_PADDING 64

/* Nanoseconds that a chunk takes in a stock state without limits or sandbox; -1 when it fails. For measuring only:
 * never give it a script that is not ours. */
int64_t lk_time_without_limits(const uint8_t *text, size_t length);

lk_status lk_call(lk_machine *machine, lk_worker *worker, void *context, const lk_limits *limits,
                  const lk_invocation *invocation, lk_report *report);

#ifdef __cplusplus
}
#endif

#endif
