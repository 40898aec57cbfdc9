/* Documents for what comes with none. */
#ifndef IC_SANDBOX_PDF_H
#define IC_SANDBOX_PDF_H

#include "sandbox/base/blob.h"

/* A small genuine PDF of one page with a line of text, which is its title too. NULL: no memory. */
ic_blob *ic_pdf_make(const char *title);
/* "Mutual NDA with Acme.pdf", without what no file is named by; free with ic_free. NULL: no memory. */
char *ic_pdf_name(const char *title);

#endif
