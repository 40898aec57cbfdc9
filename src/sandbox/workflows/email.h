/* E-mail about a workflow, received from and sent to the counterparty. */
#ifndef IC_SANDBOX_EMAIL_H
#define IC_SANDBOX_EMAIL_H

#include "sandbox/company/company.h"

typedef char ic_email_id[48]; /* emailThread or attachmentId, and 32 hexadecimal digits; or a short id */

typedef struct ic_email_attachment {
    ic_email_id id;
    ic_blob *bytes; /* held */
} ic_email_attachment;

typedef struct ic_email {
    ic_email_id id;       /* the id in the API: of the thread for a received e-mail, otherwise its own */
    char *shown;          /* as the API shows it: JSON text */
    ic_array attachments; /* ic_email_attachment, of a received e-mail; owned */
} ic_email;

void ic_email_free(ic_email *email);

#endif
