/* Redirects. The first byte: bits for foreign, download, allow_http; then two lines: the URL that answered
 * and the Location. What matters: the bearer's host is never another one, and https never becomes http. */
#include "core/base/alloc.h"
#include "core/base/text.h"
#include "core/http/redirect.h"
#include "spec/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!size) return 0;
    unsigned bits = *data++;
    size--;
    char *from = fuzz_line(&data, &size), *location = fuzz_line(&data, &size);
    const char *origin = "https://na1.ironcladapp.com";
    ic_redirect redirect = {.from = bits & 1 ? from : "https://na1.ironcladapp.com/public/api/v1/records/1",
                            .origin = origin,
                            .foreign = bits & 1,
                            .download = bits & 2,
                            .allow_http = bits & 4,
                            .followed = (int)(bits >> 5),
                            .status = 302};
    ic_redirect_target target = {0};
    ic_error error = {0};
    if (ic_redirect_follow(&redirect, location, &target, &error)) {
        FUZZ_CHECK(target.text && error.kind == IC_OK);
        if (target.foreign) {
            FUZZ_CHECK(redirect.download);
            if (!(bits & 1)) FUZZ_CHECK(ic_text_starts(target.text, "https://"));
        } else {
            FUZZ_CHECK(!redirect.foreign && target.text[0] == '/');
        }
        FUZZ_CHECK(!strpbrk(target.text, "\r\n "));
    } else {
        FUZZ_CHECK(error.kind != IC_OK);
    }
    ic_free(target.text);
    ic_error_clear(&error);
    free(from);
    free(location);
    return 0;
}
