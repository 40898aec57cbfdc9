/* The table of operations, and the search for one by its id or by a request's path. */
#include "core/catalog/catalog.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The words of operations.def. Compound literals at file scope live as long as the program. */
// clang-format off
#define FIELD(name, type, flags, value, choices) {name, IC_TYPE_##type, flags, value, choices}
#define FLAGGED(name, type, flags)               FIELD(name, type, flags, NULL, NULL)
#define REQUIRED(name, type)                     FLAGGED(name, type, IC_REQUIRED)
#define OPTIONAL(name, type)                     FLAGGED(name, type, 0)
#define DEFAULT(name, type, value)               FIELD(name, type, 0, value, NULL)
#define FILL(name, type, value)                  FIELD(name, type, IC_REQUIRED | IC_FILL, value, NULL)
#define LIST(name)                               FLAGGED(name, STRING, IC_LIST)
#define RECORD_LINK(name)                        FLAGGED(name, OBJECT, IC_RECORD_LINK)
#define RECORD_LINKS(name)                       FLAGGED(name, ARRAY, IC_RECORD_LINK)
#define SITE                                     FLAGGED("sid", STRING, IC_REQUIRED | IC_SITE)

#define FIELDS(...)      (const ic_field[]){__VA_ARGS__, {0}}
#define NO_FIELDS        (const ic_field[]){{0}}
#define QUERY(...)       FIELDS(__VA_ARGS__)
#define NO_QUERY         NO_FIELDS
#define NO_BODY          .body = IC_BODY_NONE, .fields = NO_FIELDS
#define JSON_BODY(...)   .body = IC_BODY_JSON, .fields = FIELDS(__VA_ARGS__)
#define LAUNCH_BODY(...) .body = IC_BODY_LAUNCH, .fields = FIELDS(__VA_ARGS__)
#define FORM_BODY(...)   .body = IC_BODY_FORM, .fields = FIELDS(__VA_ARGS__)
#define URLENCODED_BODY(...) .body = IC_BODY_URLENCODED, .fields = FIELDS(__VA_ARGS__)

#define NOTHING                   .answer = IC_ANSWER_NOTHING
#define BYTES                     .answer = IC_ANSWER_BYTES
#define TEXT                      .answer = IC_ANSWER_TEXT
#define KEY                       .answer = IC_ANSWER_KEY
#define JSON                      .answer = IC_ANSWER_JSON
#define ANY_JSON                  JSON, .content = {IC_CONTENT_ANY, NULL, NULL}
#define RESOURCE(kind)            JSON, .content = {IC_CONTENT_ONE, kind, NULL}
#define RESOURCE_IN(field, kind)  JSON, .content = {IC_CONTENT_ONE, kind, field}
#define RESOURCES_IN(field, kind) JSON, .content = {IC_CONTENT_ITEMS, kind, field}
#define ITEMS                     JSON, .content = {IC_CONTENT_ITEMS, NULL, NULL}
#define ITEMS_IN(field)           JSON, .content = {IC_CONTENT_ITEMS, NULL, field}

#define ONCE             0
#define REPEATABLE       1
#define READ_ONLY        2
#define REPEATS(method_, repeats_)  \
    .repeatable = (repeats_) > ONCE, \
    .reads = (repeats_) == READ_ONLY || (IC_##method_ == IC_GET && (repeats_) == REPEATABLE)

/* Two steps, so that SERVICE is expanded before it is pasted. */
#define SERVICE_MEMBERS(name, path_)  SERVICE_MEMBERS_(name, path_)
#define SERVICE_MEMBERS_(name, path_) .service = IC_SERVICE_##name, .path = IC_ROOT_##name path_

/* A body and an answer are several members each, so the initialisers name them. */
#define OPERATION(id_, resource_, name_, text_, method_, path_, query_, body_and_fields, answer_and_content, \
                  paging_, scopes_, repeatable_)                                                               \
    {.id = id_, .resource = resource_, .name = name_, .text = text_, .method = IC_##method_,                   \
     SERVICE_MEMBERS(SERVICE, path_), .query = query_, body_and_fields, answer_and_content,                    \
     .paging = IC_PAGING_##paging_, .scopes = scopes_, REPEATS(method_, repeatable_),                          \
     .source = IC_SOURCE_DOCUMENT},
