/* The files of a record, by key. */
#ifndef IC_SANDBOX_RECORD_ATTACHMENTS_H
#define IC_SANDBOX_RECORD_ATTACHMENTS_H

#include "sandbox/http/storage.h"
#include "sandbox/records/attachment.h"
#include "sandbox/records/record.h"

/* NULL: not found. */
ic_attachment *ic_record_attachment(const ic_record *record, const char *key);
/* The latest attachment under signedCopy or signedCopy[n]. NULL: none. */
ic_attachment *ic_record_signed_copy(const ic_record *record);
/* Adds an attachment under an unused key. Takes ownership of the bytes, even on failure; NULL bytes are a
 * failure. NULL: no memory. */
ic_attachment *ic_record_attach(ic_company *company, ic_record *record, const char *key, const char *filename,
                                ic_blob *bytes);
void ic_record_detach(ic_record *record, ic_attachment *attachment); /* and frees it */

/* The attachments behind signed links, by the ids of their record and of themselves. */
#define IC_ATTACHMENT_FILES "attachments"
ic_stored_file ic_record_attachment_file(const ic_company *company, const char *record_id, const char *id);

#endif
