/* URLs that others name: the option `instance`, and a Location seen from a base. Three lines: the base, the
 * location, the instance. */
#include "core/base/alloc.h"
#include "core/base/url.h"
#include "core/http/instance.h"
#include "spec/fuzz/fuzz.h"

static void check_resolved(const char *url) {
    FUZZ_CHECK(!strchr(url, '#'));
    for (const char *at = url; *at; at++)
        FUZZ_CHECK((unsigned char)*at > ' ' && *at != 0x7f);
    if (!ic_url_objection(url, false)) FUZZ_CHECK(strncmp(url, "http", 4) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *base = fuzz_line(&data, &size), *location = fuzz_line(&data, &size),
         *instance = fuzz_line(&data, &size);
    char *url;
    FUZZ_CHECK((ic_url_resolve(base, location, &url) == IC_URL_GOOD) == (url != NULL));
    if (url) check_resolved(url);
    ic_free(url);
    ic_error error = {0};
    char *origin = ic_instance_origin(instance, false, &error);
    FUZZ_CHECK(origin || error.kind != IC_OK);
    if (origin) {
        FUZZ_CHECK(strncmp(origin, "https://", 8) == 0 || ic_url_objection(origin, false) == NULL);
        FUZZ_CHECK(!strchr(strstr(origin, "://") + 3, '/') && !strpbrk(origin, "@?#\r\n "));
    }
    ic_free(origin);
    ic_error_clear(&error);
    free(base);
    free(location);
    free(instance);
    return 0;
}
