#ifndef LUA_KERNEL_EMIT_H
#define LUA_KERNEL_EMIT_H

#include "internal.h"

/* Writing JSON: what the plain and the lazy half share. All of it raises. */

typedef struct lk_step {
    const void *container; /* to notice one that contains itself */
    const char *key;       /* of the child being written; NULL in an array */
    size_t length;
    lua_Integer index;
} lk_step;

typedef struct lk_emitter {
    lua_State *L;
    lk_machine *machine;
    lk_buffer *out;
    int64_t document;
    int held; /* where the held values of lazy tables are on the stack */
    int depth;
    lk_step path[LK_MAXIMUM_DEPTH];
} lk_emitter;

_Noreturn void lk_emit_fail(const lk_emitter *e, const char *what);
static inline void lk_emit_bytes(const lk_emitter *e, const void *bytes, size_t count) {
    lk_put_bytes(e->L, e->out, bytes, count);
}
static inline void lk_emit_byte(const lk_emitter *e, char byte) { lk_emit_bytes(e, &byte, 1); }
/* Begins a container; ends with `e->depth--`. */
void lk_emit_enter(lk_emitter *e, const void *container);
lk_step *lk_emit_step(lk_emitter *e);
/* Writes `"key":` and remembers where we are. */
void lk_emit_key(lk_emitter *e, bool first, const char *key, size_t length);
/* `empty_is_array` says what an empty table of the script's own is written as. */
void lk_emit_value(lk_emitter *e, int index, bool empty_is_array);
void lk_emit_lazy(lk_emitter *e, int table);

#endif
