#ifndef TIDELOCK_CZSTD_SHIM_H
#define TIDELOCK_CZSTD_SHIM_H

/* Names the system's libzstd. */
#include <zstd.h>

#endif
