#include "listener/html.h"
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

void ic_html_begin(ic_buf *page, const char *title) {
    ic_buf_puts(page, "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    ic_html_text(page, title);
    ic_buf_puts(page,
                "</title>\n<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;"
                "padding:0 1rem}button,select{font:inherit;padding:.3rem .8rem}</style>\n<h1>");
    ic_html_text(page, title);
    ic_buf_puts(page, "</h1>\n");
}

void ic_html_text(ic_buf *page, const char *text) {
    for (; *text; text++)
        switch (*text) {
        case '&': ic_buf_puts(page, "&amp;"); break;
        case '<': ic_buf_puts(page, "&lt;"); break;
        case '>': ic_buf_puts(page, "&gt;"); break;
        case '"': ic_buf_puts(page, "&quot;"); break;
        default: ic_buf_putc(page, *text);
        }
}

void ic_html_headers(struct MHD_Response *response, const char *frame_ancestor) {
    static const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONTENT_TYPE, "text/html; charset=utf-8"},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"Referrer-Policy", "same-origin"},
        {"X-Content-Type-Options", "nosniff"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    /* No form-action: browsers would also block the redirect that follows a form. */
    static const char policy[] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors ";
    char text[sizeof policy + IC_FRAME_ANCESTOR_MAX];
    snprintf(text, sizeof text, "%s%s", policy, frame_ancestor ? frame_ancestor : "'none'");
    MHD_add_response_header(response, "Content-Security-Policy", text);
}
