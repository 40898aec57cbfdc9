/* Conversational search, without an AI model: words of the question are searched in record names, and a
 * question about expiration searches by date. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "sandbox/records/handlers.h"
#include "sandbox/records/record.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define FOUND_MAX    10 /* records in one reply */
#define WORD_LEAST   3
#define DAYS_DEFAULT 30

static size_t search_word_length(const char *text) {
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) ||
           (text[length] & 0x80)) /* or a byte of a non-ASCII character */
        length++;
    return length;
}

/* Whether the word is too common to find a record. */
static bool search_is_common(const char *word, size_t length) {
    static const char *const common[] = {
        "agreement", "agreements", "all",   "and",   "any",   "are",  "contract", "contracts",
        "days",      "did",        "does",  "find",  "for",   "from", "has",      "have",
        "how",       "list",       "many",  "month", "next",  "our",  "show",     "tell",
        "that",      "the",        "their", "this",  "under", "was",  "week",     "were",
        "what",      "when",       "where", "which", "who",   "will", "with",     "year",
    };
    for (size_t i = 0; i < sizeof common / sizeof common[0]; i++)
        if (strncasecmp(common[i], word, length) == 0 && !common[i][length]) return true;
    return length < WORD_LEAST;
}

/* The number of the question's words that occur in the name. */
static unsigned search_score(const char *question, const char *name) {
    unsigned found = 0;
    for (const char *at = question; *at;) {
        size_t length = search_word_length(at);
        if (!length) {
            at++;
            continue;
        }
        char *word = search_is_common(at, length) ? NULL : ic_strndup(at, length);
        found += word && strcasestr(name, word);
        ic_free(word);
        at += length;
    }
    return found;
}

typedef struct finding {
    const ic_record *record;
    unsigned score;
} finding;

/* Keeps the best findings; those with the same score stay in order. */
static void search_keep_best(finding *best, size_t *count, finding found) {
    size_t at = *count;
    while (at && best[at - 1].score < found.score)
        at--;
    if (at >= FOUND_MAX) return;
    if (*count < FOUND_MAX) ++*count;
    memmove(best + at + 1, best + at, (*count - at - 1) * sizeof *best);
    best[at] = found;
}

/* The days in a question such as "what expires in the next 60 days"; 0: not about expiration. */
static long search_days_meant(const char *question) {
    if (!strcasestr(question, "expir")) return 0;
    const char *number = strpbrk(question, "0123456789");
    long days = number ? strtol(number, NULL, 10) : DAYS_DEFAULT;
    return days < 1 || days > 36500 ? DAYS_DEFAULT : days;
}

static size_t search_find_records(const ic_company *company, const char *question, finding *best) {
    long days = search_days_meant(question);
    ic_time now = ic_company_now(company);
    const ic_array *records = &company->records_by_name;
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++) {
        const ic_record *record = records->items[i];
        bool soon = record->expires != IC_TIME_NONE && record->expires > now &&
                    record->expires <= now + days * IC_DAY;
        finding found = {record, days ? soon : search_score(question, record->name)};
        if (found.score) search_keep_best(best, &count, found);
    }
    return count;
}

static cJSON *search_write_prose(const finding *best, size_t count) {
    ic_buf text = {0};
    if (count)
        ic_buf_printf(&text, "I found %zu %s:", count, count == 1 ? "record" : "records");
    else
        ic_buf_puts(&text, "I found no records that answer this question.");
    for (size_t i = 0; i < count; i++)
        ic_buf_printf(&text, "%s %s (%s)", i ? "," : "", best[i].record->name, best[i].record->readable);
    if (count) ic_buf_putc(&text, '.');
    const char *whole = ic_buf_text(&text);
    cJSON *string = whole ? cJSON_CreateString(whole) : NULL;
    ic_buf_free(&text);
    return string;
}

static void search_reply(ic_exchange *x, const char *question) {
    finding best[FOUND_MAX];
    size_t count = search_find_records(x->company, question, best);
    cJSON *view = cJSON_CreateObject();
    ic_put(view, "result", search_write_prose(best, count));
    cJSON *records = ic_put(view, "records", cJSON_CreateObject());
    for (size_t i = 0; i < count; i++) {
        ic_buf url = {0};
        ic_buf_printf(&url, "%s/records/%s", x->company->url, best[i].record->id);
        ic_put_text(ic_put(records, best[i].record->id, cJSON_CreateObject()), "url", ic_buf_text(&url));
        ic_buf_free(&url);
    }
    ic_reply_json(x, 200, view);
}

/* Whether it looks like an IANA time zone name. Checks the area only: the places change every year. */
static bool search_is_time_zone(const char *name) {
    static const char areas[] =
        "Africa America Antarctica Arctic Asia Atlantic Australia Etc Europe Indian Pacific";
    const char *slash = strchr(name, '/');
    if (!slash) return ic_is_choice("UTC GMT", name);
    if (!slash[1] ||
        slash[1 + strspn(slash + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/")])
        return false;
    char *area = ic_strndup(name, (size_t)(slash - name));
    bool known = area && ic_is_choice(areas, area);
    ic_free(area);
    return known;
}

void ic_search_conversational(ic_exchange *x) {
    const char *question = ic_json_string(x->body, "query"), *zone = ic_json_string(x->body, "userTimezone");
    if (!ic_company_entitled(x->company, "conversationalSearch"))
        ic_reply_error(x, 403, "FORBIDDEN", NULL, "access forbidden");
    else if (!question[strspn(question, " \t\r\n")])
        ic_reply_error(x, 400, "INVALID_PARAM", "query", "the query is empty");
    else if (zone && !search_is_time_zone(zone))
        ic_reply_error(x, 400, "INVALID_PARAM", "userTimezone", "'%s' is not an IANA time zone", zone);
    else
        search_reply(x, question);
}
