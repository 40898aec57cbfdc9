#include "sandbox/filters/formula_tree.h"
#include "core/base/alloc.h"
#include <math.h>

#define DAY ((double)24 * 60 * 60 * 1000)

void ic_formula_free(ic_formula *formula) {
    while (formula) {
        ic_formula *next = formula->next;
        ic_formula_free(formula->parts);
        ic_free(formula->property);
        ic_free(formula->text);
        ic_free(formula);
        formula = next;
    }
}

double ic_formula_day(ic_time time) {
    return floor((double)time / DAY);
}
