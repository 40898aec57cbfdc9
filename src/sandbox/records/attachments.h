/* Files of records, by key. */
#ifndef IC_SANDBOX_ATTACHMENTS_H
#define IC_SANDBOX_ATTACHMENTS_H

#include "sandbox/world/world.h"

typedef struct ic_attachment {
    ic_uuid id;
    char *key, *filename;       /* owned */
    ic_blob *bytes;             /* held */
    char *hash;                 /* SHA-256 of the bytes in hexadecimal digits, once asked for; owned */
    struct ic_attachment *next; /* of the same record, in the order of adding */
} ic_attachment;

/* NULL: there is none. */
ic_attachment *ic_record_attachment(const ic_record *record, const char *key);
/* The one added last under signedCopy or signedCopy[n]; NULL: there is none. */
ic_attachment *ic_record_signed_copy(const ic_record *record);
/* Adds one under a key that is free. Takes the bytes over, also when it fails; NULL bytes: no memory. NULL:
 * no memory. */
ic_attachment *ic_record_attach(ic_world *world, ic_record *record, const char *key, const char *filename,
                                ic_blob *bytes);
void ic_record_detach(ic_record *record, ic_attachment *attachment); /* and frees it */

/* The SHA-256 of its bytes in hexadecimal digits; NULL: no memory, or the disk failed. */
const char *ic_attachment_hash(ic_attachment *attachment);

/* The media type that goes with a filename's extension, static; NULL: Ironclad takes no such attachments. */
const char *ic_media_type(const char *filename);

#endif
