/* Where the engine's unix socket is: a file in a folder that no other user can enter, named after the process
 * and removed when it ends. What a process that crashed has left there is removed by the next one. */
#ifndef IC_SOCKET_PATH_H
#define IC_SOCKET_PATH_H

#include "core/base/error.h"

/* The path of this process's socket, opened unless it is (and opened anew when its file has been deleted),
 * into `path` of IC_SOCKET_PATH_SIZE bytes. `folder` is the option socket_dir, or NULL: a folder of the
 * user's own under `temporary`. False with IO, naming the option. Any thread; the gate must not be held. */
#define IC_SOCKET_PATH_SIZE 108
bool ic_socket_open(const char *folder, const char *temporary, char path[IC_SOCKET_PATH_SIZE],
                    ic_error *error);
/* Takes the listening descriptor that has been opened last and not been taken yet; -1: none. */
int ic_socket_take(void);
/* Removes the file: at the end of the engine. */
void ic_socket_remove(void);

#endif
