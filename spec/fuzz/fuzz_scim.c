/* SCIM filters and the paths of PATCH in the sandbox. */
#include "sandbox/directory/scim_filter.h"
#include "spec/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size), error[256] = "";
    static const char user[] =
        "{\"userName\":\"jane\",\"active\":true,\"emails\":[{\"value\":\"a@b\",\"type\":\"work\"}]}";
    ic_scim_filter *filter = ic_scim_filter_parse(&ic_scim_users, text, error, sizeof error);
    FUZZ_CHECK(filter || *error);
    if (filter) {
        cJSON *resource = cJSON_Parse(user);
        (void)ic_scim_filter_matches(filter, resource);
        cJSON_Delete(resource);
    }
    ic_scim_filter_free(filter);
    ic_scim_target target = {0};
    *error = '\0';
    FUZZ_CHECK(ic_scim_target_parse(&ic_scim_users, text, &target, error, sizeof error) || *error);
    ic_scim_filter_free(target.filter);
    free(text);
    return 0;
}
