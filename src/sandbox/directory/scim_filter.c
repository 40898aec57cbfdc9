#include "sandbox/directory/scim_filter.h"
#include "core/base/alloc.h"
#include "core/json/json.h"
#include "sandbox/base/dates.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 50 /* of parentheses */

typedef enum relation { EQ, NE, CO, SW, EW, GT, GE, LT, LE, PR } relation;
static const char *const relation_names[] = {"eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"};

struct ic_scim_filter {
    enum { AND, OR, NOT, COMPARISON, VALUES } shape; /* VALUES: attribute[filter] */
    ic_scim_filter *left, *right;                    /* operands of AND and OR; NOT and VALUES use left */
    ic_scim_path path;                               /* of COMPARISON and VALUES */
    relation op;
    cJSON *operand; /* NULL for PR */
};

typedef struct parser {
    const ic_scim_kind *kind;
    const ic_scim_attribute *within; /* inside brackets: names are its sub-attributes */
    const char *at;
    size_t depth;
    char *error;
    size_t size;
    bool failed;
} parser;

static ic_scim_filter *scim_filter_parse_or(parser *p);

__attribute__((format(printf, 2, 3))) static ic_scim_filter *scim_filter_fail(parser *p, const char *format,
                                                                              ...) {
    va_list arguments;
    va_start(arguments, format);
    if (!p->failed) vsnprintf(p->error, p->size, format, arguments);
    va_end(arguments);
    p->failed = true;
    return NULL;
}

/* --- words --- */

static void scim_filter_skip_space(parser *p) {
    while (*p->at == ' ')
        p->at++;
}

/* The length of the name, relation or literal at p->at. */
static size_t scim_filter_word_length(const parser *p) {
    return strcspn(p->at, " ()[]\"");
}

static bool scim_filter_is_word(const parser *p, const char *wanted) {
    return scim_filter_word_length(p) == strlen(wanted) &&
           strncasecmp(p->at, wanted, scim_filter_word_length(p)) == 0;
}

static bool scim_filter_take(parser *p, const char *wanted) {
    if (!scim_filter_is_word(p, wanted)) return false;
    p->at += strlen(wanted);
    scim_filter_skip_space(p);
    return true;
}

static ic_scim_filter *scim_filter_expected(parser *p, const char *what) {
    return *p->at ? scim_filter_fail(p, "Expected %s at: %.40s", what, p->at)
                  : scim_filter_fail(p, "Expected %s at the end", what);
}

static bool scim_filter_take_mark(parser *p, char mark) {
    if (*p->at != mark) {
        scim_filter_expected(p, (char[]){'\'', mark, '\'', '\0'});
        return false;
    }
    p->at++;
    scim_filter_skip_space(p);
    return true;
}

/* --- nodes --- */

static ic_scim_filter *scim_filter_new(parser *p, int shape, ic_scim_filter *left, ic_scim_filter *right) {
    ic_scim_filter *node = p->failed ? NULL : ic_calloc(1, sizeof *node);
    if (!node) {
        ic_scim_filter_free(left);
        ic_scim_filter_free(right);
        return scim_filter_fail(p, "%s", "");
    }
    node->shape = shape;
    node->left = left;
    node->right = right;
    return node;
}

void ic_scim_filter_free(ic_scim_filter *filter) {
    if (!filter) return;
    ic_scim_filter_free(filter->left);
    ic_scim_filter_free(filter->right);
    cJSON_Delete(filter->operand);
    ic_free(filter);
}

/* --- comparisons --- */

/* The attribute to compare: the named sub-attribute, or `value` of a multi-valued attribute. NULL: the
 * attribute cannot be compared. */
static const ic_scim_attribute *scim_filter_compared(const ic_scim_path *path) {
    const ic_scim_attribute *attribute = path->sub ? path->sub : path->attribute;
    if (attribute->type != IC_SCIM_COMPLEX) return attribute;
    return attribute->flags & IC_SCIM_MULTI ? ic_scim_find(attribute->subs, "value", 5) : NULL;
}

/* The length of the JSON value at p->at. */
static size_t scim_filter_literal_length(const parser *p) {
    if (*p->at != '"') return scim_filter_word_length(p);
    const char *end = p->at + 1;
    while (*end && *end != '"')
        end += *end == '\\' && end[1] ? 2 : 1;
    return (size_t)(end - p->at) + (*end == '"');
}

