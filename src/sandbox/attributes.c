/* Changing a workflow's attributes. */
#include "attributes.h"
#include "handlers.h"
#include "views.h"
#include <string.h>

static bool refuse(ic_exchange *x, const char *format, const char *name) __attribute__((format(printf, 2, 0)));
static bool refuse(ic_exchange *x, const char *format, const char *name) {
    ic_reply_error(x, 400, "INVALID_PARAM", "attributes", format, name);
    return false;
}
