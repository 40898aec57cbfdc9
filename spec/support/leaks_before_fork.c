/* For LD_PRELOAD with LeakSanitizer: only the process itself is checked for leaks, not its forked children. A
 * child does not have its parent's other threads, so memory that only they point to always looks lost
 * there. */
#include <pthread.h>

static int forked;

static void forget(void) {
    forked = 1;
}

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(NULL, NULL, forget);
}

/* Called by LeakSanitizer before it checks (sanitizer/lsan_interface.h). */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return forked;
}