static cJSON *scim_filter_parse_operand(parser *p) {
    size_t length = scim_filter_literal_length(p);
    ic_error error = {0};
    cJSON *value = length ? ic_json_parse(p->at, length, &error) : NULL;
    bool no_memory = error.kind == IC_ERR_MEMORY;
    ic_error_clear(&error);
    if (no_memory) scim_filter_fail(p, "%s", "");
    if (!value) scim_filter_expected(p, "a string, number, boolean or null");
    p->at += length;
    scim_filter_skip_space(p);
    return value;
}

/* Whether the operator can be used with this attribute and operand. */
static bool scim_filter_is_comparable(const ic_scim_attribute *attribute, relation op, const cJSON *operand) {
    bool equality = op == EQ || op == NE;
    ic_time time;
    if (cJSON_IsNull(operand)) return equality;
    if (attribute->type == IC_SCIM_BOOLEAN) return equality && cJSON_IsBool(operand);
    if (attribute->type == IC_SCIM_DATE_TIME && op != CO && op != SW && op != EW)
        return cJSON_IsString(operand) && ic_time_parse(operand->valuestring, &time);
    return cJSON_IsString(operand);
}

static bool scim_filter_parse_relation(parser *p, relation *op) {
    for (int i = EQ; i <= PR; i++) {
        if (!scim_filter_take(p, relation_names[i])) continue;
        *op = (relation)i;
        return true;
    }
    scim_filter_expected(p, "an operator");
    return false;
}

static ic_scim_filter *scim_filter_parse_comparison(parser *p, const ic_scim_path *path, const char *name,
                                                    int length) {
    ic_scim_filter *node = scim_filter_new(p, COMPARISON, NULL, NULL);
    if (!node) return NULL;
    node->path = *path;
    const ic_scim_attribute *attribute = scim_filter_compared(path);
    if (scim_filter_parse_relation(p, &node->op) && node->op != PR) {
        node->operand = scim_filter_parse_operand(p);
        if (node->operand && (!attribute || !scim_filter_is_comparable(attribute, node->op, node->operand)))
            scim_filter_fail(p, "Invalid comparison of attribute %.*s by %s", length, name,
                             relation_names[node->op]);
    }
    if (!p->failed) return node;
    ic_scim_filter_free(node);
    return NULL;
}

static ic_scim_filter *scim_filter_parse_values(parser *p, const ic_scim_path *path) {
    if (p->within || path->sub || path->attribute->type != IC_SCIM_COMPLEX)
        return scim_filter_fail(p, "Attribute %s has no sub-attributes to filter by", path->attribute->name);
    p->at++;
    scim_filter_skip_space(p);
    p->within = path->attribute;
    ic_scim_filter *inner = scim_filter_parse_or(p);
    p->within = NULL;
    if (!inner || !scim_filter_take_mark(p, ']')) {
        ic_scim_filter_free(inner);
        return NULL;
    }
    ic_scim_filter *node = scim_filter_new(p, VALUES, inner, NULL);
    if (node) node->path = *path;
    return node;
}

/* Ironclad's message has a comma where the filter has a dot. */
static ic_scim_filter *scim_filter_no_attribute(parser *p, size_t length) {
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), p->at);
    const char *colon = strrchr(name, ':');
    for (char *c = name; *c; c++)
        if (*c == '.' && c > colon) *c = ',';
    return scim_filter_fail(p, "No matching schema for attribute: %s", name);
}

static ic_scim_filter *scim_filter_parse_attribute(parser *p) {
    size_t length = scim_filter_word_length(p);
    const char *name = p->at;
    ic_scim_path path;
    if (!length) return scim_filter_expected(p, "an attribute");
    if (!ic_scim_path_parse(p->kind, p->within, name, length, &path) || !path.attribute ||
        (path.attribute->flags & IC_SCIM_WRITE_ONLY))
        return scim_filter_no_attribute(p, length);
    p->at += length;
    if (*p->at == '[') return scim_filter_parse_values(p, &path);
    scim_filter_skip_space(p);
    return scim_filter_parse_comparison(p, &path, name, length > 60 ? 60 : (int)length);
}

