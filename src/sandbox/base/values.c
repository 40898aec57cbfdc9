#include "sandbox/base/values.h"
#include "core/json/json.h"
#include "sandbox/base/dates.h"
#include <string.h>

/* In some versions of cJSON these tests are macros, so they are wrapped in functions. */
static bool value_is_text(const cJSON *value) {
    return cJSON_IsString(value);
}

static bool value_is_number(const cJSON *value) {
    return cJSON_IsNumber(value);
}

static bool value_is_boolean(const cJSON *value) {
    return cJSON_IsBool(value);
}

static bool value_is_date(const cJSON *value) {
    ic_time time;
    return cJSON_IsString(value) && ic_time_parse(value->valuestring, &time);
}

static bool value_is_duration(const cJSON *value) {
    return cJSON_IsString(value) && ic_duration_valid(value->valuestring);
}

static bool value_is_email(const cJSON *value) {
    const char *text = cJSON_GetStringValue(value), *at = text ? strchr(text, '@') : NULL;
    return at && at != text && at[1] && !strchr(at + 1, '@') && !strpbrk(text, " \t\r\n<>");
}

/* A number that is written as text. NULL: not a number, or no memory. */
static cJSON *value_number_of(const char *text) {
    cJSON *number = text ? ic_json_parse(text, strlen(text), NULL) : NULL;
    if (cJSON_IsNumber(number)) return number;
    cJSON_Delete(number);
    return NULL;
}

static bool value_is_number_text(const char *text) {
    cJSON *number = value_number_of(text);
    cJSON_Delete(number);
    return number != NULL;
}

/* {currency, amount}: the amount is a number, or its digits as text. */
static bool value_is_money(const cJSON *value) {
    const char *currency = ic_json_string(value, "currency");
    const cJSON *amount = ic_json_member(value, "amount");
    return currency && strlen(currency) == 3 &&
           (cJSON_IsNumber(amount) || value_is_number_text(cJSON_GetStringValue(amount)));
}

static bool value_is_address(const cJSON *value) {
    return cJSON_IsString(value) || cJSON_IsObject(value);
}

static bool value_is_text_list(const cJSON *value) {
    const cJSON *item;
    cJSON_ArrayForEach(item, value) {
        if (!cJSON_IsString(item)) return false;
    }
    return cJSON_IsArray(value);
}

/* {source, …}: found in the document, or entered by a person. */
static bool value_is_clause(const cJSON *value) {
    const char *source = ic_json_string(value, "source");
    return source && (strcmp(source, "ai") == 0 || strcmp(source, "manual") == 0);
}

static bool value_is_reference(const cJSON *value) {
    return ic_json_string(value, "recordId") != NULL;
}

static const struct type {
    const char *name;
    bool (*fits)(const cJSON *value);
} types[] = {
    {"string", value_is_text},          {"number", value_is_number},
    {"boolean", value_is_boolean},      {"date", value_is_date},
    {"duration", value_is_duration},    {"email", value_is_email},
    {"monetaryAmount", value_is_money}, {"monetary_amount", value_is_money},
    {"address", value_is_address},      {"array", value_is_text_list},
    {"reference", value_is_reference},  {"clause", value_is_clause},
    {"playbookClause", value_is_text},
};

bool ic_value_fits(const char *type, const cJSON *value) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0) return types[i].fits(value);
    return false;
}

/* A date without a time of day, or without an offset, is in UTC. */
static cJSON *value_date_as_kept(const char *text) {
    ic_time time;
    const char *clock = strchr(text, 'T');
    if ((clock && strpbrk(clock, "Z+-")) || !ic_time_parse(text, &time)) return cJSON_CreateString(text);
    return cJSON_CreateString(ic_time_print(time).text);
}

static cJSON *value_money_as_kept(const cJSON *value) {
    cJSON *kept = cJSON_Duplicate(value, true);
    const char *amount = ic_json_string(kept, "amount");
    cJSON *number = amount ? value_number_of(amount) : NULL;
    if (number && !cJSON_ReplaceItemInObjectCaseSensitive(kept, "amount", number)) cJSON_Delete(number);
    return kept;
}

cJSON *ic_value_as_kept(const char *type, const cJSON *value) {
    if (strcmp(type, "date") == 0) return value_date_as_kept(value->valuestring);
    if (strcmp(type, "monetary_amount") == 0) return value_money_as_kept(value);
    return cJSON_Duplicate(value, true);
}
