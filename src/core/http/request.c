#include "core/http/request.h"
#include "core/base/alloc.h"
#include "core/base/platform.h"
#include "core/base/text.h"
#include <string.h>

void ic_request_free(ic_request *request) {
    ic_free(request->target);
    ic_free_secret(request->authorization);
    ic_free_secret(request->sensitive);
    if (request->secret && request->body) ic_wipe(request->body, strlen(request->body));
    ic_json_text_free(request->body);
    ic_parts_free(&request->parts);
    for (size_t i = 0; i < request->form_count; i++) {
        ic_free(request->form[i].name);
        ic_json_text_free(request->form[i].text);
    }
    ic_free(request->form);
    for (size_t i = 0; i < request->header_count; i++)
        ic_free(request->headers[i]);
    ic_free(request->headers);
    memset(request, 0, sizeof *request);
}

const char *ic_request_header(const ic_request *request, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < request->header_count; i++) {
        const char *line = request->headers[i];
        if (strncasecmp(line, name, length) != 0 || !strchr(":;", line[length])) continue;
        line += length + (line[length] != '\0');
        return line + strspn(line, " ");
    }
    return NULL;
}
