#include "sandbox/clickwrap/render.h"
#include "listener/html.h"
#include "sandbox/clickwrap/clickwrap.h"
#include <string.h>

/* The value of a token in render data as text; NULL: it has none. */
static const char *render_value(const cJSON *render, const char *name, size_t length, char *text,
                                size_t size) {
    char key[64];
    if (length >= sizeof key) return NULL;
    memcpy(key, name, length);
    key[length] = '\0';
    const char *own = ic_json_string(render, key);
    if (own) return own;
    return *ic_cw_text(render, key, text, size) ? text : NULL;
}

void ic_cw_render(ic_buf *out, const char *body, const cJSON *render) {
    char text[64];
    for (const char *open; (open = strstr(body, "{{"));) {
        const char *close = strstr(open, "}}");
        const char *value =
            close ? render_value(render, open + 2, (size_t)(close - open - 2), text, sizeof text) : NULL;
        if (!close) break;
        ic_buf_add(out, body, (size_t)(open - body));
        if (value)
            ic_html_text(out, value);
        else
            ic_buf_add(out, open, (size_t)(close + 2 - open));
        body = close + 2;
    }
    ic_buf_puts(out, body);
}
