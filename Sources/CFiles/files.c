#define _GNU_SOURCE
#include "CFiles.h"

#include <sys/stat.h>
#include <unistd.h>

static int take(int status, const struct stat *found, cfiles_facts *facts) {
  if (status != 0) return -1;
  facts->size = found->st_size;
  facts->modified = found->st_mtim.tv_sec;
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

int cfiles_sync_disk(int descriptor) { return syncfs(descriptor); }
