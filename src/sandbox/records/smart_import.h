/* Smart import: a file becomes a record, whose properties are predicted after a while. */
#ifndef IC_SANDBOX_SMART_IMPORT_H
#define IC_SANDBOX_SMART_IMPORT_H

#include "sandbox/world/world.h"

typedef enum ic_prediction {
    IC_PREDICTION_PENDING,
    IC_PREDICTION_READY,
    IC_PREDICTION_ERRORED
} ic_prediction;

/* One file of an import; stays when its record goes. */
typedef struct ic_import {
    ic_uuid id; /* several may share it */
    ic_uuid record;
    ic_time due; /* when its predictions are there */
    ic_prediction state;
} ic_import;

/* Predicts what is due by the world's clock. What there is no memory for is an error of the prediction. */
void ic_imports_settle(ic_world *world);
void ic_imports_free(ic_world *world);

#endif
