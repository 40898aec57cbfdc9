/* Looks up a host name on a separate thread, because getaddrinfo (man 3) may wait for seconds, and the engine
 * must not. */
#ifndef IC_SHARED_LOOKUP_H
#define IC_SHARED_LOOKUP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#define IC_ADDRESSES_LIMIT 8

typedef struct ic_lookup ic_lookup;

/* Begins to look up a name. `wake` is called from the other thread when that is done. NULL: out of memory, or
 * no thread could be started. */
ic_lookup *ic_lookup_start(const char *host, void (*wake)(void));
bool ic_lookup_is_done(const ic_lookup *lookup);
/* Once it is done: copies the addresses, as text. Returns their number; 0: `why` says why there is none. */
size_t ic_lookup_read(const ic_lookup *lookup, char addresses[IC_ADDRESSES_LIMIT][INET6_ADDRSTRLEN],
                      char *why, size_t size);
/* Frees it, or leaves that to the thread when it still runs. NULL is allowed. */
void ic_lookup_free(ic_lookup *lookup);

/* Whether the host is an address already, so that nothing has to be looked up. */
bool ic_host_is_address(const char *host);

#endif
