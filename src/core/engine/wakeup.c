/* Descriptors get the lowest free numbers. So the sockets that curl_multi_init opens have the numbers that a
 * pipe had just before. Another thread may take one of these numbers in between. Then the next try makes
 * another handle. Only what looks like libcurl's is changed: unnamed Unix sockets of this process. */
#include "core/engine/wakeup.h"
#include "core/base/platform.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WAKEUP_TRIES 8

static bool wakeup_is_candidate(int descriptor) {
    struct sockaddr_un address;
    socklen_t size = sizeof address;
    int flags = fcntl(descriptor, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC) &&
           getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
           address.sun_family == AF_UNIX && size == sizeof address.sun_family &&
           ic_is_within_process(descriptor);
}

/* Sets close-on-exec where it is missing. False: there was a socket at neither number. */
static bool wakeup_mark(const int numbers[2]) {
    bool found = false;
    for (int i = 0; i < 2; i++) {
        if (!wakeup_is_candidate(numbers[i])) continue;
        fcntl(numbers[i], F_SETFD, FD_CLOEXEC);
        found = true;
    }
    return found;
}

CURLM *ic_wakeup_multi_init(void) {
    const bool sets_it = curl_version_info(CURLVERSION_NOW)->version_num >= 0x080a00;
    for (int left = WAKEUP_TRIES;; left--) {
        int numbers[2];
        bool known = !sets_it && ic_open_pipe(numbers, false) == 0;
        if (known) {
            close(numbers[0]);
            close(numbers[1]);
        }
        CURLM *multi = curl_multi_init();
        if (!multi || !known || wakeup_mark(numbers) || left == 0) return multi;
        curl_multi_cleanup(multi);
    }
}
