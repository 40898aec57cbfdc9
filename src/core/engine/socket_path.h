/* Where the engine's unix socket is: a file in a folder that no other user can enter, named after the
 * process and removed when it ends. A process also removes what crashed processes have left there. Any
 * thread; the process lock must not be held. */
#ifndef IC_SOCKET_PATH_H
#define IC_SOCKET_PATH_H

#include "core/base/error.h"

/* Bytes of a socket's path, with its NUL (unix(7)). */
#define IC_SOCKET_PATH_SIZE 108

/* Opens this process's socket unless it is open, or its file has been deleted, and writes its path into
 * `path`. `folder` is the option socket_dir; NULL: a folder of this user's own in `temporary`. The engine
 * takes the socket when it is woken. False with IO, naming the option, MEMORY, or CANCELLED at exit.
 * ic_process_prepare must have been called. */
bool ic_socket_open(const char *folder, const char *temporary, char path[IC_SOCKET_PATH_SIZE],
                    ic_error *error);
/* Takes the listening descriptor that was opened last, owned by the caller now; -1: it has been taken, or
 * none was opened. */
int ic_socket_take(void);
/* Closes the listening descriptor unless it has been taken, and removes the file. */
void ic_socket_remove(void);

#endif
