/* text and parts. */
#include "core/base/alloc.h"
#include "core/base/path.h"
#include "core/base/text.h"
#include "core/http/parts.h"
#include "spec/core/check.h"

static const char *const names[] = {
    "client_id", "client_secret",   "default_scope", "filter",   "id",      "instance",   "limit", "page",
    "pageSize",  "sortDirection",   "sortField",     "status",   "store",   "template",   "to",    "timeout",
    "as_user",   "connect_timeout", "max_retries",   "max_body", "ca_file", "attributes", NULL};

static const struct {
    const char *wanted, *best;
} nearest_cases[] = {
    {"pagesize", "pageSize"},  /* another case only */
    {"page_size", "pageSize"}, /* one letter too many */
    {"pgaeSize", "pageSize"},  /* neighbours swapped */
    {"pages", "page"},
    {"limt", "limit"},
    {"flter", "filter"},
    {"clientid", "client_id"},
    {"client_secrt", "client_secret"},
    {"timeuot", "timeout"},     /* a swap is one edit: 7 letters allow 2 */
    {"tiemuot", "timeout"},     /* two swaps */
    {"tmeut", NULL},            /* 5 letters allow 1 */
    {"atributs", "attributes"}, /* two missing */
    {"sortOrder", NULL},
    {"max_retry", "max_retries"}, /* 3 edits of 9 letters */
    {"temp", "template"},         /* an abbreviation */
    {"cli", "client_id"},         /* an abbreviation: of two names the shorter */
    {"sort", "sortField"},
    {"connect", "connect_timeout"},
    {"te", "to"}, /* one letter may always be edited ... */
    {"statuses", "status"},
    {"offset", NULL},
    {"maximum", NULL},
    {"workflow", NULL},
    {"x", NULL}, /* ... but not all of them */
    {"i", NULL},
    {"", NULL},
    {"pageSizepageSizepageSizepageSizepageSizepageSizepageSizepageSizepa", NULL}, /* longer than any name */
};

static const char *nearest(const char *wanted, const char *const *candidates) {
    ic_nearest search = {.wanted = wanted};
    for (; *candidates; candidates++)
        ic_nearest_offer(&search, *candidates);
    return search.best;
}

static void test_nearest(void) {
    for (size_t i = 0; i < sizeof nearest_cases / sizeof *nearest_cases; i++)
        if (!CHECK_TEXT(nearest(nearest_cases[i].wanted, names), nearest_cases[i].best))
            printf("    for %s\n", nearest_cases[i].wanted);
    CHECK(nearest("limit", (const char *const[]){"filter", NULL}) == NULL);
    CHECK(nearest("token", (const char *const[]){"to", NULL}) == NULL);
    /* A match by edits is better than an abbreviation, in either order; of two equal ones the first stays. */
    CHECK_TEXT(nearest("stat", (const char *const[]){"status", "stay", NULL}), "stay");
    CHECK_TEXT(nearest("stat", (const char *const[]){"stay", "status", NULL}), "stay");
    CHECK_TEXT(nearest("stat", (const char *const[]){"stab", "stay", NULL}), "stab");
}

