/* Ironclad's filter formulas, such as
 * And(Contains([counterpartyName], 'acme'), LessThan([expirationDate], Today())).
 *
 * Grammar:
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
 * There is no escape for a quote. Numbers, true and false may be quoted. Contains ignores case; Equals does
 * not. Dates are compared by their day in UTC, money by its amount. A list equals each of its items. The
 * other types (duration, address, clause, …) take IsEmpty, IsNotEmpty and Contains only.
 * Source: reference/filter-query-param of the public documentation. */
#ifndef IC_SANDBOX_FORMULA_H
#define IC_SANDBOX_FORMULA_H

#include "sandbox/filters/formula_tree.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_FORMULA_MAX_DEPTH 32

/* The type of a property, by its name in record and workflow schemas. NULL: unknown property. */
typedef const char *(*ic_formula_type)(void *context, const char *property);
/* The value of an item's property. The caller frees it with cJSON_Delete. NULL: no value. */
typedef cJSON *(*ic_formula_get)(const void *item, const char *property);

/* Parses a formula. `now`: the time that Today stands for. NULL: the formula is wrong, and `error` says where
 * and why; or there is no memory, and `error` is empty. */
ic_formula *ic_formula_parse(const char *text, ic_time now, ic_formula_type type, void *context, char *error,
                             size_t size);
bool ic_formula_holds(const ic_formula *formula, ic_formula_get get, const void *item);

#endif
