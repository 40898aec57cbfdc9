#include "core/base/redact.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include <limits.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define SHORTEST 6 /* bytes of a secret, and of a pattern */
/* Base64 is removed as a whole, so that the beginning of a secret is enough to find it. */
#define BASE64_SOURCE 30
/* As it is, and in base64: three ways to write the secret, at three offsets. */
#define PATTERNS_EACH 10
#define FILTER_WORDS  64
#define REPLACEMENT   "***"

typedef struct pattern {
    size_t at, length; /* in redactor.bytes */
    bool base64;
} pattern;

/* The patterns to find. Most bytes of a text are skipped after one check of `first`, which has the bytes that
 * begin a pattern or an escape. The filter has a bit for the hash of the first three bytes of each
 * pattern. */
struct ic_redactor {
    ic_buf secrets; /* each with its NUL: the patterns were made from them */
    ic_buf bytes;
    pattern *patterns;
    size_t count;
    bool first[UCHAR_MAX + 1];
    uint32_t filter[FILTER_WORDS];
    bool failed;
};

typedef struct ic_redactor redactor;

/* How a text writes the bytes of a pattern. */
typedef enum spelling { PLAIN, PERCENT, FORM, JSON, SPELLINGS } spelling;

/* Changes base64's alphabet for URLs to the standard one (RFC 4648, 5). */
static unsigned char redact_usual(char byte) {
    if (byte == '-') return '+';
    return byte == '_' ? '/' : (unsigned char)byte;
}

static unsigned redact_hash(const char *at) {
    unsigned hash = redact_usual(at[0]) * 961u + redact_usual(at[1]) * 31u + redact_usual(at[2]);
    return hash % (FILTER_WORDS * 32);
}

static void redact_add(redactor *all, const char *bytes, size_t length, bool base64) {
    if (length < SHORTEST) return;
    pattern *added = &all->patterns[all->count++];
    *added = (pattern){all->bytes.length, length, base64};
    ic_buf_add(&all->bytes, bytes, length);
    all->first[(unsigned char)bytes[0]] = true;
    if (base64 && bytes[0] == '+') all->first['-'] = true;
    if (base64 && bytes[0] == '/') all->first['_'] = true;
    unsigned hash = redact_hash(bytes);
    all->filter[hash / 32] |= (uint32_t)1 << hash % 32;
}

/* Adds the part of the base64 of a text that holds `source` after `offset` bytes (modulo 3), as far as it
 * does not depend on what comes before and after. */
static void redact_add_base64(redactor *all, const char *source, size_t length, size_t offset) {
    unsigned char text[BASE64_SOURCE + 2] = {0}, encoded[4 * (BASE64_SOURCE + 4) / 3 + 1];
    if (length > BASE64_SOURCE) length = BASE64_SOURCE;
    memcpy(text + offset, source, length);
    EVP_EncodeBlock(encoded, text, (int)(offset + length));
    size_t first = offset ? offset + 1 : 0, end = (offset + length) * 8 / 6;
    if (end > first) redact_add(all, (const char *)encoded + first, end - first, true);
}

static void redact_add_spelled(redactor *all, const char *source, size_t length) {
    for (size_t offset = 0; offset < 3; offset++)
        redact_add_base64(all, source, length, offset);
}

static void redact_escape_json(ic_buf *out, const char *text) {
    for (; *text; text++) {
        if (strchr("\"\\", *text)) ic_buf_putc(out, '\\');
        ic_buf_putc(out, *text);
    }
}

static void redact_add_secret(redactor *all, const char *secret) {
    size_t length = strlen(secret);
    if (length < SHORTEST) return;
    ic_buf form = {0}, json = {0};
    ic_percent_encode(&form, secret, length);
    redact_escape_json(&json, secret);
    redact_add(all, secret, length, false);
    redact_add_spelled(all, secret, length);
    if (!form.failed && form.length != length) redact_add_spelled(all, form.data, form.length);
    if (!json.failed && json.length != length) redact_add_spelled(all, json.data, json.length);
    if (form.failed || json.failed) all->failed = true;
    if (form.data) ic_wipe(form.data, form.length);
    if (json.data) ic_wipe(json.data, json.length);
    ic_buf_free(&form);
    ic_buf_free(&json);
}

static int redact_hex(const char *at, size_t left, size_t digits) {
    int value = 0;
    if (left < digits) return -1;
    for (size_t i = 0; i < digits; i++) {
        const char *all = "0123456789abcdef", *found = at[i] ? strchr(all, at[i] | 0x20) : NULL;
        if (!found) return -1;
        value = value * 16 + (int)(found - all);
    }
    return value;
}

