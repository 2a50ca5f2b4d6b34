#ifndef TIDELOCK_CFILES_H
#define TIDELOCK_CFILES_H

#include <stdbool.h>
#include <stdint.h>

/* What Linux says of files, without the system's own types: which of Swift's modules `struct stat` belongs to depends
 * on the order in which files are compiled, and syncfs belongs to none. Functions answer 0, or -1 with errno. */

typedef struct {
  /* In bytes. */
  int64_t size;
  /* Unix seconds, and the nanoseconds beyond. */
  int64_t modified;
  int64_t modified_nanoseconds;
  /* Both together say which file it is. */
  uint64_t device;
  uint64_t inode;
  /* How many names it has. */
  uint64_t links;
  bool is_file;
  bool is_folder;
} cfiles_facts;

/* https://man7.org/linux/man-pages/man2/stat.2.html */
int cfiles_facts_at(const char *path, bool follows_links, cfiles_facts *facts);
int cfiles_facts_of(int descriptor, cfiles_facts *facts);

/* Renames a file where nothing has the new name. EEXIST where something has, EINVAL or ENOSYS where the disk cannot tell:
 * https://man7.org/linux/man-pages/man2/rename.2.html, RENAME_NOREPLACE */
int cfiles_rename_new(const char *path, const char *new_path);

/* Writes out everything on the disk of an open file: https://man7.org/linux/man-pages/man2/syncfs.2.html */
int cfiles_sync_disk(int descriptor);

/* Begins to write out bytes of an open file: https://man7.org/linux/man-pages/man2/sync_file_range.2.html */
int cfiles_begin_sync(int descriptor, int64_t offset, int64_t count);

/* Writes to an open file around the page cache, and answers how many bytes: none where the disk cannot do that. Position,
 * memory and count have to be aligned to the disk's blocks: https://man7.org/linux/man-pages/man2/open.2.html, O_DIRECT */
int64_t cfiles_append_directly(int descriptor, const void *bytes, int64_t count);

#endif
