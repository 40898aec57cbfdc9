#include "listener/browser.h"
#include "core/base/platform.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program starts with default signal handling, whatever the host has changed. */
static int browser_set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGINT);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &usual);
    return posix_spawnattr_setflags(attributes,
                                    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | IC_SPAWN_DETACHED);
}

/* The browser's output must not appear in the terminal. */
static int browser_set_files(posix_spawn_file_actions_t *files) {
    int failed = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    if (!failed) failed = posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDOUT_FILENO);
    if (!failed) failed = posix_spawn_file_actions_adddup2(files, STDIN_FILENO, STDERR_FILENO);
    return failed;
}

static int browser_start(ic_browser *browser, const char *program, const char *url) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    char *const words[] = {(char *)program, (char *)url, NULL};
    int failed = posix_spawn_file_actions_init(&files);
    if (failed) return failed;
    failed = posix_spawnattr_init(&attributes);
    if (failed) {
        posix_spawn_file_actions_destroy(&files);
        return failed;
    }
    failed = browser_set_attributes(&attributes);
    if (!failed) failed = browser_set_files(&files);
    if (!failed)
        failed = posix_spawnp(&browser->child, program, &files, &attributes, words, ic_environment());
    if (failed) browser->child = 0;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed;
}

int ic_browser_open(ic_browser *browser, const char *url) {
    int failed = browser_start(browser, "xdg-open", url);
    return failed == ENOENT ? browser_start(browser, "open", url) : failed;
}

bool ic_browser_failed(ic_browser *browser) {
    int status;
    if (!browser->child) return false;
    pid_t ended = waitpid(browser->child, &status, WNOHANG);
    if (ended == 0) return false;
    bool known = ended == browser->child; /* otherwise the host has reaped it */
    browser->child = 0;
    return known && !(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
