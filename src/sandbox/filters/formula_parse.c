/* Parses a formula. formula.h has the grammar. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/json/json.h"
#include "sandbox/filters/formula.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMPARED  (IC_KIND_NUMBER | IC_KIND_DATE)
#define EQUATABLE (COMPARED | IC_KIND_TEXT | IC_KIND_BOOLEAN | IC_KIND_LIST)
#define SEARCHED  (IC_KIND_TEXT | IC_KIND_LIST | IC_KIND_OTHER)

static const ic_test tests[] = {
    {.name = "Equals", .kinds = EQUATABLE, .accepts = IC_SAME},
    {.name = "NotEqual", .kinds = EQUATABLE, .accepts = IC_BEFORE | IC_AFTER | IC_MISSING},
    {.name = "Contains", .kinds = SEARCHED, .accepts = IC_SAME, .contains = true},
    {.name = "IsEmpty", .kinds = IC_KIND_ANY, .accepts = IC_MISSING, .alone = true},
    {.name = "IsNotEmpty", .kinds = IC_KIND_ANY, .accepts = IC_SAME, .alone = true},
    {.name = "LessThan", .kinds = COMPARED, .accepts = IC_BEFORE},
    {.name = "LessThanOrEqual", .kinds = COMPARED, .accepts = IC_BEFORE | IC_SAME},
    {.name = "GreaterThan", .kinds = COMPARED, .accepts = IC_AFTER},
    {.name = "GreaterThanOrEqual", .kinds = COMPARED, .accepts = IC_AFTER | IC_SAME},
};

/* All other types are OTHER. */
static const struct type {
    const char *name;
    ic_kind kind;
} types[] = {
    {"string", IC_KIND_TEXT},
    {"email", IC_KIND_TEXT},
    {"number", IC_KIND_NUMBER},
    {"monetaryAmount", IC_KIND_NUMBER},
    {"monetary_amount", IC_KIND_NUMBER},
    {"date", IC_KIND_DATE},
    {"boolean", IC_KIND_BOOLEAN},
    {"array", IC_KIND_LIST},
};

typedef struct reader {
    const char *text, *at;
    ic_time now;
    ic_formula_type type;
    void *context;
    char *error;
    size_t size;
    bool no_memory;
} reader;

typedef char word[64];

/* A value as written; the property's type decides what it means. */
typedef struct literal {
    enum { QUOTED, BARE, DATE } form;
    char *text;   /* QUOTED, BARE; owned */
    double day;   /* DATE */
    size_t place; /* offset in the formula, for errors */
} literal;

static ic_formula *formula_read_formula(reader *in, int depth);
static bool formula_read_date(reader *in, const char *name, int depth, ic_time *time);

ic_formula *ic_formula_parse(const char *text, ic_time now, ic_formula_type type, void *context, char *error,
                             size_t size) {
    reader in = {
        .text = text, .at = text, .now = now, .type = type, .context = context, .error = error, .size = size};
    *error = '\0';
    ic_formula *formula = formula_read_formula(&in, 1);
    if (!formula) return NULL;
    if (!*in.at) return formula;
    snprintf(error, size, "character %zu: unexpected '%s' after the formula", (size_t)(in.at - text) + 1,
             in.at);
    ic_formula_free(formula);
    return NULL;
}

/* --- pieces --- */

/* Records an error at `at`. Always false. */
__attribute__((format(printf, 3, 4))) static bool formula_fail(const reader *in, const char *at,
                                                               const char *format, ...) {
    int length = snprintf(in->error, in->size, "character %zu: ", (size_t)(at - in->text) + 1);
    va_list arguments;
    va_start(arguments, format);
    if (length > 0 && (size_t)length < in->size)
        vsnprintf(in->error + length, in->size - (size_t)length, format, arguments);
    va_end(arguments);
    return false;
}

static bool formula_has_failed(const reader *in) {
    return *in->error || in->no_memory;
}

