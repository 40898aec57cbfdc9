#include "sandbox/records/contract_action.h"
#include "core/base/alloc.h"

void ic_contract_actions_free(ic_contract_action *last) {
    while (last) {
        ic_contract_action *earlier = last->earlier;
        cJSON_Delete(last->before);
        ic_free(last);
        last = earlier;
    }
}
