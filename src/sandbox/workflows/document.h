/* A document of a workflow. */
#ifndef IC_SANDBOX_DOCUMENT_H
#define IC_SANDBOX_DOCUMENT_H

#include "sandbox/company/people.h"

/* The attribute with the documents that were sent for signature, in every workflow. */
#define IC_SENT_PACKET "sentSignaturePacket"

typedef struct ic_document {
    ic_short_id key, version;
    int number;            /* version number, from 1 */
    const char *attribute; /* of the design, or IC_SENT_PACKET; NULL: it is a signed copy */
    unsigned packet_place; /* in the signature packet, from 1; 0: not in it */
    char *filename;
    ic_blob *bytes;
    ic_time modified;
    const ic_user *author; /* NULL: Ironclad itself */
} ic_document;

void ic_document_free(ic_document *document);

#endif