/* --- and, or, not, parentheses: `not` binds tighter than `and`, `and` tighter than `or` --- */

static ic_scim_filter *scim_filter_parse_group(parser *p) {
    if (++p->depth > DEPTH_MAX) return scim_filter_fail(p, "The filter is nested too deep");
    p->at++;
    scim_filter_skip_space(p);
    ic_scim_filter *inner = scim_filter_parse_or(p);
    p->depth--;
    if (inner && scim_filter_take_mark(p, ')')) return inner;
    ic_scim_filter_free(inner);
    return NULL;
}

static ic_scim_filter *scim_filter_parse_term(parser *p) {
    if (*p->at == '(') return scim_filter_parse_group(p);
    if (!scim_filter_is_word(p, "not")) return scim_filter_parse_attribute(p);
    scim_filter_take(p, "not");
    if (*p->at != '(') return scim_filter_expected(p, "'(' after not");
    ic_scim_filter *inner = scim_filter_parse_group(p);
    return inner ? scim_filter_new(p, NOT, inner, NULL) : NULL;
}

static ic_scim_filter *scim_filter_parse_joined(parser *p, int shape, const char *by,
                                                ic_scim_filter *(*part)(parser *)) {
    ic_scim_filter *left = part(p);
    while (left && scim_filter_take(p, by)) {
        ic_scim_filter *right = part(p);
        if (!right) {
            ic_scim_filter_free(left);
            return NULL;
        }
        left = scim_filter_new(p, shape, left, right);
    }
    return left;
}

static ic_scim_filter *scim_filter_parse_and(parser *p) {
    return scim_filter_parse_joined(p, AND, "and", scim_filter_parse_term);
}

static ic_scim_filter *scim_filter_parse_or(parser *p) {
    return scim_filter_parse_joined(p, OR, "or", scim_filter_parse_and);
}

ic_scim_filter *ic_scim_filter_parse(const ic_scim_kind *kind, const char *text, char *error, size_t size) {
    parser p = {.kind = kind, .at = text, .error = error, .size = size};
    scim_filter_skip_space(&p);
    ic_scim_filter *filter = scim_filter_parse_or(&p);
    if (!filter || !*p.at) return filter;
    ic_scim_filter_free(filter);
    return scim_filter_expected(&p, "'and', 'or' or the end of the filter");
}

bool ic_scim_target_parse(const ic_scim_kind *kind, const char *text, ic_scim_target *target, char *error,
                          size_t size) {
    parser p = {.kind = kind, .at = text, .error = error, .size = size};
    size_t length = strcspn(text, "[");
    *target = (ic_scim_target){0};
    if (!ic_scim_path_parse(kind, NULL, text, length, &target->path)) {
        scim_filter_no_attribute(&p, length);
        return false;
    }
    p.at += length;
    if (!*p.at) return true;
    if (!target->path.attribute) {
        scim_filter_fail(&p, "An extension has no values to filter by");
        return false;
    }
    ic_scim_filter *values = scim_filter_parse_values(&p, &target->path);
    if (!values) return false;
    target->filter = values->left;
    values->left = NULL;
    ic_scim_filter_free(values);
    if (!*p.at) return true;
    target->path.sub =
        *p.at == '.' ? ic_scim_find(target->path.attribute->subs, p.at + 1, strlen(p.at + 1)) : NULL;
    if (!target->path.sub) scim_filter_no_attribute(&p, strlen(p.at));
    return target->path.sub != NULL;
}

/* --- matching --- */

static int scim_filter_compare(const ic_scim_attribute *attribute, const char *left, const char *right) {
    ic_time a, b;
    if (attribute->type == IC_SCIM_DATE_TIME && ic_time_parse(left, &a) && ic_time_parse(right, &b))
        return a < b ? -1 : a > b;
    return attribute->flags & IC_SCIM_EXACT ? strcmp(left, right) : strcasecmp(left, right);
}

static bool scim_filter_starts(const ic_scim_attribute *attribute, const char *text, const char *part) {
    size_t length = strlen(part);
    return (attribute->flags & IC_SCIM_EXACT ? strncmp(text, part, length)
                                             : strncasecmp(text, part, length)) == 0;
}

