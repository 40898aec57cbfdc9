/* Reference-counted bytes: documents, and the answers that send them. Small ones stay in memory; larger ones
 * are written to the spool, one unlinked temporary file that vanishes with its process. Any thread may hold,
 * read and release a blob. Only its creator adds to it, before it shares it. */
#ifndef IC_SANDBOX_BLOB_H
#define IC_SANDBOX_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ic_spool ic_spool;
typedef struct ic_blob ic_blob;

/* In TMPDIR, opened when first needed. It must outlive its blobs. NULL: no memory. */
ic_spool *ic_spool_new(void);
/* Closes the file: what is in it cannot be read any more, and nothing can be added. No other thread may use
 * it at that time. */
void ic_spool_close(ic_spool *spool);
void ic_spool_free(ic_spool *spool); /* closes; NULL is allowed */

/* A blob in memory. Takes ownership of `data` (from ic_malloc, with a NUL after its last byte), also when it
 * fails. The caller is the first holder. NULL: no memory. */
ic_blob *ic_blob_new(char *data, size_t length);
/* An empty blob to add to, which keeps at most `in_memory` bytes in memory. The caller is the first holder.
 * NULL: no memory. */
#define IC_BLOB_IN_MEMORY ((size_t)64 * 1024)
ic_blob *ic_blob_begin(ic_spool *spool, size_t in_memory);
/* false: no memory, or the disk failed (errno). The blob can then only be released. */
bool ic_blob_add(ic_blob *blob, const char *data, size_t size);

ic_blob *ic_blob_hold(ic_blob *blob);
void ic_blob_release(void *blob); /* an ic_blob, or NULL */

uint64_t ic_blob_length(const ic_blob *blob);
/* Copies up to `size` bytes from `offset` on. Returns how many: fewer only at the end, -1 when the disk
 * failed. */
ptrdiff_t ic_blob_read(const ic_blob *blob, uint64_t offset, char *into, size_t size);
/* All bytes, followed by a NUL, if they are in memory; otherwise NULL. Owned by the blob. */
const char *ic_blob_text(const ic_blob *blob);

#endif
