/* Generated documents, for workflows and records that come without one. */
#ifndef IC_SANDBOX_PDF_H
#define IC_SANDBOX_PDF_H

#include "sandbox/base/blob.h"

/* A small valid PDF: one page with one line of text, which is also its title. NULL: no memory. */
ic_blob *ic_pdf_make(const char *title);
/* A filename such as "Mutual NDA with Acme.pdf", without characters that filenames cannot contain. Free it
 * with ic_free. NULL: no memory. */
char *ic_pdf_name(const char *title);

#endif
