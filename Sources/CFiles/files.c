#define _GNU_SOURCE
#include "CFiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int take(int status, const struct stat *found, cfiles_facts *facts) {
  if (status != 0) return -1;
  facts->size = found->st_size;
  facts->modified = found->st_mtim.tv_sec;
  facts->modified_nanoseconds = found->st_mtim.tv_nsec;
  facts->device = found->st_dev;
  facts->inode = found->st_ino;
  facts->links = found->st_nlink;
  facts->is_file = S_ISREG(found->st_mode);
  facts->is_folder = S_ISDIR(found->st_mode);
  return 0;
}

int cfiles_facts_at(const char *path, bool follows_links, cfiles_facts *facts) {
  struct stat found;
  return take(follows_links ? stat(path, &found) : lstat(path, &found), &found, facts);
}

int cfiles_facts_of(int descriptor, cfiles_facts *facts) {
  struct stat found;
  return take(fstat(descriptor, &found), &found, facts);
}

int cfiles_rename_new(const char *path, const char *new_path) {
  return renameat2(AT_FDCWD, path, AT_FDCWD, new_path, RENAME_NOREPLACE);
}

int cfiles_sync_disk(int descriptor) { return syncfs(descriptor); }

int cfiles_begin_sync(int descriptor, int64_t offset, int64_t count) {
  return sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

int64_t cfiles_append_directly(int descriptor, const void *bytes, int64_t count) {
  int flags = fcntl(descriptor, F_GETFL);
  if (flags < 0) return -1;
  if (fcntl(descriptor, F_SETFL, flags | O_DIRECT) < 0) return errno == EINVAL ? 0 : -1;
  int64_t written = write(descriptor, bytes, count);
  int problem = errno;
  if (fcntl(descriptor, F_SETFL, flags) < 0) return -1;
  errno = problem;
  return written < 0 && problem == EINVAL ? 0 : written;
}