static void formula_skip_space(reader *in) {
    while (isspace((unsigned char)*in->at))
        in->at++;
}

static bool formula_next_is(reader *in, char wanted) {
    formula_skip_space(in);
    if (*in->at != wanted) return false;
    in->at++;
    formula_skip_space(in);
    return true;
}

static bool formula_expect(reader *in, char wanted, const char *where) {
    if (formula_next_is(in, wanted)) return true;
    return *in->at ? formula_fail(in, in->at, "expected '%c' %s, not '%.20s'", wanted, where, in->at)
                   : formula_fail(in, in->at, "expected '%c' %s", wanted, where);
}

/* Reads letters, digits and the characters of numbers; "" when there are none. A word that is too long is
 * truncated: no known name is that long. */
static void formula_read_word(reader *in, word text) {
    size_t length = 0;
    formula_skip_space(in);
    for (; isalnum((unsigned char)*in->at) || (*in->at && strchr("_+-.", *in->at)); in->at++)
        if (length + 1 < sizeof(word)) text[length++] = *in->at;
    text[length] = '\0';
}

/* Reads the text up to the closing character. NULL: an error is recorded, or no memory. */
static char *formula_read_until(reader *in, char close, const char *what) {
    const char *start = in->at, *end = strchr(start, close);
    if (!end) {
        formula_fail(in, start, "%s is not closed by %c", what, close);
        return NULL;
    }
    in->at = end + 1;
    formula_skip_space(in);
    char *text = ic_strndup(start, (size_t)(end - start));
    if (!text) in->no_memory = true;
    return text;
}

static bool formula_read_number(const char *text, double *number) {
    cJSON *tree = ic_json_parse(text, strlen(text), NULL);
    bool is_number = cJSON_IsNumber(tree);
    if (is_number) *number = tree->valuedouble;
    cJSON_Delete(tree);
    return is_number;
}

static bool formula_read_integer(reader *in, const char *what, int least, int most, int *number) {
    const char *start = in->at;
    word text;
    char *end;
    formula_read_word(in, text);
    long value = strtol(text, &end, 10);
    if (!*text || *end || value < least || value > most)
        return formula_fail(in, start, "%s must be a whole number from %d to %d", what, least, most);
    *number = (int)value;
    return true;
}

/* --- dates --- */

static bool formula_read_calendar_date(reader *in, ic_time *time) {
    const char *start = in->at;
    int year, month, day;
    char text[40];
    if (!formula_expect(in, '(', "after Date") ||
        !formula_read_integer(in, "the year of Date", 0, 9999, &year) ||
        !formula_expect(in, ',', "in Date(year, month, day)") ||
        !formula_read_integer(in, "the month of Date", 1, 12, &month) ||
        !formula_expect(in, ',', "in Date(year, month, day)") ||
        !formula_read_integer(in, "the day of Date", 1, 31, &day) ||
        !formula_expect(in, ')', "after the day of Date"))
        return false;
    snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
    return ic_time_parse(text, time) || formula_fail(in, start, "there is no day %s", text);
}

static bool formula_move_date(ic_time *time, int count, const char *unit) {
    static const struct {
        const char *name;
        int days, months;
    } units[] = {{"days", 1, 0}, {"weeks", 7, 0}, {"months", 0, 1}, {"years", 0, 12}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].name, unit) != 0) continue;
        *time += (ic_time)count * units[i].days * 24 * 60 * 60 * 1000;
        return !units[i].months || ic_time_add_months(time, count * units[i].months);
    }
    return false;
}

/* Reads the unit, in single or double quotes. NULL: an error is recorded, or no memory. */
static char *formula_read_unit(reader *in) {
    char quote = *in->at;
    if (quote == '\'' || quote == '"') {
        in->at++;
        return formula_read_until(in, quote, "the unit");
    }
    formula_fail(in, in->at,
                 "the unit of RelativeDate must be 'days', 'weeks', 'months' or 'years', in quotes");
    return NULL;
}

