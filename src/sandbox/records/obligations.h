/* Obligations of contracts. */
#ifndef IC_SANDBOX_OBLIGATIONS_H
#define IC_SANDBOX_OBLIGATIONS_H

#include "sandbox/records/items.h"
#include "sandbox/records/record.h"

typedef struct ic_obligation {
    ic_item item;
    ic_record *record;           /* the contract */
    struct ic_obligation *above; /* parent, of the same contract; NULL: the contract is */
    struct ic_obligation *next;  /* next obligation of the contract */
} ic_obligation;

extern const ic_item_kind ic_obligations;

void ic_obligation_free(ic_obligation *obligation);
/* Appends it to the contract's obligations. */
void ic_obligation_join(ic_obligation *obligation, ic_record *record);
/* Removes the obligations of a contract that is removed. */
void ic_company_remove_obligations(ic_company *company, ic_record *record);
/* Frees all obligations of the company and their types. */
void ic_obligations_free(ic_company *company);

#endif
