/* Growable buffers, and the region that holds what one call needs. */

#include "internal.h"

#include <stdlib.h>

#define SLAB (256 * 1024)
#define MOST_SPARE 32

typedef struct lk_slab {
    struct lk_slab *next;
    size_t size;
} lk_slab;

uint8_t *lk_buffer_extend(lk_buffer *buffer, size_t count) {
    if (count > SIZE_MAX / 4 - buffer->length) return NULL;
    size_t needed = buffer->length + count;
    if (needed > buffer->capacity || !buffer->bytes) {
        size_t capacity = buffer->capacity * 2 > needed ? buffer->capacity * 2 : needed + 64;
        uint8_t *grown = realloc(buffer->bytes, capacity);
        if (!grown) return NULL;
        buffer->bytes = grown;
        buffer->capacity = capacity;
    }
    uint8_t *start = buffer->bytes + buffer->length;
    buffer->length = needed;
    return start;
}

void lk_buffer_release(lk_buffer *buffer) {
    free(buffer->bytes);
    *buffer = (lk_buffer){0};
}

static lk_slab *find_slab(lk_region *region, size_t size) {
    if (size <= SLAB && region->spare) {
        lk_slab *slab = region->spare;
        region->spare = slab->next;
        region->spare_count--;
        return slab;
    }
    lk_slab *slab = malloc(size > SLAB ? size : SLAB);
    if (slab) slab->size = size > SLAB ? size : SLAB;
    return slab;
}

static bool add_slab(lk_region *region, size_t size) {
    lk_slab *slab = find_slab(region, size + sizeof *slab);
    if (!slab) return false;
    slab->next = region->slabs;
    region->slabs = slab;
    region->next = (uint8_t *)(slab + 1);
    region->end = (uint8_t *)slab + slab->size;
    return true;
}

void *lk_region_take(lk_region *region, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if ((size_t)(region->end - region->next) < size && !add_slab(region, size)) return NULL;
    void *start = region->next;
    region->next += size;
    return start;
}

void lk_region_reset(lk_region *region) {
    while (region->slabs) {
        lk_slab *slab = region->slabs;
        region->slabs = slab->next;
        if (slab->size == SLAB && region->spare_count < MOST_SPARE) {
            slab->next = region->spare;
            region->spare = slab;
            region->spare_count++;
        } else {
            free(slab);
        }
    }
    region->next = region->end = NULL;
}

void lk_region_release(lk_region *region) {
    lk_region_reset(region);
    while (region->spare) {
        lk_slab *slab = region->spare;
        region->spare = slab->next;
        free(slab);
    }
    *region = (lk_region){0};
}
