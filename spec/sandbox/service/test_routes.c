/* Every operation of the catalog has a handler in the sandbox, and every handler an operation. */
#include "core/catalog/catalog.h"
#include "sandbox/service/routes.h"
#include "spec/core/check.h"
#include <stdio.h>
#include <string.h>

static size_t routes_of(const char *operation) {
    size_t count = 0;
    for (const ic_route *route = ic_routes; route->operation; route++)
        count += route->handler && strcmp(route->operation, operation) == 0;
    return count;
}

static bool is_operation(const char *id) {
    for (size_t i = 0; i < ic_operation_count; i++)
        if (strcmp(ic_operations[i].id, id) == 0) return true;
    return false;
}

static bool has_one_route(const ic_operation *operation) {
    size_t count = routes_of(operation->id);
    if (count != 1)
        printf("# '%s' of operations.def has %zu handlers in the sandbox, not one: add X(\"%s\", its "
               "handler, 0) to "
               "the handlers.h of a folder of src/sandbox\n",
               operation->id, count, operation->id);
    return count == 1;
}

static bool is_known(const ic_route *route) {
    bool known = is_operation(route->operation);
    if (!known)
        printf("# '%s' has a handler in the sandbox, but no entry in operations.def\n", route->operation);
    return known;
}

int main(void) {
    for (size_t i = 0; i < ic_operation_count; i++)
        CHECK(has_one_route(&ic_operations[i]));
    for (const ic_route *route = ic_routes; route->operation; route++)
        CHECK(is_known(route));
    return check_done("routes");
}
