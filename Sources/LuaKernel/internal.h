#ifndef LUA_KERNEL_INTERNAL_H
#define LUA_KERNEL_INTERNAL_H

#define _GNU_SOURCE

/* What the files of the kernel share. Functions marked "raises" may leave by longjmp and are only called from
 * inside a protected call; nothing that must be released may hang on a local variable across them, which is why
 * every buffer belongs to the machine. */

#include "JSONKernel.h"
#include "LuaKernel.h"

#include <lua5.4/lauxlib.h>
#include <lua5.4/lua.h>
#include <lua5.4/lualib.h>

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define LK_NONE UINT32_MAX

/* What our own functions do to long strings they do in pieces of so many bytes, with a look at the limits between. */
#define LK_PIECE ((size_t)64 << 10)

/* ---- Memory of one machine (allocator.c) ---- */

/* Blocks up to 1 KiB come in sizes of 16 bytes, those up to 4 KiB in sizes of 128. */
#define LK_FINE_CLASSES 64
#define LK_SIZE_CLASSES (LK_FINE_CLASSES + 24)

typedef struct lk_large {
    struct lk_large *previous, *next;
    size_t size, unused; /* all of it; the second keeps what follows aligned */
} lk_large;

typedef struct lk_arena {
    void *free_blocks[LK_SIZE_CLASSES + 1];
    struct lk_chunk *chunks;
    uint8_t *bump, *bump_end;
    size_t next_chunk;
    lk_large large; /* ring of the larger blocks */
    size_t used;    /* bytes Lua asked for and has not freed */
    size_t held;    /* bytes taken from the system */
    size_t limit;
    size_t peak;
} lk_arena;

void lk_arena_open(lk_arena *arena, size_t limit);
void lk_arena_close(lk_arena *arena);
/* The lua_Alloc of a machine; `machine` is the lk_machine. */
void *lk_allocate(void *machine, void *block, size_t old_size, size_t new_size);

/* Memory that lives until the end of one call: document indexes and lazy nodes. */
typedef struct lk_region {
    struct lk_slab *slabs, *spare;
    size_t spare_count;
    uint8_t *next, *end;
} lk_region;

void *lk_region_take(lk_region *region, size_t size); /* NULL when memory ran out */
void lk_region_reset(lk_region *region);              /* keeps some of it for the next call */
void lk_region_release(lk_region *region);

/* ---- Documents and lazy tables ---- */

/* Flags added to a jk_child; they must not meet those of JSONKernel.h. */
enum {
    LK_DELETED = 0x10,  /* the handler assigned nil */
    LK_HELD = 0x20,     /* the value stands among the held ones: assigned, or a lazy child */
    LK_ASSIGNED = 0x40, /* not what the document says any more */
    LK_TOUCHED = 0x80,  /* a container in which something changed, at any depth */
};

/* In the note of a jk_child, beside the kind of a scalar that was assigned; it stays when something else is assigned,
 * because the token's place may be gone. */
enum { LK_KEPT = 0x80 };

typedef struct lk_document {
    const uint8_t *bytes;
    uint32_t length;
    struct lk_node *root;   /* NULL before a script gets it */
    uint32_t *shadowed;     /* where values start that a later member of the same key hides; ascending */
    uint32_t shadowed_count;
    bool checked;           /* known to be one valid JSON object */
} lk_document;

enum { LK_KIND_OBJECT, LK_KIND_ARRAY, LK_KIND_LIST, LK_KIND_CONTEXT };

/* A container that a script holds as a lazy table. Its children are listed when something in it is looked at, and
 * what is nested in those only when that is. Children are known by their position: the ordinal. */
typedef struct lk_node {
    uint32_t document;
    uint32_t ordinal;         /* its place in the parent */
    struct lk_node *parent;   /* the lazy node it was reached from, or NULL */
    uint32_t start, end;      /* in the document's bytes */
    uint32_t count;           /* of the document's children, once they are listed */
    jk_child *children;       /* NULL before */
    uint32_t cursor;          /* objects: the member looked at last; a search tries it first */
    uint32_t added;           /* objects: members the document did not have, see KEY_ORDER */
    uint32_t searches;        /* objects: how often a member was looked for */
    uint32_t mask;            /* size of the hash table - 1 */
    uint32_t *slots;          /* big objects: hash table of members */
    lua_Integer held;         /* where its held values begin in LK_SLOT_HELD; 0 before there is one */
    lua_Integer high;         /* filled arrays: no element lies beyond */
    uint8_t kind;
    bool filled;  /* arrays: every element moved into the Lua table, which now is the truth */
    bool changed; /* in itself or below */
} lk_node;

