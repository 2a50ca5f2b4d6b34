#ifndef TIDELOCK_JSON_KERNEL_H
#define TIDELOCK_JSON_KERNEL_H

/* JSON kept as bytes: validate, index, normalise, canonicalise, hash, extract.
 *
 * Structural scanning is simdjson's; the grammar pass and everything after it is ours, so that numbers
 * stay tokens (simdjson's DOM refuses integers beyond 64 bits) and skipped values are validated too.
 *
 * A jk_parser owns scratch memory and may be used by one thread at a time; it takes about 20 bytes for each byte of
 * the densest documents and gives what a large one took back when it is next used for a small one. Nothing here
 * raises or aborts on bad input; memory exhaustion is reported as JK_OUT_OF_MEMORY. Input needs no padding and is
 * never written to. No pointer may be NULL unless it says so; bytes of length 0 may be. */

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Deepest nesting of arrays and objects that is accepted. */
#define JK_MAXIMUM_DEPTH 512

typedef enum jk_status {
    JK_OK = 0,
    JK_MALFORMED = 1,
    JK_INVALID_UTF8 = 2,
    JK_LONE_SURROGATE = 3,
    JK_TOO_DEEP = 4,
    JK_TOO_LARGE = 5,
    JK_OUT_OF_MEMORY = 6,
    JK_INTERRUPTED = 7,
} jk_status;

/* Why a document was refused: its first fault. `reason` is a static string. Calls that succeed leave JK_OK here. */
typedef struct jk_problem {
    jk_status status;
    size_t offset; /* byte at which the document stopped being JSON; of an unclosed string its opening quote */
    const char *reason;
} jk_problem;

/* A growable buffer. Zero-initialise; release with jk_buffer_release. Calls overwrite it, never append; after one that
 * failed its length is 0. */
typedef struct jk_buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
} jk_buffer;

void jk_buffer_release(jk_buffer *buffer);

typedef struct jk_parser jk_parser;

jk_parser *jk_parser_create(void); /* NULL when memory ran out */
void jk_parser_destroy(jk_parser *parser);

/* From now on, jk_index_document gives up with JK_INTERRUPTED soon after `flag` became non-zero, which a signal handler
 * may do. NULL: it never gives up. */
void jk_parser_watch(jk_parser *parser, const volatile sig_atomic_t *flag);

typedef enum jk_kind {
    JK_NULL = 0,
    JK_FALSE = 1,
    JK_TRUE = 2,
    JK_NUMBER = 3,
    JK_STRING = 4,
    JK_ARRAY = 5,
    JK_OBJECT = 6,
} jk_kind;

enum {
    JK_FLAG_ESCAPED = 1,     /* the string's content holds backslash escapes */
    JK_FLAG_KEY_ESCAPED = 2, /* the member's key holds backslash escapes */
    JK_FLAG_INTEGER = 4,     /* the number has neither fraction nor exponent */
    JK_FLAG_SHADOWED = 8,    /* a later member of the same object has the same decoded key: this one does not count */
};

/* One value, in document order; a member of an object is its value node, which also carries the key's range. */
typedef struct jk_node {
    uint32_t start;     /* first byte of the value; a string's opening quote */
    uint32_t end;       /* one past its last byte */
    uint32_t key_start; /* first byte between the key's quotes; 0 with key_end 0 when not a member */
    uint32_t key_end;
    uint32_t next;  /* index of the first node after this value's subtree: its next sibling, if there is one */
    uint32_t count; /* direct children, shadowed ones included; the first is the node after this one */
    uint8_t kind;   /* jk_kind */
    uint8_t flags;
} jk_node;

typedef struct jk_index {
    const jk_node *nodes; /* node 0 is the document's value; owned by the parser until its next call */
    size_t count;
} jk_index;

/* Validates one JSON text (RFC 8259, surrounding whitespace allowed) and lists its values. Documents of 4 GiB and more
 * are refused. Of a refused document the index is empty. */
jk_status jk_index_document(jk_parser *parser, const uint8_t *bytes, size_t length, jk_index *index,
                            jk_problem *problem);

