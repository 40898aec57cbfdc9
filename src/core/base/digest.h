/* SHA-256, by libcrypto. */
#ifndef IC_DIGEST_H
#define IC_DIGEST_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define IC_SHA256_HEX 65 /* 64 digits and the closing NUL */

/* Writes the digest in lower-case hex. False with MEMORY. */
bool ic_sha256(const void *bytes, size_t length, char hex[IC_SHA256_HEX], ic_error *error);
/* The digest of a file, which is read piece by piece. False with IO or MEMORY. */
bool ic_sha256_file(const char *path, char hex[IC_SHA256_HEX], ic_error *error);

#endif
