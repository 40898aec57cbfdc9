/* The filters of Clickwrap's lists: comparisons such as event_type==agreed, joined by `and`. */
#ifndef IC_SANDBOX_CLICKWRAP_FILTER_H
#define IC_SANDBOX_CLICKWRAP_FILTER_H

#include <cjson/cJSON.h>
#include <stdbool.h>

/* Whether an object fits. `text` NULL: everything does. Fields may be paths, "custom_data.plan". */
bool ic_cw_filter_fits(const char *text, const cJSON *object);
/* Whether the text can be read. */
bool ic_cw_filter_valid(const char *text);

#endif
