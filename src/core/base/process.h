/* State that exists once per process: libcurl's initialisation, a mutex, and what happens at fork and exit.
 */
#ifndef IC_PROCESS_H
#define IC_PROCESS_H

#include <stdbool.h>

/* Initialises libcurl and installs the fork and exit handlers. Later calls only return the first result.
 * False: libcurl cannot be initialised. */
bool ic_process_prepare(void);

/* Functions that are called at exit and in a forked child. */
typedef struct ic_process_hooks {
    void (*at_exit)(void);
    void (*in_child)(void);        /* the process lock is new and unlocked, and there is no other thread */
    struct ic_process_hooks *next; /* next and added belong to process.c */
    bool added;
} ic_process_hooks;
/* Adds hooks (static) unless they were added before. ic_process_prepare must have been called. False: the
 * process is exiting, and at_exit may not be called any more. */
bool ic_process_add_hooks(ic_process_hooks *hooks);
/* A number that grows in the child at every fork. An object with another number was made by another process.
 */
unsigned ic_process_generation(void);

/* The process lock: one mutex for the engine's start and end, its inbox and the table of descriptors. It
 * is held briefly, and never during a wait. fork takes it first, so that the child finds all of these in a
 * consistent state. */
void ic_process_lock(void);
void ic_process_unlock(void);

/* Registers a descriptor that a forked child must close: the engine's sockets and the mailboxes' pipes. The
 * process lock must not be held. False when out of memory. */
bool ic_process_register(int descriptor);
void ic_process_unregister(int descriptor);

#endif
