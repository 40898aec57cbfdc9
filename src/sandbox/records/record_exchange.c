#include "sandbox/records/record_exchange.h"

void ic_reply_no_record(ic_exchange *x, unsigned status) {
    ic_reply_error(x, status, "NOT_FOUND", NULL, "couldn't find a record matching the id %s", x->values[0]);
}

ic_record *ic_exchange_record(ic_exchange *x, unsigned status) {
    ic_record *record = ic_company_record(x->company, x->values[0]);
    if (!record) ic_reply_no_record(x, status);
    return record;
}

bool ic_exchange_may_edit(ic_exchange *x) {
    if (x->user->rights & IC_MAY_EDIT_RECORDS) return true;
    ic_reply_error(x, 403, "FORBIDDEN", NULL, "access forbidden");
    return false;
}