/* A direct child of a container. The flags are those of a jk_node; JK_FLAG_SHADOWED is never among them. */
typedef struct jk_child {
    uint32_t start; /* first byte of the value; a string's opening quote */
    uint32_t end;   /* one past its last byte */
    uint32_t key_start; /* first byte between the key's quotes; 0 when not a member */
    uint32_t key_end;
    uint8_t kind; /* jk_kind */
    uint8_t flags;
    uint8_t note; /* 0; for the caller's use */
} jk_child;

/* Children in document order. Zero-initialise; release with jk_children_release. Calls overwrite it. */
typedef struct jk_children {
    jk_child *items;
    size_t count;
    size_t capacity;
    uint32_t end; /* one past the container's last byte */
} jk_children;

void jk_children_release(jk_children *children);

/* Lists the direct children of the container that starts at `bytes[start]`, in a document that is known to be valid.
 * What is nested in them is passed over without being read, so a large document costs little until one looks inside.
 * Of bytes that are no JSON, anything may be listed and JK_MALFORMED answered, but only ranges within `length` come
 * out and nothing beyond it is read. */
jk_status jk_list_children(const uint8_t *bytes, size_t length, uint32_t start, jk_children *children);

/* The number at `bytes[start, end)` of a valid document, as the double nearest to it. */
double jk_read_number(const uint8_t *bytes, uint32_t start, uint32_t end);

/* Writes a finite double with as few of 15 to 17 digits as bring it back, and with a mark that it is no integer.
 * `out` needs room for 40 bytes. Returns the length. */
size_t jk_write_number(double value, uint8_t *out);

/* Validates and writes the stored form: the same tokens in the same order without insignificant whitespace and
 * without shadowed members. Everything else is kept byte for byte. */
jk_status jk_normalise(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *stored,
                       jk_problem *problem);

/* Writes the canonical form, which exists only to be hashed: keys sorted bytewise after decoding, shortest escapes,
 * integers exact, other numbers shortest round-trip, `1.0` = `1`, `-0` = `0`, `{}` = `[]`. Numbers with a fraction or
 * an exponent are written as RFC 8785 says, so that 1e20 equals the integer; those that no double holds keep their
 * digits. */
jk_status jk_canonicalise(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *canonical,
                          jk_problem *problem);

/* SHA-256 of the canonical form. */
jk_status jk_hash(jk_parser *parser, const uint8_t *bytes, size_t length, uint8_t digest[32], jk_problem *problem);

/* jk_normalise and jk_hash in one pass over the text. `stored` may be NULL when only the hash is wanted. `index` may be
 * NULL; else it lists the values of the stored form, whose bytes are those of `stored`, which must not be NULL then. A
 * text that is its own stored form is listed once for all of it; any other is listed again in its stored form. */
jk_status jk_intake(jk_parser *parser, const uint8_t *bytes, size_t length, jk_buffer *stored, jk_index *index,
                    uint8_t digest[32], jk_problem *problem);

/* SHA-256 of bytes. */
void jk_sha256(const uint8_t *bytes, size_t length, uint8_t digest[32]);

/* Decodes the string content `bytes[start, end)` of an indexed document (between the quotes) to UTF-8. `out` needs room
 * for end - start bytes. Returns the length. */
size_t jk_decode_string(const uint8_t *bytes, uint32_t start, uint32_t end, uint8_t *out);

/* The same for about `most` of these bytes, beginning at `*start`, which moves to where the next piece begins: `end`
 * after the last one. Runs without escapes are never divided. */
size_t jk_decode_piece(const uint8_t *bytes, uint32_t *start, uint32_t end, size_t most, uint8_t *out);

/* Writes `bytes` (UTF-8) as the content of a JSON string with the shortest escapes. `out` needs room for 6 * length
 * bytes. Returns the length. */
size_t jk_encode_string(const uint8_t *bytes, size_t length, uint8_t *out);

/* Non-zero when the bytes are valid UTF-8. */
int jk_valid_utf8(const uint8_t *bytes, size_t length);

/* Non-zero when `text` occurs anywhere in the bytes, whether they are a document or not. */
int jk_mentions(const uint8_t *bytes, size_t length, const uint8_t *text, size_t text_length);

/* Index of the member `key` (decoded UTF-8) of the object node `object`, or -1. Shadowed members are not found, and
 * nodes that are no objects have none. */
int64_t jk_member(const uint8_t *bytes, const jk_index *index, size_t object, const uint8_t *key, size_t key_length);

#ifdef __cplusplus
}
#endif

#endif
