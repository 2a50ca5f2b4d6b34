/* A matcher for Lua patterns that can be stopped.
 *
 * It backtracks like the stock one, so a pattern can take time exponential in its length; unlike the stock one
 * it looks at `expired` wherever it could spend long. */

#include "patterns.h"

#include <ctype.h>

#define ESCAPE '%'
#define DEEPEST 200

static void poll(const lk_match *match) {
    if (match->machine->expired) lk_raise_kill(match->L);
}

/* First byte after the single-character class that begins at `pattern`. */
static const char *class_end(const lk_match *match, const char *pattern) {
    const char *end = match->pattern_end;
    char first = *pattern++;
    if (first == ESCAPE) {
        if (pattern == end) luaL_error(match->L, "malformed pattern (ends with '%%')");
        return pattern + 1;
    }
    if (first != '[') return pattern;
    if (pattern < end && *pattern == '^') pattern++;
    do { /* a ']' right at the start stands for itself */
        if (pattern == end) luaL_error(match->L, "malformed pattern (missing ']')");
        if (*pattern++ == ESCAPE) {
            if (pattern == end) luaL_error(match->L, "malformed pattern (missing ']')");
            pattern++;
        }
    } while (pattern == end || *pattern != ']');
    return pattern + 1;
}

static bool in_class(int byte, int class) {
    bool result;
    switch (tolower(class)) {
    case 'a': result = isalpha(byte); break;
    case 'c': result = iscntrl(byte); break;
    case 'd': result = isdigit(byte); break;
    case 'g': result = isgraph(byte); break;
    case 'l': result = islower(byte); break;
    case 'p': result = ispunct(byte); break;
    case 's': result = isspace(byte); break;
    case 'u': result = isupper(byte); break;
    case 'w': result = isalnum(byte); break;
    case 'x': result = isxdigit(byte); break;
    case 'z': result = byte == 0; break; /* from older versions, still there in 5.4 */
    default: return class == byte;
    }
    return isupper(class) ? !result : result;
}

/* `set` begins at '[' and `last` is its ']'. */
static bool in_set(int byte, const char *set, const char *last) {
    bool found = true;
    if (set[1] == '^') {
        found = false;
        set++;
    }
    while (++set < last) {
        if (*set == ESCAPE) {
            set++;
            if (in_class(byte, (unsigned char)*set)) return found;
        } else if (set[1] == '-' && set + 2 < last) {
            set += 2;
            if ((unsigned char)set[-2] <= byte && byte <= (unsigned char)*set) return found;
        } else if ((unsigned char)*set == byte) {
            return found;
        }
    }
    return !found;
}

static bool matches_one(const lk_match *match, const char *at, const char *pattern, const char *end) {
    if (at >= match->subject_end) return false;
    int byte = (unsigned char)*at;
    switch (*pattern) {
    case '.': return true;
    case ESCAPE: return in_class(byte, (unsigned char)pattern[1]);
    case '[': return in_set(byte, pattern, end - 1);
    default: return (unsigned char)*pattern == byte;
    }
}

static const char *match_balance(const lk_match *match, const char *at, const char *pattern) {
    if (pattern >= match->pattern_end - 1) {
        luaL_error(match->L, "malformed pattern (missing arguments to '%%b')");
    }
    if (at >= match->subject_end || *at != *pattern) return NULL;
    char open = pattern[0], close = pattern[1];
    size_t nesting = 1;
    poll(match);
    while (++at < match->subject_end) {
        if (*at == close) {
            if (--nesting == 0) return at + 1;
        } else if (*at == open) {
            nesting++;
        }
    }
    return NULL;
}

static const char *match(lk_match *match, const char *at, const char *pattern);

static const char *expand_most(lk_match *m, const char *at, const char *pattern, const char *end) {
    ptrdiff_t count = 0;
    while (matches_one(m, at + count, pattern, end)) count++;
    for (; count >= 0; count--) {
        poll(m);
        const char *found = match(m, at + count, end + 1);
        if (found) return found;
    }
    return NULL;
}

static const char *expand_least(lk_match *m, const char *at, const char *pattern, const char *end) {
    for (;;) {
        poll(m);
        const char *found = match(m, at, end + 1);
        if (found) return found;
        if (!matches_one(m, at, pattern, end)) return NULL;
        at++;
    }
}

static const char *open_capture(lk_match *m, const char *at, const char *pattern, ptrdiff_t what) {
    if (m->captures >= LK_MOST_CAPTURES) luaL_error(m->L, "too many captures");
    m->capture[m->captures].start = at;
    m->capture[m->captures].length = what;
    m->captures++;
    const char *found = match(m, at, pattern);
    if (!found) m->captures--;
    return found;
}