static void test_percent_encode(void) {
    static const struct {
        const char *text;
        size_t length;
        const char *encoded;
    } cases[] = {
        {"", 0, ""},
        {"IC-12", 5, "IC-12"},
        {"AZaz09-._~", 10, "AZaz09-._~"},
        {"a b+c", 5, "a%20b%2Bc"},
        {"../x?y#z%", 9, "..%2Fx%3Fy%23z%25"},
        {"a\r\nb", 4, "a%0D%0Ab"},
        {"a\0b", 3, "a%00b"},
        {"\0", 1, "%00"},
        {"\xc3\xa9\xff\x7f", 4, "%C3%A9%FF%7F"},
        {"@:!$&'()*,;=", 12, "%40%3A%21%24%26%27%28%29%2A%2C%3B%3D"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_buf out = {0};
        ic_percent_encode(&out, cases[i].text, cases[i].length);
        CHECK_TEXT(ic_buf_text(&out), cases[i].encoded);
        ic_buf_free(&out);
    }
    /* Long, and with every allocation failing in turn. */
    static char text[5000];
    long before = ic_alloc_live(), nth = 0;
    for (bool failed = true; failed;) {
        ic_buf out = {0};
        ic_alloc_fail_at(++nth);
        ic_percent_encode(&out, text, sizeof text);
        ic_alloc_fail_at(0);
        failed = out.failed;
        CHECK(failed || out.length == 3 * sizeof text);
        ic_buf_free(&out);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(nth > 5);
}

static void test_percent_decode(void) {
    static const struct {
        const char *text, *decoded; /* NULL: it would contain a NUL */
    } cases[] = {
        {"", ""},
        {"a b+c", "a b+c"},
        {"%41%7a%7A", "Azz"},
        {"%2525", "%25"},
        {"%09%0a%f0", "\t\n\xf0"},
        {"%C3%a9", "\xc3\xa9"},
        {"100%", "100%"},
        {"%4", "%4"},
        {"%4x%x4", "%4x%x4"},
        {"%%41", "%A"},
        {"a%00b", NULL},
        {"%g0%0g", "%g0%0g"},
        {"%/0%:0%@0%`0", "%/0%:0%@0%`0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        snprintf(text, sizeof text, "%s", cases[i].text);
        bool decoded = ic_percent_decode(text);
        CHECK(decoded == (cases[i].decoded != NULL));
        if (decoded) CHECK_TEXT(text, cases[i].decoded ? cases[i].decoded : "");
    }
}

static void test_plain_questions(void) {
    CHECK(ic_header_safe("") && ic_header_safe("Bearer abc==") && ic_header_safe("Zo\xc3\xab"));
    CHECK(!ic_header_safe("a\r\nX: y") && !ic_header_safe("a\n") && !ic_header_safe("\t") &&
          !ic_header_safe("\x7f") && !ic_header_safe("a\x01"));
    CHECK(ic_text_starts("https://x", "https://") && ic_text_starts("x", "") && ic_text_starts("", ""));
    CHECK(!ic_text_starts("http", "https://") && !ic_text_starts("HTTPS://x", "https://"));
    CHECK(ic_text_same("Content-Type", "content-TYPE") && ic_text_same("", ""));
    CHECK(!ic_text_same("a", "ab") && !ic_text_same("ab", "a") && !ic_text_same("[", "{") &&
          !ic_text_same("@", "`") && !ic_text_same("\xc3\x89", "\xc3\xa9"));
}

static void test_content_types(void) {
    static const struct {
        const char *filename, *type;
    } cases[] = {
        {"nda.pdf", "application/pdf"},
        {"NDA.PDF", "application/pdf"},
        {"a.b.doc", "application/msword"},
        {"n.DocX", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
        {"n.xls", "application/vnd.ms-excel"},
        {"n.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
        {"n.ppt", "application/vnd.ms-powerpoint"},
        {"n.pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
        {"n.csv", "text/csv"},
        {"n.txt", "text/plain"},
        {"n.json", "application/json"},
        {"n.xml", "application/xml"},
        {"n.html", "text/html"},
        {"n.png", "image/png"},
        {"n.jpg", "image/jpeg"},
        {"n.jpeg", "image/jpeg"},
        {"n.gif", "image/gif"},
        {"n.tif", "image/tiff"},
        {"n.tiff", "image/tiff"},
        {"n.eml", "message/rfc822"},
        {"n.msg", "application/vnd.ms-outlook"},
        {"n.rtf", "application/rtf"},
        {"n.zip", "application/zip"},
        {"n.exe", "application/octet-stream"},
        {"n.pdfx", "application/octet-stream"},
        {"n.pdf.", "application/octet-stream"},
        {"pdf", "application/octet-stream"},
        {".pdf", "application/octet-stream"},
        {"folder.pdf/scan", "application/octet-stream"},
        {"folder.d/scan.pdf", "application/pdf"},
        {"", "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (!CHECK_TEXT(ic_content_type_of(cases[i].filename), cases[i].type))
            printf("    for %s\n", cases[i].filename);
}

static void test_escape(void) {
    static const struct {
        const char *text;
        size_t length, limit;
        const char *escaped;
    } cases[] = {
        {"plain \\n ä €", 15, 100, "plain \\n ä €"},
        {"a\r\n\tb", 5, 100, "a\\r\\n\\tb"},
        {"\0\x1B[2J\x7F", 6, 100, "\\x00\\x1B[2J\\x7F"},
        {"\xC2\x85\xC2\x9B\xC2\xA0", 6, 100, "\\u0085\\u009B\xC2\xA0"},
        {"\xE2\x80\xA8\xE2\x80\xAE\xE2\x81\xA6", 9, 100, "\\u2028\\u202E\\u2066"},
        /* Not UTF-8: a lone byte, an overlong form, a surrogate, beyond Unicode, a sequence that ends early.
         */
        {"\x9B", 1, 100, "\\x9B"},
        {"\xC0\x8A", 2, 100, "\\xC0\\x8A"},
        {"\xED\xA0\x80", 3, 100, "\\xED\\xA0\\x80"},
        {"\xF4\x90\x80\x80", 4, 100, "\\xF4\\x90\\x80\\x80"},
        {"\xF0\x9F\x98", 3, 100, "\\xF0\\x9F\\x98"},
        {"\xF0\x9F\x98\x80", 4, 100, "\xF0\x9F\x98\x80"},
        {"abcdef", 6, 6, "abcdef"},
        {"abcdef", 6, 5, "abcde…"},
        {"ä\n", 3, 3, "ä…"}, /* no character is split */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ic_buf escaped = {0};
        ic_text_escape(&escaped, cases[i].text, cases[i].length, cases[i].limit);
        CHECK_TEXT(ic_buf_text(&escaped), cases[i].escaped);
        CHECK(!ic_text_needs_escape(ic_buf_text(&escaped)));
        if (cases[i].limit == 100 && strlen(cases[i].text) == cases[i].length)
            CHECK(ic_text_needs_escape(cases[i].text) == (strcmp(cases[i].text, cases[i].escaped) != 0));
        ic_buf_free(&escaped);
    }
}

static void test_parts(void) {
    static const struct {
        const char *path, *data;
        size_t length;
        const char *filename, *content_type, *filename_is, *content_type_is;
    } cases[] = {
        {"/tmp/x/nda.pdf", NULL, 0, NULL, NULL, "nda.pdf", "application/pdf"},
        {"nda", NULL, 0, NULL, NULL, "nda", "application/octet-stream"},
        {"/tmp/x/", NULL, 0, NULL, NULL, "file", "application/octet-stream"},
        {"scan.bin", NULL, 0, "Lease.PDF", NULL, "Lease.PDF", "application/pdf"},
        {"scan.pdf", NULL, 0, NULL, "image/tiff", "scan.pdf", "image/tiff"},
        {NULL, "a\0b", 3, NULL, NULL, "file", "application/octet-stream"},
        {NULL, "", 0, "empty.txt", NULL, "empty.txt", "text/plain"},
        {NULL, "x", 1, "n.txt", "text/x-own", "n.txt", "text/x-own"},
    };
    const size_t count = sizeof cases / sizeof *cases;
    long before = ic_alloc_live();
    ic_parts parts = {0};
    for (size_t i = 0; i < count; i++)
        CHECK(ic_parts_add(&parts, cases[i].path, cases[i].data, cases[i].length, cases[i].filename,
                           cases[i].content_type) == (long)i);
    CHECK(parts.count == count);
    for (size_t i = 0; i < count; i++) {
        const ic_part *part = &parts.items[i];
        char *path = cases[i].path ? ic_path_here(cases[i].path) : NULL;
        CHECK_TEXT(part->path, path);
        CHECK(!path || *path == '/');
        ic_free(path);
        CHECK(!part->data == !cases[i].data && part->length == cases[i].length);
        CHECK(!part->data || memcmp(part->data, cases[i].data, part->length) == 0);
        CHECK_TEXT(part->filename, cases[i].filename_is);
        CHECK_TEXT(part->content_type, cases[i].content_type_is);
        CHECK(part->name == NULL);
    }
    parts.items[0].name = ic_strdup("file0"); /* as ic_request_build does: freed with the rest */
    ic_parts_free(&parts);
    CHECK(!parts.items && !parts.count);
    ic_parts_free(&parts);
    CHECK(ic_alloc_live() == before);
}

static void test_parts_failing(void) {
    long before = ic_alloc_live(), nth = 0;
    for (bool failed = true; failed;) {
        ic_parts parts = {0};
        ic_alloc_fail_at(++nth);
        long first = ic_parts_add(&parts, "a.pdf", NULL, 0, NULL, NULL);
        long second = first < 0 ? -1 : ic_parts_add(&parts, NULL, "bytes", 5, "b.csv", NULL);
        ic_alloc_fail_at(0);
        failed = second < 0;
        CHECK(parts.count == (size_t)(first >= 0) + (second >= 0));
        CHECK(ic_parts_add(&parts, "c.png", NULL, 0, NULL, NULL) == (long)parts.count - 1); /* still usable */
        CHECK_TEXT(parts.items[parts.count - 1].filename, "c.png");
        ic_parts_free(&parts);
        CHECK(ic_alloc_live() == before);
    }
    CHECK(nth == 9); /* four allocations a part */
}

int main(void) {
    test_nearest();
    test_percent_encode();
    test_percent_decode();
    test_plain_questions();
    test_content_types();
    test_escape();
    test_parts();
    test_parts_failing();
    return check_done("text");
}
