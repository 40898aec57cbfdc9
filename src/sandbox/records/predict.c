#include "sandbox/records/predict.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/json/json.h"
#include "sandbox/base/build.h"
#include "sandbox/base/dates.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define READ_MAX ((size_t)256 * 1024) /* bytes of a file that are read */

/* --- the text of a PDF --- */

/* The first bytes, NUL-terminated. The caller frees them. NULL: no memory, or a disk error. */
static char *predict_read_start(const ic_blob *file, size_t *length) {
    char *bytes = ic_malloc(READ_MAX + 1);
    ptrdiff_t got = bytes ? ic_blob_read(file, 0, bytes, READ_MAX) : -1;
    if (got < 0) {
        ic_free(bytes);
        return NULL;
    }
    bytes[got] = '\0';
    *length = (size_t)got;
    return bytes;
}

/* Appends the string from `at` to its closing parenthesis. Returns the offset after that. */
static size_t predict_add_string(ic_buf *text, const char *bytes, size_t at, size_t length) {
    int depth = 1;
    for (; at < length && depth; at++) {
        char c = bytes[at];
        if (c == '\\' && at + 1 < length) {
            ic_buf_putc(text, bytes[++at]);
            continue;
        }
        depth += (c == '(') - (c == ')');
        if (depth) ic_buf_putc(text, isprint((unsigned char)c) ? c : ' ');
    }
    return at;
}

/* Appends the strings of a PDF with uncompressed text. */
static void predict_read_strings(ic_buf *text, const char *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
        if (bytes[at++] != '(') continue;
        at = predict_add_string(text, bytes, at, length);
        ic_buf_putc(text, '\n');
    }
}

/* --- properties from the text --- */

static void predict_put(cJSON *properties, const cJSON *schema, const char *name, const char *type,
                        cJSON *value) {
    const char *known = ic_json_string(ic_json_member(schema, name), "type");
    if (!known || strcmp(known, type) != 0) {
        cJSON_Delete(value);
        return;
    }
    cJSON *property = ic_put(properties, name, cJSON_CreateObject());
    ic_put_text(property, "type", type);
    ic_put(property, "value", value);
}

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

/* Reads a date such as 2026-03-01 or March 1, 2026. Returns its length; 0: no date. */
static int predict_read_date(const char *text, int *year, int *month, int *day) {
    int length = 0;
    if (isdigit((unsigned char)*text) && sscanf(text, "%4d-%2d-%2d%n", year, month, day, &length) == 3)
        return length == 10 ? length : 0;
    for (int i = 0; i < 12; i++) {
        int name = (int)strlen(months[i]);
        if (strncmp(text, months[i], (size_t)name) != 0) continue;
        *month = i + 1;
        return sscanf(text + name, " %2d, %4d%n", day, year, &length) == 2 ? name + length : 0;
    }
    return 0;
}

/* Finds the next date from *at on, writes it as 2026-03-01 and moves *at past it. */
static bool predict_find_date(const char **at, char date[32]) {
    ic_time time;
    for (const char *text = *at; *text; text++) {
        int year, month, day, length = predict_read_date(text, &year, &month, &day);
        if (!length) continue;
        snprintf(date, 32, "%04u-%02u-%02u", (unsigned)year % 10000, (unsigned)month % 100,
                 (unsigned)day % 100);
        if (!ic_time_parse(date, &time)) continue;
        *at = text + length;
        return true;
    }
    return false;
}

static void predict_dates(cJSON *properties, const cJSON *schema, const char *text) {
    static const char *const names[] = {"agreementDate", "expirationDate"};
    char date[32];
    for (size_t i = 0; i < sizeof names / sizeof names[0] && predict_find_date(&text, date); i++)
        predict_put(properties, schema, names[i], "date", cJSON_CreateString(date));
}

/* Reads an amount such as 12,500.00. 0: no amount. */
static double predict_read_amount(const char *text) {
    double amount = 0, weight = 0;
    while (*text == ' ')
        text++;
    for (; isdigit((unsigned char)*text) || *text == ',' || (*text == '.' && weight == 0); text++) {
        if (*text == '.') weight = 1;
        if (!isdigit((unsigned char)*text)) continue;
        if (weight != 0) weight /= 10;
        amount = weight != 0 ? amount + (*text - '0') * weight : amount * 10 + (*text - '0');
    }
    return amount;
}

static void predict_value(cJSON *properties, const cJSON *schema, const char *text) {
    static const struct {
        const char *sign, *currency;
    } signs[] = {{"USD", "USD"}, {"EUR", "EUR"}, {"GBP", "GBP"}, {"$", "USD"}};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const char *at = strstr(text, signs[i].sign);
        double amount = at ? predict_read_amount(at + strlen(signs[i].sign)) : 0;
        if (amount <= 0) continue;
        cJSON *value = cJSON_CreateObject();
        ic_put_text(value, "currency", signs[i].currency);
        ic_put_number(value, "amount", amount);
        predict_put(properties, schema, "contractValue", "monetary_amount", value);
        return;
    }
}

/* Takes the name after the last of the separators: "NDA with Acme (signed).pdf", "Lease - Acme.pdf". */
static void predict_counterparty(cJSON *properties, const cJSON *schema, const char *filename) {
    static const char *const words[] = {" with ", " - ", ", "};
    const char *name = filename, *end = strrchr(filename, '.');
    for (size_t i = 0; i < sizeof words / sizeof words[0] && name == filename; i++)
        for (const char *at = name; (at = strstr(at, words[i])) != NULL;)
            name = at += strlen(words[i]);
    size_t length = end && end >= name ? (size_t)(end - name) : strlen(name);
    const char *bracket = memchr(name, '(', length);
    if (bracket && bracket > name) length = (size_t)(bracket - name);
    while (length && name[length - 1] == ' ')
        length--;
    char *party = ic_strndup(name, length);
    if (party && *party)
        predict_put(properties, schema, "counterpartyName", "string", cJSON_CreateString(party));
    ic_free(party);
}

cJSON *ic_predict(const cJSON *schema, const char *filename, const ic_blob *file) {
    size_t length = 0;
    char *bytes = predict_read_start(file, &length);
    ic_buf text = {0};
    cJSON *properties = bytes && strncmp(bytes, "%PDF-", 5) == 0 ? cJSON_CreateObject() : NULL;
    if (properties) {
        ic_buf_puts(&text, filename);
        ic_buf_putc(&text, '\n');
        predict_read_strings(&text, bytes, length);
        const char *all = ic_buf_text(&text);
        predict_counterparty(properties, schema, filename);
        predict_dates(properties, schema, all ? all : filename);
        predict_value(properties, schema, all ? all : "");
    }
    ic_buf_free(&text);
    ic_free(bytes);
    return properties;
}