static const char *close_capture(lk_match *m, const char *at, const char *pattern) {
    int last = m->captures - 1;
    while (last >= 0 && m->capture[last].length != LK_CAPTURE_OPEN) last--;
    if (last < 0) luaL_error(m->L, "invalid pattern capture");
    m->capture[last].length = at - m->capture[last].start;
    const char *found = match(m, at, pattern);
    if (!found) m->capture[last].length = LK_CAPTURE_OPEN;
    return found;
}

/* The text that an earlier capture found, again. */
static const char *match_back_reference(const lk_match *m, const char *at, char digit) {
    int number = digit - '1';
    if (number < 0 || number >= m->captures || m->capture[number].length == LK_CAPTURE_OPEN) {
        luaL_error(m->L, "invalid capture index %%%d", number + 1);
    }
    size_t length = (size_t)m->capture[number].length;
    if ((size_t)(m->subject_end - at) < length || memcmp(m->capture[number].start, at, length) != 0) return NULL;
    return at + length;
}

/* %f[set]: between a byte outside the set and one inside; both ends of the subject count as '\0'. */
static bool is_frontier(const lk_match *m, const char *at, const char *set, const char *end) {
    int before = at == m->subject ? 0 : (unsigned char)at[-1];
    int after = at == m->subject_end ? 0 : (unsigned char)*at;
    return !in_set(before, set, end - 1) && in_set(after, set, end - 1);
}

/* Handles what %b, %f and %1 ask for. Moves on in the subject and the pattern, or gives NULL. */
static const char *match_escape(lk_match *m, const char *at, const char **pattern) {
    const char *after = *pattern + 2;
    if ((*pattern)[1] == 'b') {
        *pattern = after + 2;
        return match_balance(m, at, after);
    }
    if ((*pattern)[1] == 'f') {
        if (after >= m->pattern_end || *after != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
        const char *end = class_end(m, after);
        *pattern = end;
        return is_frontier(m, at, after, end) ? at : NULL;
    }
    *pattern = after;
    return match_back_reference(m, at, after[-1]);
}

static bool is_special_escape(const lk_match *m, const char *pattern) {
    if (*pattern != ESCAPE || pattern + 1 >= m->pattern_end) return false;
    return pattern[1] == 'b' || pattern[1] == 'f' || isdigit((unsigned char)pattern[1]);
}

/* The loop of match: each turn consumes one item of the pattern; only what can fail later recurses. */
static const char *match_items(lk_match *m, const char *at, const char *pattern) {
    while (pattern != m->pattern_end) {
        if (*pattern == '(') {
            if (pattern + 1 < m->pattern_end && pattern[1] == ')') {
                return open_capture(m, at, pattern + 2, LK_CAPTURE_POSITION);
            }
            return open_capture(m, at, pattern + 1, LK_CAPTURE_OPEN);
        }
        if (*pattern == ')') return close_capture(m, at, pattern + 1);
        if (*pattern == '$' && pattern + 1 == m->pattern_end) return at == m->subject_end ? at : NULL;
        if (is_special_escape(m, pattern)) {
            at = match_escape(m, at, &pattern);
            if (!at) return NULL;
            continue;
        }
        const char *end = class_end(m, pattern);
        char suffix = end < m->pattern_end ? *end : '\0';
        bool optional = suffix == '*' || suffix == '-' || suffix == '?';
        if (!matches_one(m, at, pattern, end)) {
            if (!optional) return NULL;
            pattern = end + 1;
            continue;
        }
        switch (suffix) {
        case '*': return expand_most(m, at, pattern, end);
        case '-': return expand_least(m, at, pattern, end);
        case '+': return expand_most(m, at + 1, pattern, end);
        case '?': {
            const char *found = match(m, at + 1, end + 1);
            if (found) return found;
            pattern = end + 1;
            break;
        }
        default:
            at++;
            pattern = end;
        }
    }
    return at;
}

static const char *match(lk_match *m, const char *at, const char *pattern) {
    if (m->depth-- == 0) luaL_error(m->L, "pattern too complex");
    poll(m);
    const char *found = match_items(m, at, pattern);
    m->depth++;
    return found;
}

const char *lk_match_at(lk_match *m, const char *at, const char *pattern) {
    m->depth = DEEPEST;
    m->captures = 0;
    return match(m, at, pattern);
}