static bool scim_filter_contains(const ic_scim_attribute *attribute, const char *text, const char *part) {
    for (;; text++) {
        if (scim_filter_starts(attribute, text, part)) return true;
        if (!*text) return false;
    }
}

static bool scim_filter_text_matches(const ic_scim_attribute *attribute, relation op, const char *text,
                                     const char *wanted) {
    size_t length = strlen(text), part = strlen(wanted);
    switch (op) {
    case EQ: return scim_filter_compare(attribute, text, wanted) == 0;
    case NE: return scim_filter_compare(attribute, text, wanted) != 0;
    case GT: return scim_filter_compare(attribute, text, wanted) > 0;
    case GE: return scim_filter_compare(attribute, text, wanted) >= 0;
    case LT: return scim_filter_compare(attribute, text, wanted) < 0;
    case LE: return scim_filter_compare(attribute, text, wanted) <= 0;
    case CO: return scim_filter_contains(attribute, text, wanted);
    case SW: return scim_filter_starts(attribute, text, wanted);
    case EW: return part <= length && scim_filter_starts(attribute, text + length - part, wanted);
    case PR: break;
    }
    return true;
}

static bool scim_filter_value_matches(const ic_scim_filter *filter, const cJSON *value) {
    const cJSON *operand = filter->operand;
    if (cJSON_IsNull(operand)) return filter->op == NE;
    if (cJSON_IsString(value) && cJSON_IsString(operand))
        return scim_filter_text_matches(scim_filter_compared(&filter->path), filter->op, value->valuestring,
                                        operand->valuestring);
    return (cJSON_Compare(value, operand, true) != 0) == (filter->op == EQ);
}

static bool scim_filter_is_present(const cJSON *value) {
    if (cJSON_IsString(value)) return *value->valuestring != '\0';
    return value && !cJSON_IsNull(value) &&
           ((!cJSON_IsArray(value) && !cJSON_IsObject(value)) || value->child);
}

/* Whether the filter holds for the value, or for any value inside it. Sets *found when there is a value. */
static bool scim_filter_any_matches(const ic_scim_filter *filter, const cJSON *value, bool *found) {
    const cJSON *each;
    if (cJSON_IsArray(value)) {
        cJSON_ArrayForEach(each, value) {
            if (scim_filter_any_matches(filter, each, found)) return true;
        }
        return false;
    }
    if (cJSON_IsObject(value) && filter->op != PR)
        value = ic_json_member(value, filter->path.sub ? filter->path.sub->name : "value");
    else if (cJSON_IsObject(value) && filter->path.sub)
        value = ic_json_member(value, filter->path.sub->name);
    if (!scim_filter_is_present(value)) return false;
    *found = true;
    return filter->op == PR || scim_filter_value_matches(filter, value);
}

/* A missing attribute equals null and differs from everything else. */
static bool scim_filter_comparison_matches(const ic_scim_filter *filter, cJSON *resource) {
    bool found = false;
    const cJSON *value =
        ic_json_member(ic_scim_holder(&filter->path, resource), filter->path.attribute->name);
    if (scim_filter_any_matches(filter, value, &found)) return true;
    if (found || filter->op == PR) return false;
    return cJSON_IsNull(filter->operand) ? filter->op == EQ : filter->op == NE;
}

static bool scim_filter_values_match(const ic_scim_filter *filter, cJSON *resource) {
    cJSON *value = ic_json_member(ic_scim_holder(&filter->path, resource), filter->path.attribute->name),
          *each;
    if (!cJSON_IsArray(value)) return value && ic_scim_filter_matches(filter->left, value);
    cJSON_ArrayForEach(each, value) {
        if (ic_scim_filter_matches(filter->left, each)) return true;
    }
    return false;
}

bool ic_scim_filter_matches(const ic_scim_filter *filter, cJSON *resource) {
    switch (filter->shape) {
    case AND:
        return ic_scim_filter_matches(filter->left, resource) &&
               ic_scim_filter_matches(filter->right, resource);
    case OR:
        return ic_scim_filter_matches(filter->left, resource) ||
               ic_scim_filter_matches(filter->right, resource);
    case NOT: return !ic_scim_filter_matches(filter->left, resource);
    case VALUES: return scim_filter_values_match(filter, resource);
    case COMPARISON: break;
    }
    return scim_filter_comparison_matches(filter, resource);
}
