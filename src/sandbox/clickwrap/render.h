/* The text of a version with data. */
#ifndef IC_SANDBOX_CLICKWRAP_RENDER_H
#define IC_SANDBOX_CLICKWRAP_RENDER_H

#include "core/base/buf.h"
#include "core/json/json.h"

/* Appends text with its {{tokens}} replaced by render data, which is escaped. Tokens without data stay. */
void ic_cw_render(ic_buf *out, const char *body, const cJSON *render);

#endif