#define CLICKWRAP(source_, id_, resource_, name_, text_, method_, path_, query_, body_and_fields,              \
                  answer_and_content, paging_, repeatable_)                                                    \
    {.id = id_, .resource = resource_, .name = name_, .text = text_, .method = IC_##method_,                   \
     SERVICE_MEMBERS(SERVICE, path_), .query = query_, body_and_fields, answer_and_content,                    \
     .paging = IC_PAGING_##paging_, .scopes = "",                                                              \
     REPEATS(method_, repeatable_), .source = IC_SOURCE_##source_},
#define JOB(...)

const ic_operation ic_operations[] = {
#include "core/catalog/operations.def"
};

#undef OPERATION
#undef CLICKWRAP
#undef JOB
#define OPERATION(...)
#define CLICKWRAP(...)
#define JOB(...) {__VA_ARGS__},

const ic_job_entry ic_job_entries[] = {
#include "core/catalog/operations.def"
    {0}};
// clang-format on

const char *ic_product_name(ic_product product) {
    return product == IC_PRODUCT_CLICKWRAP ? "Clickwrap" : "Ironclad";
}

const ic_service_facts ic_services[IC_SERVICE_COUNT] = {
#define X(constant, name, product, host, bearer) {name, IC_PRODUCT_##product, IC_HOST_##host, bearer},
    IC_SERVICES(X)
#undef X
};

const ic_rate_limit ic_rate_limits[IC_BUCKET_COUNT] = {
#define X(constant, name, requests, seconds, kind, by)                                                       \
    {name, requests, seconds, IC_WINDOW_##kind, IC_COUNTED_##by},
    IC_BUCKETS(X)
#undef X
};

/* Compares a path with a pattern, segment by segment. A placeholder fits every segment that is not empty, or
 * the rest of it after a literal beginning, as in "id:{signer_id}". Returns the rest of the path after the
 * pattern ("", or from the next '/' or the '?'); NULL when the pattern does not fit. */
static const char *catalog_path_match(const char *pattern, const char *path, ic_path_values *values) {
    values->count = 0;
    while (*pattern == '/') {
        if (*path != '/') return NULL;
        size_t wanted = strcspn(++pattern, "/"), length = strcspn(++path, "/?");
        size_t literal = strcspn(pattern, "/{");
        if (literal < wanted) {
            if (length <= literal || memcmp(pattern, path, literal) != 0 ||
                values->count == sizeof values->value / sizeof values->value[0])
                return NULL;
            values->value[values->count] = path + literal;
            values->length[values->count++] = length - literal;
        } else if (length != wanted || memcmp(pattern, path, length) != 0) {
            return NULL;
        }
        pattern += wanted;
        path += length;
    }
    return path;
}

/* The buckets of requests. The first rule that fits decides. A rule fits when it has the request's method,
 * and its path is the request's path or a parent of it. Ironclad's rate-limits page writes "workflows*".
 * That is read as the segment `workflows`, so that workflow-schemas is not part of it. The page does not
 * mention PUT and DELETE of records. They count with the other writes, which have the smaller budget. */
#define METHOD(name) (1u << IC_##name)
#define ALL_METHODS  (~0u)
static const struct bucket_rule {
    const char *path;
    unsigned methods;
    ic_bucket bucket;
} bucket_rules[] = {
    {IC_ROOT_PUBLIC "/workflows/{id}/sign-status", METHOD(POST) | METHOD(PATCH), IC_BUCKET_SIGN_STATUS},
    {IC_ROOT_PUBLIC "/workflows/{id}/signatures", METHOD(POST) | METHOD(PATCH), IC_BUCKET_SIGNATURES},
    {IC_ROOT_PUBLIC "/workflows", METHOD(GET), IC_BUCKET_WORKFLOWS_READ},
    {IC_ROOT_PUBLIC "/workflows", ALL_METHODS, IC_BUCKET_WORKFLOWS_WRITE},
    {IC_ROOT_PUBLIC "/records", METHOD(GET), IC_BUCKET_RECORDS_READ},
    {IC_ROOT_PUBLIC "/records", ALL_METHODS, IC_BUCKET_RECORDS_WRITE},
    {IC_ROOT_PUBLIC "/webhooks", ALL_METHODS, IC_BUCKET_WEBHOOKS},
    {IC_ROOT_SCIM "/Users", METHOD(PATCH) | METHOD(DELETE), IC_BUCKET_SCIM_USERS_WRITE},
    {IC_ROOT_SCIM "/Users", ALL_METHODS, IC_BUCKET_SCIM_USERS},
    {IC_ROOT_SCIM "/Groups", ALL_METHODS, IC_BUCKET_SCIM_GROUPS},
    {IC_ROOT_OAUTH "/authorize", ALL_METHODS, IC_BUCKET_NONE},
    {IC_ROOT_OAUTH "/token", ALL_METHODS, IC_BUCKET_NONE},
};

/* Each service of Clickwrap has one bucket. */
static ic_bucket catalog_bucket(ic_service service, ic_method method, const char *path) {
    ic_path_values ignored;
    if (service == IC_SERVICE_CLICKWRAP_REST) return IC_BUCKET_CLICKWRAP_REST;
    if (service == IC_SERVICE_CLICKWRAP_ACTIVITY) return IC_BUCKET_CLICKWRAP_ACTIVITY;
    if (service == IC_SERVICE_CLICKWRAP_SERVICE) return IC_BUCKET_CLICKWRAP_SERVICE;
    for (size_t i = 0; i < sizeof bucket_rules / sizeof bucket_rules[0]; i++)
        if (bucket_rules[i].methods & (1u << method) &&
            catalog_path_match(bucket_rules[i].path, path, &ignored))
            return bucket_rules[i].bucket;
    return IC_BUCKET_OTHER;
}

enum { OPERATION_COUNT = sizeof ic_operations / sizeof ic_operations[0] };
const size_t ic_operation_count = OPERATION_COUNT;

/* Each made at its first look-up: the table in two orders, by id, and by product, method, number of segments
 * and path. */
typedef struct route {
    const ic_operation *operation;
    size_t segments;
} route;

static pthread_once_t catalog_has_ids = PTHREAD_ONCE_INIT, catalog_has_routes = PTHREAD_ONCE_INIT;
static const ic_operation *by_id[OPERATION_COUNT];
static route by_route[OPERATION_COUNT];

static size_t catalog_path_segments(const char *path) {
    size_t count = 0;
    for (; *path; path++)
        count += *path == '/';
    return count;
}

static int catalog_route_order_by_id(const void *a, const void *b) {
    const ic_operation *const *left = a, *const *right = b;
    return strcmp((*left)->id, (*right)->id);
}

static ic_product catalog_route_product(const route *route) {
    return ic_services[route->operation->service].product;
}

static int catalog_route_compare(const route *route, ic_product product, ic_method method, size_t segments) {
    if (catalog_route_product(route) != product) return catalog_route_product(route) < product ? -1 : 1;
    if (route->operation->method != method) return route->operation->method < method ? -1 : 1;
    if (route->segments != segments) return route->segments < segments ? -1 : 1;
    return 0;
}

/* Two patterns may fit the same path. The one with a literal segment where they first differ comes first,
 * because '{' is greater than every character of the literals. So the first pattern that fits is the right
 * one. */
static int catalog_route_order_by_route(const void *a, const void *b) {
    const route *left = a, *right = b;
    int order =
        catalog_route_compare(left, catalog_route_product(right), right->operation->method, right->segments);
    return order ? order : strcmp(left->operation->path, right->operation->path);
}

static void catalog_index_ids(void) {
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        by_id[i] = &ic_operations[i];
    qsort(by_id, OPERATION_COUNT, sizeof by_id[0], catalog_route_order_by_id);
}

static void catalog_index_routes(void) {
    for (size_t i = 0; i < OPERATION_COUNT; i++)
        by_route[i] = (route){&ic_operations[i], catalog_path_segments(ic_operations[i].path)};
    qsort(by_route, OPERATION_COUNT, sizeof by_route[0], catalog_route_order_by_route);
}

static int catalog_route_compare_id(const void *id, const void *entry) {
    const ic_operation *const *operation = entry;
    return strcmp(id, (*operation)->id);
}

const ic_operation *ic_operation_by_id(const char *id) {
    pthread_once(&catalog_has_ids, catalog_index_ids);
    const ic_operation **found =
        bsearch(id, by_id, OPERATION_COUNT, sizeof by_id[0], catalog_route_compare_id);
    return found ? *found : NULL;
}

const char *ic_operation_label(const ic_operation *operation, char *name, size_t size) {
    if (operation->name)
        snprintf(name, size, "%s:%s", operation->resource, operation->name);
    else
        snprintf(name, size, "%s", operation->id);
    return name;
}

/* The index of the first route of this product, method and number of segments, or where it would be. */
const ic_field *ic_field_find(const ic_field *fields, const char *name) {
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0) return fields;
    return NULL;
}

static size_t catalog_route_first(ic_product product, ic_method method, size_t segments) {
    size_t low = 0, high = OPERATION_COUNT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (catalog_route_compare(&by_route[middle], product, method, segments) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const ic_operation *ic_operation_by_path(ic_product product, ic_method method, const char *path,
                                         ic_path_values *values) {
    pthread_once(&catalog_has_routes, catalog_index_routes);
    ic_path_values found;
    size_t segments = catalog_path_segments(path);
    for (size_t i = catalog_route_first(product, method, segments);
         i < OPERATION_COUNT && catalog_route_compare(&by_route[i], product, method, segments) == 0; i++) {
        const char *rest = catalog_path_match(by_route[i].operation->path, path, &found);
        if (!rest || *rest) continue;
        if (values) *values = found;
        return by_route[i].operation;
    }
    if (values) values->count = 0;
    return NULL;
}

/* A path that no operation has belongs to the API whose root it begins with. */
ic_service ic_service_of(ic_product product, ic_method method, const char *path) {
    char bare[256];
    size_t length = strcspn(path, "?");
    ic_path_values ignored;
    if (length < sizeof bare) {
        memcpy(bare, path, length);
        bare[length] = '\0';
        const ic_operation *operation = ic_operation_by_path(product, method, bare, NULL);
        if (operation) return operation->service;
    }
    if (product == IC_PRODUCT_CLICKWRAP)
        return catalog_path_match(IC_ROOT_CLICKWRAP_REST, path, &ignored) ? IC_SERVICE_CLICKWRAP_REST
                                                                          : IC_SERVICE_CLICKWRAP_ACTIVITY;
    return catalog_path_match(IC_ROOT_SCIM, path, &ignored)    ? IC_SERVICE_SCIM
           : catalog_path_match(IC_ROOT_OAUTH, path, &ignored) ? IC_SERVICE_OAUTH
                                                               : IC_SERVICE_PUBLIC;
}

ic_bucket ic_bucket_of(ic_product product, ic_method method, const char *path) {
    return catalog_bucket(ic_service_of(product, method, path), method, path);
}

ic_bucket ic_operation_bucket(const ic_operation *operation) {
    static atomic_int known[OPERATION_COUNT]; /* the bucket plus 1; 0: not known yet */
    atomic_int *mine = &known[operation - ic_operations];
    int found = atomic_load_explicit(mine, memory_order_relaxed);
    if (!found) {
        found = (int)catalog_bucket(operation->service, operation->method, operation->path) + 1;
        atomic_store_explicit(mine, found, memory_order_relaxed);
    }
    return (ic_bucket)(found - 1);
}

const char *ic_bucket_name(ic_bucket bucket) {
    return ic_rate_limits[bucket].bucket;
}

static const char *const method_names[] = {
    [IC_GET] = "GET", [IC_POST] = "POST", [IC_PUT] = "PUT", [IC_PATCH] = "PATCH", [IC_DELETE] = "DELETE",
};

const char *ic_method_name(ic_method method) {
    return method_names[method];
}

bool ic_method_parse(const char *name, ic_method *method) {
    for (size_t i = 0; i < sizeof method_names / sizeof method_names[0]; i++) {
        if (strcmp(name, method_names[i]) != 0) continue;
        *method = (ic_method)i;
        return true;
    }
    return false;
}

size_t ic_path_parameters(const char *path) {
    size_t count = 0;
    for (; *path; path++)
        count += *path == '{';
    return count;
}

const char *ic_path_parameter(const char *path, size_t index, size_t *length) {
    for (; *path; path++) {
        if (*path != '{' || index-- > 0) continue;
        *length = strcspn(path + 1, "}");
        return path + 1;
    }
    return NULL;
}