static bool formula_read_relative_date(reader *in, int depth, ic_time *time) {
    int count;
    word name;
    if (!formula_expect(in, '(', "after RelativeDate")) return false;
    const char *start = in->at;
    formula_read_word(in, name);
    if (!formula_read_date(in, name, depth + 1, time))
        return formula_has_failed(in)
                   ? false
                   : formula_fail(in, start, "RelativeDate starts from Date(…) or Today()");
    if (!formula_expect(in, ',', "in RelativeDate(date, count, unit)") ||
        !formula_read_integer(in, "the count of RelativeDate", -36500, 36500, &count) ||
        !formula_expect(in, ',', "in RelativeDate(date, count, unit)"))
        return false;
    start = in->at;
    char *unit = formula_read_unit(in);
    if (!unit) return false;
    bool moved = formula_move_date(time, count, unit);
    ic_free(unit);
    if (!moved)
        return formula_fail(in, start,
                            "RelativeDate moves by 'days', 'weeks', 'months' or 'years' within 0000-9999");
    return formula_expect(in, ')', "after the unit of RelativeDate");
}

/* Reads the date that starts with `name`. false without an error: `name` starts no date. */
static bool formula_read_date(reader *in, const char *name, int depth, ic_time *time) {
    if (strcmp(name, "Date") == 0) return formula_read_calendar_date(in, time);
    if (strcmp(name, "Today") == 0) {
        *time = in->now;
        return !formula_next_is(in, '(') || formula_expect(in, ')', "after 'Today('");
    }
    if (strcmp(name, "RelativeDate") != 0) return false;
    if (depth > IC_FORMULA_MAX_DEPTH) return formula_fail(in, in->at, "nested too deeply");
    return formula_read_relative_date(in, depth, time);
}

/* --- values --- */

static bool formula_read_literal(reader *in, literal *value) {
    const char *start = in->at;
    *value = (literal){.form = BARE, .place = (size_t)(start - in->text)};
    if (*start == '\'' || *start == '"') {
        in->at++;
        value->form = QUOTED;
        value->text = formula_read_until(in, *start, "the value");
        return value->text != NULL;
    }
    word name;
    ic_time time;
    formula_read_word(in, name);
    if (formula_read_date(in, name, 1, &time)) {
        value->form = DATE;
        value->day = ic_formula_day(time);
        return true;
    }
    if (formula_has_failed(in)) return false;
    if (!*name) return formula_fail(in, start, "expected a value, not '%.20s'", start);
    double number;
    if (!formula_read_number(name, &number) && strcmp(name, "true") != 0 && strcmp(name, "false") != 0)
        return formula_fail(in, start, "the value '%s' must stand in quotes", name);
    value->text = ic_strdup(name);
    return value->text != NULL;
}

/* Converts the literal to the property's kind. false: an error is recorded. */
static bool formula_literal_fits(const reader *in, ic_formula *formula, literal *value) {
    const char *at = in->text + value->place, *text = value->text;
    ic_kind kind = formula->test->contains ? IC_KIND_TEXT : formula->kind;
    if (kind == IC_KIND_DATE) {
        formula->number = value->day;
        return value->form == DATE ||
               formula_fail(in, at,
                            "[%s] is a date: compare it with Date(y, m, d), Today() or "
                            "RelativeDate(date, count, unit)",
                            formula->property);
    }
    if (value->form == DATE) return formula_fail(in, at, "[%s] is not a date", formula->property);
    if (kind == IC_KIND_NUMBER)
        return formula_read_number(text, &formula->number) ||
               formula_fail(in, at, "[%s] is a number", formula->property);
    if (kind == IC_KIND_BOOLEAN) {
        formula->number = strcmp(text, "true") == 0;
        return formula->number != 0 || strcmp(text, "false") == 0 ||
               formula_fail(in, at, "[%s] is true or false", formula->property);
    }
    formula->text = value->text;
    value->text = NULL;
    return true;
}

