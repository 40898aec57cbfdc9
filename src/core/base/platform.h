/* What differs between systems, each behind one function. Linux and the BSDs set a descriptor's flags when it
 * is opened; elsewhere, and with `make PORTABLE=1` (IC_PORTABLE), they are set a moment later, so that a
 * program which another thread starts in between inherits the descriptor. See docs/platforms.md. */
#ifndef IC_PLATFORM_H
#define IC_PLATFORM_H

#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#ifndef IC_PORTABLE
#define IC_PORTABLE 0
#endif

/* These functions open descriptors with close-on-exec. They return what the POSIX function returns: -1
 * with errno on failure. */
int ic_open_pipe(int ends[2], bool nonblocking);
int ic_open_socket(int family, int type, int protocol, bool nonblocking);
/* The next connection of a listener, non-blocking. */
int ic_accept(int listener);
/* mkstemp. */
int ic_open_temporary(char *path);

/* A descriptor, ends[0], that one thread polls and others make readable: an eventfd, which is both ends, or a
 * pipe. ic_notify makes it readable by writing to ends[1]; ic_notify_clear ends that. */
int ic_open_notify(int ends[2]);
void ic_notify(int write_end);
void ic_notify_clear(int read_end);

/* Waits until another thread calls ic_word_wake, and returns at once when *word is not `seen` any more: a
 * futex. 0: woken, or the word has changed; ETIMEDOUT: after `seconds`; EINTR: a signal came. Only where
 * IC_HAS_WORD_WAIT. */
#if defined(__linux__) && !IC_PORTABLE
#define IC_HAS_WORD_WAIT 1
#else
#define IC_HAS_WORD_WAIT 0
#endif
int ic_word_wait(atomic_uint *word, unsigned seen, double seconds);
void ic_word_wake(atomic_uint *word);

/* send without waiting and without SIGPIPE. Where the system can turn the signal off neither for the call nor
 * for the socket, the calling thread must block it, as the engine's does. */
ssize_t ic_send(int descriptor, const void *bytes, size_t length);

/* Whether the other side of a connected socket has closed it. Where the system cannot tell (it lacks
 * POLLRDHUP) while bytes from before are unread, true. */
bool ic_is_closed_by_peer(int socket);

/* Whether the other side of a connected Unix socket is in this process. Where the system does not tell, true.
 */
bool ic_is_within_process(int socket);

/* Writes all bytes to a file; false with errno. A file that would become larger than the process may write
 * (setrlimit(2), RLIMIT_FSIZE) is EFBIG: the signal SIGXFSZ, which ends a process, does not reach the host.
 * The same for posix_fallocate, which returns an errno. */
bool ic_write_all(int descriptor, const void *bytes, size_t length);
int ic_reserve_room(int descriptor, size_t length);
/* Frees the disk space of a part of a file, which reads as zeros afterwards. Where the system or the file
 * system cannot, the space is freed with the file. */
void ic_free_room(int descriptor, off_t from, off_t length);

/* Overwrites a secret. The compiler cannot optimise this away. */
void ic_wipe(void *bytes, size_t length);

/* Random bytes that are safe for secrets. False when the system has none. */
bool ic_random_bytes(void *bytes, size_t length);

/* A condition, and a wait for it that ends at a time of CLOCK_MONOTONIC. The result is that of
 * pthread_cond_timedwait. */
void ic_condition_init(pthread_cond_t *condition);
int ic_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end);

struct timespec ic_modification_time(const struct stat *about);

/* `environ`, which a shared object cannot name everywhere. */
char **ic_environment(void);

/* Keeps the shared object that holds this function loaded: its threads may still run when the host closes it.
 * Does nothing where the linker has already arranged this (-z nodelete). */
void ic_stay_loaded(void);

/* For posix_spawnattr_setflags: Ctrl-C in the terminal does not reach the program. */
#if defined(POSIX_SPAWN_SETSID) && !IC_PORTABLE
#define IC_SPAWN_DETACHED POSIX_SPAWN_SETSID
#else
#define IC_SPAWN_DETACHED POSIX_SPAWN_SETPGROUP
#endif

/* For fcntl with a struct flock, which needs <fcntl.h>. On Linux such locks belong to the open descriptor
 * (fcntl(2), "open file description locks"). Elsewhere they belong to the process, which loses them when it
 * closes any descriptor of the file. */
#if defined(F_OFD_SETLK) && !IC_PORTABLE
#define IC_LOCK_NOW  F_OFD_SETLK
#define IC_LOCK_WAIT F_OFD_SETLKW
#else
#define IC_LOCK_NOW  F_SETLK
#define IC_LOCK_WAIT F_SETLKW
#endif

/* Whether libmicrohttpd can wait by epoll. */
#if defined(__linux__) && !IC_PORTABLE
#define IC_HAS_EPOLL 1
#else
#define IC_HAS_EPOLL 0
#endif

#endif
