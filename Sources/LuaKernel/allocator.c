/* The memory of one machine.
 *
 * Small blocks come from chunks by size class, larger ones from malloc in a ring, so that a whole machine can be
 * dropped without asking Lua to free anything (and so without running Lua code).
 *
 * The limit is soft. Lua 5.4.4 frees a table that is still in use when an allocation for a table fails at the
 * wrong moment, so small blocks and tables are always granted: passing the limit arms the hook instead, which
 * collects and, if that does not help, ends the script. NULL is returned only for one big string, where Lua
 * recovers safely (and always for one above LK_LONGEST_STRING), and beyond three times the limit, which leaves room
 * for any table to double. */

#include "internal.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGEST_FINE (LK_FINE_CLASSES * 16)
#define LARGEST_SMALL (LARGEST_FINE + (LK_SIZE_CLASSES - LK_FINE_CLASSES) * 128)
#define FIRST_CHUNK (32 * 1024)
#define LARGEST_CHUNK (1024 * 1024)
#define MAPPED (256 * 1024)
#define BIG_STRING (64 * 1024)
#define STRING_HEADER 64 /* at most */
#define HARD_FACTOR 3

typedef struct lk_chunk {
    struct lk_chunk *next;
    size_t size;
} lk_chunk;

/* Every block must suit any C type. */
_Static_assert(sizeof(lk_chunk) % 16 == 0 && sizeof(lk_large) % 16 == 0, "blocks would be misaligned");

/* Large pieces are mapped, because what malloc frees stays with the process for long. In pages of the usual size:
 * the system may look for huge ones for 50 ms, and nothing can stop a script meanwhile. */