/* ---- The machine ---- */

/* Which node a lazy table stands for, by the table's address (lazynodes.c). */
typedef struct lk_place_of_node {
    const void *table;
    lk_node *node;
    uint32_t generation; /* the call it is about; the place is free in others */
} lk_place_of_node;

typedef struct lk_nodes {
    lk_place_of_node *places; /* a hash table */
    size_t size;              /* a power of two, or 0 */
    size_t count;             /* entered in the running call */
    const void *last_table;   /* looked up last, and found; NULL before */
    lk_node *last;
} lk_nodes;

/* Keys that a loop met before, as strings of Lua: items of one model have the same ones, and making a string anew takes
 * longer than seeing that it is the same. */
#define LK_KNOWN_KEYS 256

typedef struct lk_known_key {
    const char *bytes; /* NULL: none; else kept alive by LK_SLOT_KEYS */
    size_t length;
} lk_known_key;

typedef struct lk_place {
    char file[512];
    int line;
} lk_place;

struct lk_machine {
    lua_State *L;
    lua_State *volatile current;   /* the coroutine that runs; what the signal handler arms */
    volatile sig_atomic_t expired; /* an lk_status: why the running call has to end, or 0 */
    volatile sig_atomic_t collect; /* over the memory limit: collect at the next safe point */
    bool poisoned, sealed, loading, has_list;
    lua_Integer written_count; /* tables in LK_SLOT_WRITTEN */
    lua_Integer held_count;    /* places of LK_SLOT_HELD that containers of this call have taken */
    lk_arena arena;
    lk_host host;
    void *context;
    lk_worker *worker;
    int close_depth;    /* coroutines being closed inside one another */
    uint32_t generation; /* number of the call; a lazy table of another one is stale */

    /* Identity of the shared metatables, compared as addresses. */
    const void *lazy_metatable, *array_metatable, *object_metatable, *secret_metatable;

    jk_parser *parser;
    jk_children children; /* those listed last */
    lk_region region;
    lk_document *documents;
    size_t document_count, document_capacity;
    lk_nodes nodes;
    lk_known_key keys[LK_KNOWN_KEYS];
    const lk_invocation *invocation;

    lk_buffer arguments, results; /* of a host function */
    lk_buffer returned, marks, output, scratch;
    uint32_t returned_count, mark_count;
    size_t argument_values, kept_values; /* in frames: of the running host call; in marks and what is returned */
    int64_t first_handle, last_handle;   /* the first one this call may give to a function, and the last one given */
    lk_change *changes;
    size_t change_capacity;
    bool list_changed;

    /* The failure being reported. */
    lk_status status;
    lk_status raised_status; /* of the value in LK_SLOT_ERROR */
    lk_buffer message, traceback;
    lk_place place;
    bool place_known;
    char loading_path[512]; /* of the chunk being compiled */
    int64_t document;
};

#define LK_MACHINE(L) (*(lk_machine **)lua_getextraspace(L))

/* Slots of the registry. */
enum {
    LK_SLOT_LAZY = 10, /* metatables */
    LK_SLOT_ARRAY,
    LK_SLOT_OBJECT,
    LK_SLOT_GLOBALS,      /* the library as it is built, then the list each environment is filled from */
    LK_SLOT_ENVIRONMENT,  /* metatable of environments */
    LK_SLOT_FUNCTIONS,    /* handle -> function */
    LK_SLOT_HANDLES,      /* function -> handle */
    LK_SLOT_KEPT,         /* handle -> how often the host keeps it */
    LK_SLOT_MODULES,      /* name -> { path, text } */
    LK_SLOT_LOADED,       /* name -> what require returned */
    LK_SLOT_ROOTS,        /* document + 1 -> lazy table */
    LK_SLOT_LIST,         /* the array of all documents */
    LK_SLOT_IDENTITIES,   /* table, function, ... -> the number tostring shows; weak keys */
    LK_SLOT_ERROR,        /* the last value raised by lk_raise_as */
    LK_SLOT_CONTEXT,      /* fields of the running call's context */
    LK_SLOT_SECRET,       /* metatable */
    LK_SLOT_WRITTEN,      /* lazy tables that hold fields a script reads without asking the metatable */
    LK_SLOT_KEYS,         /* the strings of lk_machine.keys, by place + 1 */
    LK_SLOT_HELD,         /* what lazy tables hold beside the bytes of their documents */
};

