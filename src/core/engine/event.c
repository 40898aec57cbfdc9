#include "core/engine/event.h"
#include "core/base/alloc.h"

void ic_event_free(ic_event *event) {
    if (!event) return;
    ic_free(event->url);
    ic_free(event->request_id);
    ic_free(event->attempt_id);
    ic_free(event);
}