static bool formula_read_value(reader *in, ic_formula *formula) {
    literal value;
    bool read = formula_read_literal(in, &value) && formula_literal_fits(in, formula, &value);
    ic_free(value.text);
    return read;
}

/* --- conditions --- */

static ic_kind formula_kind(const char *type) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i].name, type) == 0) return types[i].kind;
    return IC_KIND_OTHER;
}

static bool formula_read_property(reader *in, ic_formula *formula) {
    const char *start = in->at;
    if (!formula_expect(in, '[', "around the property's name")) return false;
    formula->property = formula_read_until(in, ']', "the property's name");
    if (!formula->property) return false;
    const char *type = in->type(in->context, formula->property);
    if (!type) return formula_fail(in, start, "unknown property '%s'", formula->property);
    formula->kind = formula_kind(type);
    if (formula->kind & formula->test->kinds) return true;
    return formula_fail(in, start, "%s does not work on [%s], which is of type %s", formula->test->name,
                        formula->property, type);
}

static bool formula_read_test(reader *in, ic_formula *formula) {
    if (!formula_expect(in, '(', "after the operation's name") || !formula_read_property(in, formula))
        return false;
    if (!formula->test->alone &&
        (!formula_expect(in, ',', "between the property and the value") || !formula_read_value(in, formula)))
        return false;
    return formula_expect(in, ')', "at the end of the operation");
}

static bool formula_read_parts(reader *in, ic_formula *formula, int depth) {
    const char *start = in->at;
    ic_formula **end = &formula->parts;
    size_t count = 0;
    if (!formula_expect(in, '(', "after the operation's name")) return false;
    do {
        *end = formula_read_formula(in, depth + 1);
        if (!*end) return false;
        end = &(*end)->next;
        count++;
    } while (formula_next_is(in, ','));
    if (!formula_expect(in, ')', "at the end of the operation")) return false;
    return count >= 2 ||
           formula_fail(in, start, "%s takes two conditions or more", formula->any ? "Or" : "And");
}

static bool formula_unknown_operation(const reader *in, const char *at, const char *name) {
    ic_nearest search = {.wanted = name};
    ic_nearest_offer(&search, "And");
    ic_nearest_offer(&search, "Or");
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        ic_nearest_offer(&search, tests[i].name);
    if (!*name) return formula_fail(in, at, "expected an operation such as Equals([property], 'value')");
    return search.best ? formula_fail(in, at, "unknown operation '%s'; did you mean '%s'?", name, search.best)
                       : formula_fail(in, at, "unknown operation '%s'", name);
}

static bool formula_read_condition(reader *in, ic_formula *formula, int depth) {
    const char *start = in->at;
    word name;
    formula_read_word(in, name);
    formula->any = strcmp(name, "Or") == 0;
    if (formula->any || strcmp(name, "And") == 0) return formula_read_parts(in, formula, depth);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        if (strcmp(tests[i].name, name) == 0) formula->test = &tests[i];
    return formula->test ? formula_read_test(in, formula) : formula_unknown_operation(in, start, name);
}

/* NULL: an error is recorded, or no memory. */
static ic_formula *formula_read_formula(reader *in, int depth) {
    formula_skip_space(in);
    if (depth > IC_FORMULA_MAX_DEPTH) {
        formula_fail(in, in->at, "nested too deeply");
        return NULL;
    }
    if (formula_next_is(in, '(')) {
        ic_formula *inner = formula_read_formula(in, depth + 1);
        if (!inner || formula_expect(in, ')', "to close the parenthesis")) return inner;
        ic_formula_free(inner);
        return NULL;
    }
    ic_formula *formula = ic_calloc(1, sizeof *formula);
    if (formula && formula_read_condition(in, formula, depth)) return formula;
    ic_formula_free(formula);
    return NULL;
}
