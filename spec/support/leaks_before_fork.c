/* For LD_PRELOAD with AddressSanitizer and its LeakSanitizer, which do not support fork in a process with
 * several threads.
 *
 * Only the process itself is checked for leaks, not its forked children. A child does not have its parent's
 * other threads, so memory that only they point to always looks lost there.
 *
 * A thread that allocates memory while another one forks holds the sanitizer's lock, and nobody releases it
 * in the child. So a fork waits until the other threads wait for something, for a second at most. */
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOKS 1000 /* of a millisecond each */

static int forked;

/* The state of a thread of this process, or 0 (man 5 proc: /proc/pid/stat). */
static char state_of(const char *thread) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", thread);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *end = strrchr(text, ')'); /* of the name, which may hold anything */
    return end && end[1] ? end[2] : 0;
}

static int others_run(void) {
    int running = 0;
    DIR *folder = opendir("/proc/self/task");
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_name[0] != '.') running += state_of(entry->d_name) == 'R';
    closedir(folder);
    return running > 1;
}

static void wait_for_others(void) {
    for (int looks = 0; looks < LOOKS && others_run(); looks++)
        usleep(1000);
}

static void forget(void) {
    forked = 1;
}

__attribute__((constructor)) static void watch_forks(void) {
    pthread_atfork(wait_for_others, NULL, forget);
}

/* Called by LeakSanitizer before it checks (sanitizer/lsan_interface.h). */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) {
    return forked;
}
