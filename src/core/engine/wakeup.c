/* The sockets are found by looking at the open descriptors before and after. Another thread may open a pair
 * of its own at that moment, so only what looks like libcurl's is changed: unnamed Unix sockets of this
 * process. */
#include "core/engine/wakeup.h"
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Descriptors get the lowest free numbers. With more open than these, the sockets stay as they are. */
#define WAKEUP_DESCRIPTORS 1024

static bool wakeup_is_candidate(int descriptor) {
    struct sockaddr_un address;
    struct ucred peer;
    socklen_t size = sizeof address, peer_size = sizeof peer;
    int flags = fcntl(descriptor, F_GETFD);
    return flags >= 0 && !(flags & FD_CLOEXEC) &&
           getsockname(descriptor, (struct sockaddr *)&address, &size) == 0 &&
           address.sun_family == AF_UNIX && size == sizeof address.sun_family &&
           getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0 && peer.pid == getpid();
}

CURLM *ic_wakeup_multi_init(void) {
    bool before[WAKEUP_DESCRIPTORS];
    for (int i = 0; i < WAKEUP_DESCRIPTORS; i++)
        before[i] = fcntl(i, F_GETFD) >= 0;
    CURLM *multi = curl_multi_init();
    for (int i = 0; multi && i < WAKEUP_DESCRIPTORS; i++)
        if (!before[i] && wakeup_is_candidate(i)) fcntl(i, F_SETFD, FD_CLOEXEC);
    return multi;
}
