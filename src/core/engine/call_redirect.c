#include "core/engine/call_redirect.h"
#include "core/base/alloc.h"
#include "core/http/redirect.h"
#include <string.h>

bool ic_call_redirect(ic_call *call, const char *link) {
    char location[8192];
    long status = call->response.status;
    if (!link) {
        if (call->request.method != IC_GET || !call->request.reads)
            return ic_redirect_refuse(status, "of a request that is not a read", &call->error);
        if (!ic_redirect_moves(status))
            return ic_redirect_refuse(status, "that names no new place", &call->error);
        link = ic_response_header(&call->response, "Location", location, sizeof location);
        if (link && strlen(link) + 1 == sizeof location)
            return ic_redirect_refuse(status, "to an overlong URL", &call->error);
    }
    ic_buf from = {0};
    ic_call_url(call, &from);
    ic_redirect_target target = {0};
    const ic_redirect redirect = {
        .from = ic_buf_text(&from),
        .origin = ic_connection_origin(call->connection, call->request.host),
        .foreign = call->foreign_url || call->request.absolute,
        .download = call->request.answer == IC_ANSWER_BYTES || call->options.output != IC_TO_MEMORY,
        .allow_http = call->connection->settings.allow_http,
        .followed = call->redirects++,
        .status = status,
    };
    bool follows = false;
    if (redirect.from)
        follows = ic_redirect_follow(&redirect, link, &target, &call->error);
    else
        ic_error_memory(&call->error);
    ic_buf_free(&from);
    if (!follows) return false;
    char **place = target.foreign ? &call->foreign_url : &call->request.target;
    ic_free(*place);
    *place = target.text;
    return true;
}
