/* Evaluates a formula for an item. */
#include "sandbox/filters/formula.h"
#include "core/json/json.h"
#include <math.h>
#include <string.h>

/* --- one test --- */

static bool formula_is_empty(const cJSON *value) {
    if (!value || cJSON_IsNull(value)) return true;
    if (cJSON_IsString(value)) return !*value->valuestring;
    return (cJSON_IsArray(value) || cJSON_IsObject(value)) && !value->child;
}

static unsigned formula_compare(double value, double wanted) {
    return value < wanted ? IC_BEFORE : value > wanted ? IC_AFTER : IC_SAME;
}

/* Whether the text occurs in the value or in any part of it, in any case. */
static bool formula_contains(const cJSON *value, const char *wanted) {
    if (cJSON_IsString(value)) return strcasestr(value->valuestring, wanted) != NULL;
    for (const cJSON *part = value->child; part; part = part->next)
        if (formula_contains(part, wanted)) return true;
    return false;
}

static bool formula_holds_text(const cJSON *list, const char *wanted) {
    for (const cJSON *item = list->child; item; item = item->next)
        if (cJSON_IsString(item) && strcmp(item->valuestring, wanted) == 0) return true;
    return false;
}

static unsigned formula_compare_dates(const cJSON *value, double wanted) {
    ic_time time;
    if (!cJSON_IsString(value) || !ic_time_parse(value->valuestring, &time)) return IC_MISSING;
    return formula_compare(ic_formula_day(time), wanted);
}

/* The value is a number, a number as text, or {currency, amount} with either. */
static unsigned formula_compare_numbers(const cJSON *value, double wanted) {
    if (cJSON_IsObject(value)) value = ic_json_member(value, "amount");
    if (cJSON_IsNumber(value)) return formula_compare(value->valuedouble, wanted);
    if (!cJSON_IsString(value)) return IC_MISSING;
    cJSON *number = ic_json_parse(value->valuestring, strlen(value->valuestring), NULL);
    unsigned result = cJSON_IsNumber(number) ? formula_compare(number->valuedouble, wanted) : IC_MISSING;
    cJSON_Delete(number);
    return result;
}

static unsigned formula_test_holds(const ic_formula *formula, const cJSON *value) {
    if (formula_is_empty(value)) return IC_MISSING;
    if (formula->test->alone) return IC_SAME;
    if (formula->test->contains) return formula_contains(value, formula->text) ? IC_SAME : IC_BEFORE;
    switch (formula->kind) {
    case IC_KIND_TEXT:
        return cJSON_IsString(value) && strcmp(value->valuestring, formula->text) == 0 ? IC_SAME : IC_BEFORE;
    case IC_KIND_NUMBER: return formula_compare_numbers(value, formula->number);
    case IC_KIND_DATE: return formula_compare_dates(value, formula->number);
    case IC_KIND_BOOLEAN: return formula_compare(cJSON_IsTrue(value) ? 1 : 0, formula->number);
    case IC_KIND_LIST: return formula_holds_text(value, formula->text) ? IC_SAME : IC_BEFORE;
    case IC_KIND_OTHER:
    case IC_KIND_ANY: break; /* the parser allows none of these tests */
    }
    return IC_MISSING;
}

bool ic_formula_holds(const ic_formula *formula, ic_formula_get get, const void *item) {
    if (formula->test) {
        cJSON *value = get(item, formula->property);
        bool holds = (formula->test->accepts & formula_test_holds(formula, value)) != 0;
        cJSON_Delete(value);
        return holds;
    }
    for (const ic_formula *part = formula->parts; part; part = part->next)
        if (ic_formula_holds(part, get, item) == formula->any) return formula->any;
    return !formula->any;
}
