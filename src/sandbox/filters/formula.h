/* Ironclad's filter formulas: And(Contains([counterpartyName], 'acme'), LessThan([expirationDate], Today())).
 *
 *   formula    = condition | "(" formula ")"
 *   condition  = ("And" | "Or") "(" formula "," formula {"," formula} ")"
 *              | ("IsEmpty" | "IsNotEmpty") "(" property ")"
 *              | ("Equals" | "NotEqual" | "Contains" | "LessThan" | "LessThanOrEqual" | "GreaterThan"
 *                | "GreaterThanOrEqual") "(" property "," value ")"
 *   property   = "[" name "]"
 *   value      = '…' | "…" | number | "true" | "false" | date
 *   date       = "Date" "(" year "," month "," day ")" | "Today" ["(" ")"]
 *              | "RelativeDate" "(" date "," count "," 'days' | 'weeks' | 'months' | 'years' ")"
 *
 * Nothing escapes a quote. Numbers, true and false may stand in quotes. Contains looks at no case; Equals
 * does. Dates are compared by their day in UTC. Money is compared by its amount. A list equals what it holds.
 * Types that are nothing of all this (duration, address, clause, …) take IsEmpty, IsNotEmpty and Contains
 * only. Source: reference/filter-query-param of the public documentation. */
#ifndef IC_SANDBOX_FORMULA_H
#define IC_SANDBOX_FORMULA_H

#include "sandbox/world/dates.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_FORMULA_MAX_DEPTH 32

typedef struct ic_formula ic_formula;

/* The type of a property, as record and workflow schemas name it; NULL: there is none of that name. */
typedef const char *(*ic_formula_type)(void *context, const char *property);
/* The value of an item's property as a tree that is freed with cJSON_Delete; NULL: it has none. */
typedef cJSON *(*ic_formula_get)(const void *item, const char *property);

/* Reads a formula; `now` is what Today means. NULL: it is wrong, and `error` says where and how; or there is
 * no memory, and `error` is empty. */
ic_formula *ic_formula_parse(const char *text, ic_time now, ic_formula_type type, void *context, char *error,
                             size_t size);
bool ic_formula_holds(const ic_formula *formula, ic_formula_get get, const void *item);
void ic_formula_free(ic_formula *formula);

#endif
