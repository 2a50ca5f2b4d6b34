#ifndef TIDELOCK_CFILES_H
#define TIDELOCK_CFILES_H

#include <stdbool.h>
#include <stdint.h>

/* What Linux says of files, without the system's own types: which of Swift's modules `struct stat` belongs to depends
 * on the order in which files are compiled, and syncfs belongs to none. Functions answer 0, or -1 with errno. */

typedef struct {
  /* In bytes. */
  int64_t size;
  /* Unix seconds. */
  int64_t modified;
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

/* Writes out everything on the disk of an open file: https://man7.org/linux/man-pages/man2/syncfs.2.html */
int cfiles_sync_disk(int descriptor);

#endif
