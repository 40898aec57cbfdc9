/* A file of a record. */
#ifndef IC_SANDBOX_ATTACHMENT_H
#define IC_SANDBOX_ATTACHMENT_H

#include "sandbox/base/blob.h"
#include "sandbox/company/ids.h"

typedef struct ic_attachment {
    ic_uuid id;
    char *key, *filename;       /* owned */
    ic_blob *bytes;             /* held */
    char *hash;                 /* SHA-256 of the bytes in hex, computed on first use; owned */
    struct ic_attachment *next; /* of the same record, in the order they were added */
} ic_attachment;

void ic_attachment_free(ic_attachment *attachment);

/* The SHA-256 of its bytes in hex. NULL: no memory, or a disk error. */
const char *ic_attachment_hash(ic_attachment *attachment);

/* The media type for a filename's extension. Static. NULL: Ironclad does not accept this extension. */
const char *ic_media_type(const char *filename);

#endif
