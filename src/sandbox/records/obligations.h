/* Obligations: what a contract asks of somebody, by when. */
#ifndef IC_SANDBOX_OBLIGATIONS_H
#define IC_SANDBOX_OBLIGATIONS_H

#include "sandbox/records/items.h"
#include "sandbox/records/record.h"

typedef struct ic_obligation {
    ic_item item;
    ic_record *record;           /* the contract */
    struct ic_obligation *above; /* of the same contract; NULL: it is the contract's own */
    struct ic_obligation *next;  /* among those of the contract */
} ic_obligation;

extern const ic_item_kind ic_obligations;

void ic_obligation_free(ic_obligation *obligation);
/* Makes it the last of the contract's. */
void ic_obligation_join(ic_obligation *obligation, ic_record *record);
/* Those of a contract that goes away go with it. */
void ic_company_remove_obligations(ic_company *company, ic_record *record);
/* Frees all obligations of the company and their types. */
void ic_obligations_free(ic_company *company);

#endif
