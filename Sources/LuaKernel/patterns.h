#ifndef LUA_KERNEL_PATTERNS_H
#define LUA_KERNEL_PATTERNS_H

#include "internal.h"

/* One attempt to match a Lua pattern. Gives the results of the stock library, and raises as soon as time is up. */

#define LK_MOST_CAPTURES 32

enum { LK_CAPTURE_OPEN = -1, LK_CAPTURE_POSITION = -2 };

typedef struct lk_match {
    lua_State *L;
    lk_machine *machine;
    const char *subject, *subject_end;
    const char *pattern_end;
    int depth; /* calls left before the pattern is too complex */
    int captures;
    struct {
        const char *start;
        ptrdiff_t length; /* or one of the two above */
    } capture[LK_MOST_CAPTURES];
} lk_match;

/* Where a match that begins at `at` ends, or NULL. Raises on a malformed pattern. */
const char *lk_match_at(lk_match *match, const char *at, const char *pattern);

#endif
