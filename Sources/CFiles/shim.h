#ifndef TIDELOCK_CFILES_SHIM_H
#define TIDELOCK_CFILES_SHIM_H

/* Of Linux alone, and so not in the module that names the C library: https://man7.org/linux/man-pages/man2/syncfs.2.html */
extern int syncfs(int fd);

#endif
