#ifndef CMALLOC_SHIM_H
#define CMALLOC_SHIM_H

/* Only glibc has mallopt. */
#if defined(__GLIBC__) || defined(__linux__)
#include <malloc.h>
#endif

#endif
