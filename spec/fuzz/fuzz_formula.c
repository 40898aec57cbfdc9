/* Filter formulas of the sandbox. */
#include "sandbox/filters/formula.h"
#include "spec/fuzz/fuzz.h"

static const char *type_of(void *context, const char *property) {
    static const char *const types[] = {"string",          "date", "number", "boolean",
                                        "monetary_amount", "list", NULL};
    (void)context;
    return types[strlen(property) % 7];
}

static cJSON *value_of(const void *item, const char *property) {
    (void)item;
    switch (strlen(property) % 4) {
    case 0: return cJSON_CreateString("2026-01-31");
    case 1: return cJSON_CreateNumber(7);
    case 2: return cJSON_CreateArray();
    default: return NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), error[256] = "";
    ic_formula *formula = ic_formula_parse(text, 1769817600, type_of, NULL, error, sizeof error);
    FUZZ_CHECK(formula || *error);
    if (formula) (void)ic_formula_holds(formula, value_of, NULL);
    ic_formula_free(formula);
    free(text);
    return 0;
}
