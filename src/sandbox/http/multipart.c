/* Multipart bodies. Source: RFC 7578 (form-data), RFC 2046, 5.1 (boundaries), RFC 2045, 5.1 (parameters). */
#include "sandbox/http/multipart.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/text.h"
#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */
#define HEADERS_MAX  (16 * 1024)
#define SPACE_MAX    100 /* after a boundary */

struct ic_multipart {
    ic_multipart_sink sink;
    void *context;
    char delimiter[4 + BOUNDARY_MAX + 1]; /* CRLF, "--" and the boundary */
    size_t delimiter_length;
    ic_buf window; /* what has come and is not handled yet, from `at` on */
    size_t at;
    enum {
        DATA,      /* of a part, or before the first delimiter */
        DELIMITER, /* after a delimiter: the end of its line, or "--" */
        HEADERS,
        FIRST_DATA,
        EPILOGUE, /* after the closing delimiter; ignored */
    } state;
    bool in_part; /* the delimiter ends a part */
};

/* What a state has done with the rest of the window. */
typedef enum result {
    AGAIN, /* handled some of it: continue with the state that is set now */
    MORE,  /* needs more bytes */
    FAILED
} result;

/* --- parameters of a header --- */

static bool multipart_is_token(char c) {
    return c > ' ' && c < 127 && !strchr("()<>@,;:\\\"/[]?=", c);
}

/* Reads the quoted string at `at`, after its opening quote. A backslash escapes a quote or a backslash;
 * before other characters it stays, because some clients send paths with backslashes. Returns the position
 * after the closing quote; NULL: it is not closed. */
static const char *multipart_read_quoted(const char *at, ic_buf *value) {
    for (; *at && *at != '"'; at++) {
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\')) at++;
        ic_buf_putc(value, *at);
    }
    return *at ? at + 1 : NULL;
}

/* Finds a parameter, by its name in any case, in a header's value such as `form-data; name="x"`. `value` gets
 * its value without quotes. false: there is no such parameter. */
static bool multipart_parameter(const char *header, const char *name, ic_buf *value) {
    const char *at = header + strcspn(header, ";");
    while (at && *at == ';') {
        at += 1 + strspn(at + 1, " \t");
        size_t length = 0;
        while (multipart_is_token(at[length]))
            length++;
        bool found = length == strlen(name) && strncasecmp(at, name, length) == 0;
        at += length + strspn(at + length, " \t");
        value->length = 0;
        if (*at == '=') {
            at += 1 + strspn(at + 1, " \t");
            if (*at == '"') {
                at = multipart_read_quoted(at + 1, value);
            } else {
                length = strcspn(at, "; \t\r\n");
                ic_buf_add(value, at, length);
                at += length;
            }
        }
        if (found) return at != NULL;
        if (at) at += strcspn(at, ";");
    }
    return false;
}

/* --- names --- */

/* Browsers and curl send a quote or a line break in a name as %22, %0D or %0A (RFC 7578, section 2, and the
 * HTML standard). Other percent signs are not escaped, so they stay. */
static void multipart_decode_name(char *name) {
    char *out = name;
    for (const char *at = name; *at; at++) {
        if (strncmp(at, "%22", 3) == 0)
            *out = '"';
        else if (strncasecmp(at, "%0D", 3) == 0)
            *out = '\r';
        else if (strncasecmp(at, "%0A", 3) == 0)
            *out = '\n';
        else {
            *out++ = *at;
            continue;
        }
        out++;
        at += 2;
    }
    *out = '\0';
}

/* The text of an extended value, charset'language'text (RFC 8187), in UTF-8. NULL: malformed, an unknown
 * charset, or no memory. */
