/* HTML pages for a browser. */
#ifndef IC_LISTENER_HTML_H
#define IC_LISTENER_HTML_H

#include "core/base/buf.h"

struct MHD_Response;

/* Appends the beginning of a page, from the doctype to the heading. */
void ic_html_begin(ic_buf *page, const char *title);
/* Appends text, escaped for an element or for an attribute in double quotes. */
void ic_html_text(ic_buf *page, const char *text);
/* The longest frame_ancestor, in bytes: scheme, host and port. */
#define IC_FRAME_ANCESTOR_MAX 280

/* Sets the headers of a page. It loads nothing and is not cached. Only pages of `frame_ancestor` (NULL: none)
 * may show it in a frame. */
void ic_html_headers(struct MHD_Response *response, const char *frame_ancestor);

#endif