/* Keys that no script can name: light userdata never reaches one, except null. */
extern const char lk_key_order, lk_key_spellings, lk_key_frozen, lk_key_frozen_mark;
extern const char lk_null_value, lk_kill_value;

static inline void lk_push_null(lua_State *L) { lua_pushlightuserdata(L, (void *)&lk_null_value); }

static inline bool lk_is_null(lua_State *L, int index) {
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == (void *)&lk_null_value;
}

/* ---- Limits (limits.c) ---- */

/* Makes the hook of the running coroutine fire at its next instruction. Safe in a signal handler and inside the
 * allocator. */
void lk_arm(lk_machine *machine);
void lk_expire(lk_machine *machine, lk_status reason);
/* Raises when the call has to end; collects when memory is over its limit. */
void lk_poll_slowly(lua_State *L);

static inline void lk_poll(lua_State *L) {
    lk_machine *machine = LK_MACHINE(L);
    if (machine->expired || machine->collect) lk_poll_slowly(L);
}

_Noreturn void lk_raise_kill(lua_State *L);
/* Refuses to start making `size` more bytes when memory cannot hold them. Raises. */
void lk_expect_room(lua_State *L, size_t size);
/* The same for a string. */
void lk_expect_string(lua_State *L, size_t length);

/* ---- Deadlines (watchdog.c) ---- */

void lk_worker_begin(lk_worker *worker, lk_machine *machine, const lk_limits *limits);
void lk_worker_end(lk_worker *worker, lk_report *report);
/* Around a host function: its time on the CPU is not the script's. */
void lk_worker_enter_host(lk_worker *worker);
void lk_worker_leave_host(lk_worker *worker);
int64_t lk_worker_cpu(const lk_worker *worker); /* nanoseconds the running call has used */

/* ---- Errors (errors.c) ---- */

int lk_message_handler(lua_State *L);
/* Raises the value on top; when it reaches the top of the call, the call fails with `status`. */
_Noreturn void lk_raise_as(lua_State *L, lk_status status);
/* Fills the machine's failure from the error value on top of the stack, which it pops. Never raises. */
void lk_record_failure(lk_machine *machine, lua_State *L, int lua_status);
void lk_note_place(lua_State *L); /* remembers where the running Lua code is, once */
void lk_set_text(lk_buffer *buffer, const char *text, size_t length);
/* File and line of the innermost Lua function. */
void lk_find_place(lua_State *L, lk_place *place);

/* ---- Sandbox ---- */

void lk_open_library(lua_State *L);                 /* sandbox.c; raises */
void lk_open_base(lua_State *L);                    /* guards.c: adds to the table on top; so do the next ones */
void lk_open_coroutines(lua_State *L);              /* coroutines.c */
void lk_open_strings(lua_State *L);                 /* strings.c */
void lk_open_patterns(lua_State *L);                /* patternfunctions.c: into the string table on top */
void lk_open_tables(lua_State *L);                  /* tables.c */
void lk_open_utf8(lua_State *L);                    /* utf8.c */
void lk_open_clock(lua_State *L);                   /* clock.c */
void lk_open_modules(lua_State *L);                 /* modules.c */
void lk_open_lazy(lua_State *L);                    /* lazy.c: metatables */
void lk_open_markers(lua_State *L);                 /* json.c: metatables of declared arrays and objects */
void lk_open_secrets(lua_State *L);                 /* secret.c: metatable */
void lk_push_json(lua_State *L);                    /* json.c: the table of functions */
void lk_seal_library(lua_State *L);                 /* freezes what was built */
void lk_push_environment(lua_State *L);             /* a file's own globals */
void lk_freeze(lua_State *L);                       /* replaces the table on top by a frozen view of it */
void lk_declare(lua_State *L, const char *path);    /* stores the value on top at a dotted path; raises on a clash */
int lk_sort(lua_State *L);                          /* sort.c */
void lk_load_text(lua_State *L, const char *path, const char *text, size_t length); /* pushes the chunk; raises */
void lk_push_identity(lua_State *L, int index);     /* guards.c: the text tostring gives for a reference */
const char *lk_tostring(lua_State *L, int index, size_t *length); /* pushes; honours __tostring; raises */
lua_Integer lk_length(lua_State *L, int index);     /* #t with metamethods, bounded; raises */

