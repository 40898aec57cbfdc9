/* Listening sockets, and whether only this machine can reach them. */
#ifndef IC_LISTENER_LISTEN_H
#define IC_LISTENER_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

/* A socket that listens at host and port (0: any free one; `*port` is then the real one). -1 with a message,
 * and with errno where a system call has failed (0: no such host). */
int ic_listen(const char *host, int *port, char *error, size_t size);

struct sockaddr;

/* Whether only this machine can reach a listening socket, and whether an address is its own. */
bool ic_listens_locally(int socket);
bool ic_address_is_local(const struct sockaddr *address);

#endif
