#ifndef TIDELOCK_CCRYPTO_SHIM_H
#define TIDELOCK_CCRYPTO_SHIM_H

/* Names the system's libcrypto (OpenSSL 3), for digests on the hot path. */
#include <openssl/evp.h>
#include <openssl/sha.h>

#endif