/* ---- What kind of table (shape.c) ---- */

typedef enum lk_table { LK_PLAIN, LK_LAZY, LK_FROZEN, LK_MARKED_ARRAY, LK_MARKED_OBJECT } lk_table;

lk_table lk_classify(lua_State *L, int index);
/* Pushes the table behind a frozen view. */
void lk_push_frozen_content(lua_State *L, int index);

typedef struct lk_key {
    const char *bytes;
    size_t length;
} lk_key;

/* How a table reads as JSON. `is_array` says what an empty one is; `refusal` is set when it is neither. */
typedef struct lk_shape {
    bool is_array;
    size_t count;         /* elements up to the last one, or fields */
    const char *refusal;
} lk_shape;

lk_shape lk_find_shape(lua_State *L, int index, lk_table kind, bool empty_is_array);
/* Pushes a userdata with the table's string keys in byte order. */
lk_key *lk_push_sorted_keys(lua_State *L, int index, size_t count);

/* ---- Value frames (frames.c) ---- */

/* Appends the value at `index`; lazy tables are copied in full. Raises. */
void lk_write_frame(lua_State *L, int index, lk_buffer *buffer);
/* As above, but a whole document becomes LK_TAG_DOCUMENT. */
void lk_write_frame_keeping_documents(lua_State *L, int index, lk_buffer *buffer);

typedef struct lk_reader {
    const uint8_t *next, *end;
    int depth;
} lk_reader;

/* Pushes the next value. Raises. */
void lk_read_frame(lua_State *L, lk_reader *reader);
uint32_t lk_read_count(lua_State *L, lk_reader *reader);
void lk_put_bytes_slowly(lua_State *L, lk_buffer *buffer, const void *bytes, size_t count);

/* Raises. */
static inline void lk_put_bytes(lua_State *L, lk_buffer *buffer, const void *bytes, size_t count) {
    bool fits = count < buffer->capacity - buffer->length && buffer->length + count <= LK_MACHINE(L)->arena.limit;
    if (!fits) {
        lk_put_bytes_slowly(L, buffer, bytes, count);
        return;
    }
    memcpy(buffer->bytes + buffer->length, bytes, count);
    buffer->length += count;
}

/* Adds `room` bytes, of which about `count` will be kept. Raises. */
uint8_t *lk_make_room(lua_State *L, lk_buffer *buffer, size_t count, size_t room);
void lk_put_count(lua_State *L, lk_buffer *buffer, uint32_t count);

/* ---- Functions by number (functions.c) ---- */

int64_t lk_function_handle(lua_State *L, int index); /* raises */
void lk_push_function(lua_State *L, int64_t handle); /* raises */
void lk_keep_function(lua_State *L, int index);      /* its handle outlives the call; raises */
void lk_release_function(lua_State *L, int64_t handle);
void lk_forget_functions(lua_State *L); /* those that were handed over in this call and not kept */

/* ---- Lazy tables ---- */

/* The node of the lazy table at `index`; raises when the call it belonged to has ended. */
lk_node *lk_node_at(lua_State *L, int index);
lk_node *lk_find_node(const lk_machine *machine, const void *table); /* NULL when its call has ended */
void lk_forget_nodes(lk_machine *machine);
void lk_push_document(lua_State *L, uint32_t document);
void lk_push_list(lua_State *L);
void lk_push_context(lua_State *L);
bool lk_list_was_changed(lua_State *L);
void lk_remember_written(lua_State *L, int table); /* lk_forget_written has to see this table */
void lk_forget_written(lua_State *L);
/* Refuses a document that is no JSON object; those known to be valid are not read for it. Raises. */
void lk_check_document(lua_State *L, uint32_t number);
void lk_list_children_now(lua_State *L, lk_node *node);

/* Lists the children of the node's container, once. Raises. */
static inline void lk_list_children(lua_State *L, lk_node *node) {
    if (!node->children && node->kind <= LK_KIND_ARRAY) lk_list_children_now(L, node);
}

