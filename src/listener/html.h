/* Pages for a browser. */
#ifndef IC_LISTENER_HTML_H
#define IC_LISTENER_HTML_H

#include "core/base/buf.h"

struct MHD_Response;

/* From the doctype to within the body. */
void ic_html_begin(ic_buf *page, const char *title);
/* Text where text or the value of an attribute in double quotes stands. */
void ic_html_text(ic_buf *page, const char *text);
/* Bytes of a host with scheme and port. */
#define IC_FRAME_ANCESTOR_MAX 280

/* The headers of a page: it loads nothing, is in no frame (but of `frame_ancestor`, unless NULL), and is not
 * kept. */
void ic_html_headers(struct MHD_Response *response, const char *frame_ancestor);

#endif