static char *multipart_extended(const char *value) {
    static const char utf8[] = "UTF-8'", latin1[] = "ISO-8859-1'";
    bool is_latin1 = strncasecmp(value, latin1, sizeof latin1 - 1) == 0;
    const char *at = strchr(value, '\'');
    at = at ? strchr(at + 1, '\'') : NULL;
    if (!at || (!is_latin1 && strncasecmp(value, utf8, sizeof utf8 - 1) != 0)) return NULL;
    ic_buf text = {0};
    bool good = true;
    for (at++; *at && good; at++) {
        unsigned char c = (unsigned char)*at;
        if (c == '%') {
            int high = ic_hex_value(at[1]), low = high < 0 ? -1 : ic_hex_value(at[2]);
            good = low >= 0 && high + low > 0;
            if (!good) break;
            c = (unsigned char)(high * 16 + low);
            at += 2;
        }
        if (is_latin1 && c >= 0x80) {
            ic_buf_putc(&text, (char)(0xC0 | c >> 6));
            c = 0x80 | (c & 0x3F);
        }
        ic_buf_putc(&text, (char)c);
    }
    ic_buf_puts(&text, "");
    char *whole = good ? ic_buf_take(&text, NULL) : NULL;
    ic_buf_free(&text);
    return whole;
}

/* Starts the part with this Content-Disposition. RFC 7578, 4.2 forbids filename*; some clients still send it,
 * so it is used where there is no filename. */
static bool multipart_begin_part(const ic_multipart *reader, const char *disposition) {
    ic_buf name = {0}, filename = {0};
    bool named = multipart_parameter(disposition, "name", &name);
    bool is_file = named && multipart_parameter(disposition, "filename", &filename);
    char *name_text = named ? ic_strdup(name.length ? ic_buf_text(&name) : "") : NULL;
    char *file_text = is_file ? ic_strdup(filename.length ? ic_buf_text(&filename) : "") : NULL;
    if (named && !is_file && multipart_parameter(disposition, "filename*", &filename)) {
        is_file = true;
        file_text = filename.length ? multipart_extended(ic_buf_text(&filename)) : NULL;
    }
    bool good = name_text && !name.failed && !filename.failed && (!is_file || file_text);
    if (good) {
        multipart_decode_name(name_text);
        if (file_text) multipart_decode_name(file_text);
        good = reader->sink(reader->context, name_text, file_text, NULL, 0);
    }
    ic_buf_free(&name);
    ic_buf_free(&filename);
    ic_free(name_text);
    ic_free(file_text);
    return good;
}

/* --- the states --- */

static const char *multipart_rest(const ic_multipart *reader, size_t *length) {
    *length = reader->window.length - reader->at;
    return *length ? reader->window.data + reader->at : "";
}

/* Finds the next delimiter. NULL: `*safe` bytes of the rest cannot belong to one. */
static const char *multipart_find(const ic_multipart *reader, size_t *safe) {
    size_t length;
    const char *rest = multipart_rest(reader, &length);
    *safe = length < reader->delimiter_length ? 0 : length - (reader->delimiter_length - 1);
    return memmem(rest, length, reader->delimiter, reader->delimiter_length);
}

/* Handles the bytes before the next delimiter: data of a part, or the preamble, which is ignored. */
static result multipart_read_data(ic_multipart *reader) {
    size_t length;
    const char *rest = reader->window.length ? reader->window.data + reader->at : "";
    const char *found = multipart_find(reader, &length);
    if (found) length = (size_t)(found - rest);
    if (length && reader->in_part && !reader->sink(reader->context, NULL, NULL, rest, length)) return FAILED;
    reader->at += length;
    if (!found) return MORE;
    reader->at += reader->delimiter_length;
    reader->state = DELIMITER;
    return AGAIN;
}

/* After the boundary come "--", or optional white space and a line break. Otherwise it was not a delimiter,
 * only text that begins like one. */
static result multipart_end_delimiter(ic_multipart *reader) {
    size_t length, space = 0;
    const char *rest = multipart_rest(reader, &length);
    if (length < 2) return MORE;
    if (rest[0] == '-' && rest[1] == '-') {
        reader->state = EPILOGUE;
        return AGAIN;
    }
    while (space < length && (rest[space] == ' ' || rest[space] == '\t'))
        space++;
    if (space + 2 > length && space <= SPACE_MAX) return MORE;
    if (space + 2 <= length && space <= SPACE_MAX && rest[space] == '\r' && rest[space + 1] == '\n') {
        reader->at += space; /* the line break is also the start of the header block */
        reader->state = HEADERS;
        return AGAIN;
    }
    reader->state = DATA;
    return !reader->in_part ||
                   reader->sink(reader->context, NULL, NULL, reader->delimiter, reader->delimiter_length)
               ? AGAIN
               : FAILED;
}