uint32_t lk_find_member(lua_State *L, lk_node *node, const char *key, size_t length); /* its ordinal, or LK_NONE */
bool lk_escaped_key_equals(lk_machine *machine, const lk_document *document, const jk_child *child, const char *key,
                           size_t length);

static inline bool lk_key_equals(lk_machine *machine, const lk_document *document, const jk_child *child,
                                 const char *key, size_t length) {
    if (child->flags & JK_FLAG_SHADOWED) return false;
    if (child->flags & JK_FLAG_KEY_ESCAPED) return lk_escaped_key_equals(machine, document, child, key, length);
    size_t own = child->key_end - child->key_start;
    const char *bytes = (const char *)document->bytes + child->key_start;
    /* Most keys differ in their length or in a byte at the ends: no call is needed to see that. */
    if (own != length || length == 0) return own == length;
    return bytes[0] == key[0] && bytes[length - 1] == key[length - 1] && memcmp(bytes, key, length) == 0;
}

void lk_push_child(lua_State *L, lk_node *node, uint32_t ordinal); /* decoded; nil for a deleted one */
/* Puts the value at stack position `value` where lk_push_child finds it. */
void lk_hold_child(lua_State *L, lk_node *node, uint32_t ordinal, int value);
void lk_fill_array(lua_State *L, lk_node *node, int table);
/* `known` is where the table of LK_SLOT_KEYS stands on the stack, or 0. */
void lk_push_key(lua_State *L, const lk_document *document, const jk_child *child, int known);

int lk_lazy_index(lua_State *L); /* the metamethods, also used by rawget and rawset */
int lk_lazy_newindex(lua_State *L);
lua_Integer lk_lazy_length(lua_State *L, int table, lk_node *node);
int lk_lazy_pairs(lua_State *L);
int lk_lazy_next(lua_State *L);

/* Where a traversal is: members the document has come first, then added ones. Arrays use `added` alone. */
typedef struct lk_position {
    uint32_t ordinal;
    uint32_t added;
    int keys; /* where the known keys stand on the stack, or 0 */
} lk_position;

/* Pushes the next key and value, or nothing at the end. Added members beyond `limit` are not visited. Needs eight free
 * places on the stack. */
bool lk_lazy_step(lua_State *L, int table, lk_node *node, lk_position *position, uint32_t limit);
/* Pushes the path of `node`, as in "$.meta.tags[2]". */
void lk_push_path(lua_State *L, const lk_node *node);

/* Makes a lazy table and pushes it. */
lk_node *lk_push_new_node(lua_State *L, lk_node start);
void lk_push_context_fields(lua_State *L); /* context.c */
_Noreturn void lk_raise_stale(lua_State *L);

/* ---- Secrets (secret.c) ---- */

bool lk_is_secret(lua_State *L, int index);
const char *lk_secret_bytes(lua_State *L, int index, size_t *length); /* of a secret */
void lk_push_secret(lua_State *L, const void *bytes, size_t length);  /* raises */

/* ---- JSON text ---- */

/* Validates a text and lists its values, with the machine's parser. Raises when the call has to end. json.c */
bool lk_index(lua_State *L, const uint8_t *bytes, size_t length, jk_index *index, jk_problem *problem);

/* A scalar of a document; `start` and `end` are those of its token. scalars.c */
void lk_push_scalar(lua_State *L, const uint8_t *bytes, uint8_t kind, uint8_t flags, uint32_t start, uint32_t end);
/* A string of a document, given what is between its quotes. */
void lk_push_escaped(lua_State *L, const uint8_t *bytes, uint32_t start, uint32_t end);
void lk_put_number(lua_State *L, lk_buffer *buffer, lua_Number value);
void lk_put_integer(lua_State *L, lk_buffer *buffer, lua_Integer value);
/* False when the bytes are no UTF-8. */
bool lk_put_string(lua_State *L, lk_buffer *buffer, const char *bytes, size_t length);
/* Appends the value at `index` as JSON. `document` >= 0: failures are reported as that document's. Raises. */
void lk_write_json(lua_State *L, int index, lk_buffer *buffer, int64_t document); /* emit.c */
/* Decides for each document whether it changed and writes those that did. Raises. */
void lk_write_changes(lua_State *L);

/* host.c */
void lk_push_host_function(lua_State *L, const char *path, uint32_t function, int flags);

#endif
