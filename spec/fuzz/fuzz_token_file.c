/* A token file as it may lie on the disk: loaded, and if it can be, saved and loaded again. */
#include "core/auth/store.h"
#include "core/base/process.h"
#include "spec/fuzz/fuzz.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];

static void clean(void) {
    char beside[128];
    unlink(path);
    snprintf(beside, sizeof beside, "%s.lock", path);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s.tmp", path);
    unlink(beside);
    rmdir(folder);
}

/* In memory, where the machine has such a place: the disk is not what is tried. */
static void prepare(void) {
    snprintf(folder, sizeof folder, "%s/ironclad-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!ic_process_prepare() || !mkdtemp(folder)) abort();
    snprintf(path, sizeof path, "%s/tokens.json", folder);
    atexit(clean);
}

static void put(const uint8_t *data, size_t size) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || (size && write(file, data, size) != (ssize_t)size)) abort();
    close(file);
}

static void save_and_load(ic_store *store) {
    ic_error error = {0};
    ic_token token = {.access_token = (char *)(uintptr_t) "access", .expires_at = 5}, found = {0};
    if (ic_store_save(store, "key of this test", &token, &error)) {
        FUZZ_CHECK(ic_store_load(store, "key of this test", &found, &error) == 1);
        FUZZ_CHECK(strcmp(found.access_token, "access") == 0 && found.expires_at == 5);
    }
    ic_token_clear(&found);
    ic_error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!*folder) prepare();
    put(data, size);
    ic_error error = {0};
    ic_store *store = ic_store_new(path, &error);
    FUZZ_CHECK(store && ic_store_lock(store, &error) == 1);
    ic_token token = {0};
    int loaded = ic_store_load(store, "key", &token, &error);
    FUZZ_CHECK((loaded < 0) == (error.kind != IC_OK));
    FUZZ_CHECK(loaded <= 0 || token.access_token || token.refresh_token);
    ic_token_clear(&token);
    ic_error_clear(&error);
    if (loaded >= 0) save_and_load(store);
    ic_store_free(store);
    return 0;
}
