/* The tree of a formula: formula_parse.c builds it, formula.c evaluates it. */
#ifndef IC_SANDBOX_FORMULA_TREE_H
#define IC_SANDBOX_FORMULA_TREE_H

#include "sandbox/base/dates.h"
#include <stdbool.h>

/* How values of a type are compared. Bits, so that a test can list the kinds it takes. */
typedef enum ic_kind {
    IC_KIND_TEXT = 1,
    IC_KIND_NUMBER = 2,
    IC_KIND_DATE = 4,
    IC_KIND_BOOLEAN = 8,
    IC_KIND_LIST = 16,
    IC_KIND_OTHER = 32,
    IC_KIND_ANY = 63,
} ic_kind;

/* The result of comparing an item's value with the formula's value. */
enum { IC_BEFORE = 1, IC_SAME = 2, IC_AFTER = 4, IC_MISSING = 8 };

typedef struct ic_test {
    const char *name;
    unsigned kinds;   /* of properties */
    unsigned accepts; /* results that make it true */
    bool alone;       /* takes the property only */
    bool contains;    /* searches for the value inside the property */
} ic_test;

typedef struct ic_formula ic_formula;
struct ic_formula {
    const ic_test *test; /* NULL: And or Or of `parts` */
    bool any;            /* Or */
    ic_formula *parts, *next;
    char *property;
    ic_kind kind;
    char *text;    /* TEXT, LIST; and of Contains */
    double number; /* NUMBER; BOOLEAN: 0 or 1; DATE: days since 1970 in UTC */
};

void ic_formula_free(ic_formula *formula);
/* Whole days since 1970 in UTC. */
double ic_formula_day(ic_time time);

#endif
