/* Bytes that several may hold: documents, and the answers that are sending them. Small ones are in memory;
 * what is larger goes, piece by piece as it comes, to the spool: one file without a name that vanishes with
 * its process. Blobs may be held, read and released by any thread; only its maker adds to one, before others
 * have it. */
#ifndef IC_SANDBOX_BLOB_H
#define IC_SANDBOX_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ic_spool ic_spool;
typedef struct ic_blob ic_blob;

/* In TMPDIR, opened when first needed; it must outlive its blobs. NULL: no memory. */
ic_spool *ic_spool_new(void);
void ic_spool_free(ic_spool *spool);

/* In memory. Takes over `data` (from ic_malloc, a NUL behind its last byte), also when it fails; the caller
 * is the first holder. NULL: no memory. */
ic_blob *ic_blob_new(char *data, size_t length);
/* An empty one to add to, of which at most `in_memory` bytes are kept there; the caller is the first holder.
 * NULL: no memory. */
#define IC_BLOB_IN_MEMORY ((size_t)64 * 1024)
ic_blob *ic_blob_begin(ic_spool *spool, size_t in_memory);
/* false: no memory, or (errno) no place on the disk; the blob is then good for release alone. */
bool ic_blob_add(ic_blob *blob, const char *data, size_t size);

ic_blob *ic_blob_hold(ic_blob *blob);
void ic_blob_release(void *blob); /* an ic_blob, or NULL */

uint64_t ic_blob_length(const ic_blob *blob);
/* Copies up to `size` bytes from `offset` on. Answers how many; fewer only at the end; -1: the disk failed.
 */
ptrdiff_t ic_blob_read(const ic_blob *blob, uint64_t offset, char *into, size_t size);
/* All bytes with a NUL behind them, if they are in memory; otherwise NULL. The blob's. */
const char *ic_blob_text(const ic_blob *blob);

#endif