/* Writes a character as UTF-8 and returns its length. */
static size_t redact_utf8(unsigned code, char out[4]) {
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
    for (size_t i = more; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(marks[more] | code);
    return more + 1;
}

/* Reads a JSON escape, from the byte after its backslash, into `out`. Returns how many bytes it stands
 * for, or 0, and sets `*read` to the number of bytes read. */
static size_t redact_unescape(const char *at, size_t left, char out[4], size_t *read) {
    static const char names[] = "bfnrt", values[] = "\b\f\n\r\t";
    if (!left || !*at) return 0;
    *read = 1;
    const char *name = strchr(names, *at);
    *out = name ? values[name - names] : *at;
    if (*at != 'u') return 1;
    int code = redact_hex(at + 1, left - 1, 4), low = -1;
    if (code < 0) return 0;
    *read = 5;
    if (code >= 0xD800 && code < 0xDC00 && left > 7 && at[5] == '\\' && at[6] == 'u')
        low = redact_hex(at + 7, left - 7, 4);
    if (low >= 0xDC00 && low < 0xE000) {
        *read = 11;
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    return redact_utf8((unsigned)code, out);
}

/* Reads the next byte or bytes of a text in a spelling. Returns their number, or 0. */
static size_t redact_next(const char *at, size_t left, spelling spelling, char out[4], size_t *read) {
    int code;
    if (!left) return 0;
    *read = 1;
    *out = *at;
    bool percent = spelling == PERCENT || spelling == FORM;
    if (spelling == FORM && *at == '+') *out = ' ';
    if (percent && *at == '%' && (code = redact_hex(at + 1, left - 1, 2)) >= 0) {
        *read = 3;
        *out = (char)code;
    } else if (spelling == JSON && *at == '\\') {
        size_t length = redact_unescape(at + 1, left - 1, out, read);
        ++*read;
        return length;
    }
    return 1;
}

/* The number of bytes of the text that spell the pattern; 0: it is not there. */
static size_t redact_match(const redactor *all, const pattern *wanted, const char *text, size_t left,
                           spelling spelling) {
    const char *bytes = all->bytes.data + wanted->at;
    size_t at = 0, read;
    char out[4];
    for (size_t i = 0; i < wanted->length;) {
        size_t count = redact_next(text + at, left - at, spelling, out, &read);
        if (!count || count > wanted->length - i) return 0;
        for (size_t j = 0; j < count; j++)
            if (wanted->base64 ? redact_usual(out[j]) != (unsigned char)bytes[i + j] : out[j] != bytes[i + j])
                return 0;
        i += count;
        at += read;
    }
    return at;
}

static bool redact_may_begin(const redactor *all, const char *at, size_t left) {
    if (!all->first[(unsigned char)*at] || left < SHORTEST) return false;
    for (int i = 0; i < 3; i++)
        if (at[i] == '%' || at[i] == '\\' || at[i] == '+') return true;
    unsigned hash = redact_hash(at);
    return all->filter[hash / 32] >> hash % 32 & 1;
}

/* The pattern that begins at `at`, and its length there; NULL: none. */
static const pattern *redact_find(const redactor *all, const char *at, size_t left, size_t *length) {
    if (!redact_may_begin(all, at, left)) return NULL;
    for (size_t i = 0; i < all->count; i++)
        for (int spelling = PLAIN; spelling < SPELLINGS; spelling++)
            if ((*length = redact_match(all, &all->patterns[i], at, left, (enum spelling)spelling)))
                return &all->patterns[i];
    return NULL;
}

static bool redact_is_base64(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte && strchr("+/-_=", byte));
}

static size_t redact_all(const redactor *all, char *text, size_t length) {
    size_t to = 0;
    for (size_t from = 0, found; from < length;) {
        const pattern *match = redact_find(all, text + from, length - from, &found);
        if (!match) {
            text[to++] = text[from++];
            continue;
        }
        from += found;
        for (; match->base64 && from < length && redact_is_base64(text[from]);)
            from++;
        for (; match->base64 && to && redact_is_base64(text[to - 1]);)
            to--;
        memcpy(text + to, REPLACEMENT, sizeof REPLACEMENT - 1);
        to += sizeof REPLACEMENT - 1;
    }
    return to;
}

/* Appends the secrets, each with its NUL. */
static void redact_list(ic_buf *into, const char *const *secrets, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (secrets[i]) ic_buf_add(into, secrets[i], strlen(secrets[i]) + 1);
}

ic_redactor *ic_redactor_new(const char *const *secrets, size_t count) {
    redactor *all = ic_calloc(1, sizeof *all);
    if (!all) return NULL;
    size_t given = 0;
    for (size_t i = 0; i < count; i++)
        given += secrets[i] != NULL;
    all->patterns = ic_calloc(given * PATTERNS_EACH + 1, sizeof(pattern));
    redact_list(&all->secrets, secrets, count);
    all->first['%'] = all->first['\\'] = all->first['+'] = true;
    for (size_t i = 0; i < count && all->patterns; i++)
        if (secrets[i]) redact_add_secret(all, secrets[i]);
    if (all->patterns && !all->failed && !all->bytes.failed && !all->secrets.failed) return all;
    ic_redactor_free(all);
    return NULL;
}

bool ic_redactor_is_of(const ic_redactor *all, const char *const *secrets, size_t count) {
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = secrets[i] ? strlen(secrets[i]) + 1 : 0;
        if (length > all->secrets.length - at) return false;
        if (length && memcmp(all->secrets.data + at, secrets[i], length) != 0) return false;
        at += length;
    }
    return at == all->secrets.length;
}

static void redact_wipe(ic_buf *bytes) {
    if (bytes->data) ic_wipe(bytes->data, bytes->length);
    ic_buf_free(bytes);
}

void ic_redactor_free(ic_redactor *all) {
    if (!all) return;
    redact_wipe(&all->secrets);
    redact_wipe(&all->bytes);
    ic_free(all->patterns);
    ic_free(all);
}

size_t ic_redactor_apply(const ic_redactor *all, char *text, size_t length) {
    if (all) return redact_all(all, text, length);
    length = length < 3 ? 0 : 3;
    memcpy(text, REPLACEMENT, length);
    return length;
}

size_t ic_redact(char *text, size_t length, const char *const *secrets, size_t count) {
    ic_redactor *all = ic_redactor_new(secrets, count);
    length = ic_redactor_apply(all, text, length);
    ic_redactor_free(all);
    return length;
}
