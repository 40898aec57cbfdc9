/* Smart import: makes a record of a file, and predicts its properties after a while. */
#ifndef IC_SANDBOX_SMART_IMPORT_H
#define IC_SANDBOX_SMART_IMPORT_H

#include "sandbox/records/record.h"

typedef enum ic_prediction {
    IC_PREDICTION_PENDING,
    IC_PREDICTION_READY,
    IC_PREDICTION_ERRORED
} ic_prediction;

/* One file of an import. It stays when its record is deleted. */
typedef struct ic_import {
    ic_uuid id; /* several files may share an id */
    ic_uuid record;
    ic_time due; /* when its predictions are ready */
    ic_prediction state;
} ic_import;

/* Makes the predictions that are due by the sandbox's clock. When out of memory, the prediction is
 * `errored`. */
void ic_imports_settle(ic_company *company);
void ic_imports_free(ic_company *company);

#endif