/* The value of Content-Disposition in a header block, each line of which begins with a line break. NULL: it
 * is missing or not form-data. Changes the block: folded lines are joined. */
static char *multipart_disposition(char *block) {
    static const char wanted[] = "\r\nContent-Disposition:";
    char *found = strcasestr(block, wanted);
    if (!found) return NULL;
    char *value = found + sizeof wanted - 1;
    for (char *at = value; (at = strstr(at, "\r\n")) != NULL;) {
        if (at[2] != ' ' && at[2] != '\t') {
            *at = '\0';
            break;
        }
        at[0] = at[1] = ' ';
    }
    value += strspn(value, " \t");
    size_t kind = strcspn(value, "; \t");
    return kind == strlen("form-data") && strncasecmp(value, "form-data", kind) == 0 ? value : NULL;
}

static result multipart_read_headers(ic_multipart *reader) {
    static const char end[] = "\r\n\r\n";
    size_t length;
    const char *rest = multipart_rest(reader, &length), *found = memmem(rest, length, end, sizeof end - 1);
    if (!found) return length >= HEADERS_MAX + sizeof end - 1 ? FAILED : MORE;
    length = (size_t)(found - rest);
    if (length > HEADERS_MAX || memchr(rest, '\0', length)) return FAILED;
    char *block = ic_strndup(rest, length);
    char *disposition = block ? multipart_disposition(block) : NULL;
    bool begun = disposition && multipart_begin_part(reader, disposition);
    ic_free(block);
    if (!begun) return FAILED;
    reader->at += length + sizeof end - 1;
    /* A part without data: its delimiter has the line break that ends the headers. */
    reader->at -= 2;
    reader->state = FIRST_DATA;
    reader->in_part = true;
    return AGAIN;
}

/* Where a part's data begin: after the line break, unless that already belongs to the delimiter. */
static result multipart_first_data(ic_multipart *reader) {
    size_t length;
    const char *rest = multipart_rest(reader, &length);
    size_t compared = length < reader->delimiter_length ? length : reader->delimiter_length;
    bool may_be_delimiter = memcmp(rest, reader->delimiter, compared) == 0;
    if (may_be_delimiter && length < reader->delimiter_length) return MORE;
    if (!may_be_delimiter) reader->at += 2;
    reader->state = DATA;
    return AGAIN;
}

static result multipart_step(ic_multipart *reader) {
    switch (reader->state) {
    case DELIMITER: return multipart_end_delimiter(reader);
    case HEADERS: return multipart_read_headers(reader);
    case FIRST_DATA: return multipart_first_data(reader);
    case DATA: return multipart_read_data(reader);
    case EPILOGUE: break;
    }
    reader->at = reader->window.length;
    return MORE;
}

/* --- the reader --- */

ic_multipart *ic_multipart_new(const char *content_type, ic_multipart_sink sink, void *context) {
    ic_buf boundary = {0};
    ic_multipart *reader = NULL;
    if (multipart_parameter(content_type, "boundary", &boundary) && boundary.length &&
        boundary.length <= BOUNDARY_MAX)
        reader = ic_calloc(1, sizeof *reader);
    if (reader) {
        memcpy(reader->delimiter, "\r\n--", 4);
        memcpy(reader->delimiter + 4, boundary.data, boundary.length);
        reader->delimiter_length = 4 + boundary.length;
        reader->sink = sink;
        reader->context = context;
        reader->state = DATA;
        ic_buf_puts(&reader->window, "\r\n"); /* the first boundary may begin the body */
    }
    ic_buf_free(&boundary);
    return reader;
}

bool ic_multipart_add(ic_multipart *reader, const char *data, size_t size) {
    result result;
    ic_buf_add(&reader->window, data, size);
    if (reader->window.failed) return false;
    do
        result = multipart_step(reader);
    while (result == AGAIN);
    reader->window.length -= reader->at;
    memmove(reader->window.data, reader->window.data + reader->at, reader->window.length);
    reader->at = 0;
    return result != FAILED;
}

bool ic_multipart_is_complete(const ic_multipart *reader) {
    return reader->state == EPILOGUE;
}

void ic_multipart_free(ic_multipart *reader) {
    if (!reader) return;
    ic_buf_free(&reader->window);
    ic_free(reader);
}