static void *take_from_system(size_t size) {
    if (size < MAPPED) return malloc(size);
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void give_to_system(void *piece, size_t size) {
    if (size < MAPPED) {
        free(piece);
    } else {
        munmap(piece, size);
    }
}

static void *resize_at_system(void *piece, size_t old_size, size_t new_size) {
    if (old_size < MAPPED && new_size < MAPPED) return realloc(piece, new_size);
#ifdef __linux__
    if (old_size >= MAPPED && new_size >= MAPPED) {
        void *pages = mremap(piece, old_size, new_size, MREMAP_MAYMOVE);
        return pages == MAP_FAILED ? NULL : pages;
    }
#endif
    void *moved = take_from_system(new_size);
    if (!moved) return NULL;
    memcpy(moved, piece, old_size < new_size ? old_size : new_size);
    give_to_system(piece, old_size);
    return moved;
}

void lk_arena_open(lk_arena *arena, size_t limit) {
    memset(arena, 0, sizeof *arena);
    arena->next_chunk = FIRST_CHUNK;
    arena->large.next = arena->large.previous = &arena->large;
    arena->limit = limit;
}

void lk_arena_close(lk_arena *arena) {
    while (arena->chunks) {
        lk_chunk *chunk = arena->chunks;
        arena->chunks = chunk->next;
        give_to_system(chunk, chunk->size);
    }
    while (arena->large.next != &arena->large) {
        lk_large *block = arena->large.next;
        arena->large.next = block->next;
        give_to_system(block, block->size);
    }
    arena->large.previous = &arena->large;
}

static bool add_chunk(lk_arena *arena) {
    size_t size = arena->next_chunk;
    lk_chunk *chunk = take_from_system(size);
    if (!chunk) return false;
    chunk->next = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->bump = (uint8_t *)(chunk + 1);
    arena->bump_end = (uint8_t *)chunk + size;
    arena->held += size;
    if (size < LARGEST_CHUNK) arena->next_chunk = size * 2;
    return true;
}

static size_t size_class(size_t size) {
    return size <= LARGEST_FINE ? (size + 15) / 16 : LK_FINE_CLASSES + (size - LARGEST_FINE + 127) / 128;
}

static size_t class_size(size_t class) {
    return class <= LK_FINE_CLASSES ? class * 16 : LARGEST_FINE + (class - LK_FINE_CLASSES) * 128;
}

static void *take_small(lk_arena *arena, size_t size) {
    size_t class = size_class(size);
    void *block = arena->free_blocks[class];
    if (block) {
        memcpy(&arena->free_blocks[class], block, sizeof(void *));
        return block;
    }
    size_t room = class_size(class);
    if ((size_t)(arena->bump_end - arena->bump) < room && !add_chunk(arena)) return NULL;
    block = arena->bump;
    arena->bump += room;
    return block;
}

static void give_small(lk_arena *arena, void *block, size_t size) {
    size_t class = size_class(size);
    memcpy(block, &arena->free_blocks[class], sizeof(void *));
    arena->free_blocks[class] = block;
}

static void link_large(lk_arena *arena, lk_large *block) {
    block->next = arena->large.next;
    block->previous = &arena->large;
    block->next->previous = block;
    arena->large.next = block;
}

static void unlink_large(lk_large *block) {
    block->previous->next = block->next;
    block->next->previous = block->previous;
}

static void *take_large(lk_arena *arena, size_t size) {
    lk_large *block = take_from_system(sizeof *block + size);
    if (!block) return NULL;
    block->size = sizeof *block + size;
    link_large(arena, block);
    arena->held += size;
    return block + 1;
}

static void give_large(lk_arena *arena, void *content, size_t size) {
    lk_large *block = (lk_large *)content - 1;
    unlink_large(block);
    arena->held -= size;
    give_to_system(block, block->size);
}

static void *resize_large(lk_arena *arena, void *content, size_t old_size, size_t new_size) {
    lk_large *block = (lk_large *)content - 1;
    unlink_large(block);
    lk_large *moved = resize_at_system(block, block->size, sizeof *block + new_size);
    link_large(arena, moved ? moved : block);
    if (!moved) return new_size < old_size ? content : NULL;
    moved->size = sizeof *moved + new_size;
    arena->held += new_size - old_size;
    return moved + 1;
}

static void *take(lk_arena *arena, size_t size) {
    return size <= LARGEST_SMALL ? take_small(arena, size) : take_large(arena, size);
}

static void give(lk_arena *arena, void *block, size_t size) {
    if (size <= LARGEST_SMALL) {
        give_small(arena, block, size);
    } else {
        give_large(arena, block, size);
    }
}

static void *resize(lk_arena *arena, void *block, size_t old_size, size_t new_size) {
    bool was_large = old_size > LARGEST_SMALL, is_large = new_size > LARGEST_SMALL;
    if (!was_large && !is_large && size_class(old_size) == size_class(new_size)) return block;
    if (was_large && is_large) return resize_large(arena, block, old_size, new_size);
    void *moved = take(arena, new_size);
    /* Lua counts on shrinking to work; the block is simply larger than needed then. */
    if (!moved) return new_size < old_size ? block : NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    give(arena, block, old_size);
    return moved;
}

/* Whether `growth` more bytes are granted; arms the hook when they pass the limit. */
static bool grant(lk_machine *machine, size_t growth, bool is_string) {
    lk_arena *arena = &machine->arena;
    if (growth > SIZE_MAX / 8) return false;
    if (is_string && growth > LK_LONGEST_STRING + STRING_HEADER) return false;
    size_t wanted = arena->used + growth;
    if (wanted <= arena->limit && arena->held <= arena->limit * HARD_FACTOR) return true;
    if (is_string && growth >= BIG_STRING) return false;
    if (wanted > arena->limit * HARD_FACTOR) return false;
    machine->collect = 1;
    lk_arm(machine);
    return true;
}

void *lk_allocate(void *context, void *block, size_t old_size, size_t new_size) {
    lk_machine *machine = context;
    lk_arena *arena = &machine->arena;
    /* Without a block, the old size is the kind of object Lua is about to make. */
    bool is_string = !block && old_size == LUA_TSTRING;
    if (!block) old_size = 0;
    if (new_size == 0) {
        if (block) give(arena, block, old_size);
        arena->used -= old_size;
        return NULL;
    }
    if (new_size > old_size && !grant(machine, new_size - old_size, is_string)) return NULL;
    void *result = block ? resize(arena, block, old_size, new_size) : take(arena, new_size);
    if (!result) return NULL;
    arena->used += new_size - old_size;
    if (arena->used > arena->peak) arena->peak = arena->used;
    return result;
}
