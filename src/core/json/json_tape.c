#include "core/json/json_tape.h"
#include "core/base/alloc.h"

void ic_tape_free(ic_tape *tape) {
    ic_free(tape->words);
    ic_buf_free(&tape->source);
    ic_buf_free(&tape->arena);
    *tape = (ic_tape){0};
}
