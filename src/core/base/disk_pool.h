/* Files that are brought to the disk while the host's loop goes on: a few threads wait for fsync in its
 * place. Several waits at once also share what the disk does for one. A job has two owners, the starter and
 * the pool, and is freed by the last of them. */
#ifndef IC_DISK_POOL_H
#define IC_DISK_POOL_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define IC_DISK_THREADS_MAX 16

typedef struct ic_disk_job ic_disk_job;

/* Starts to write a file and to bring it to the disk, as ic_new_file_complete does. Copies the text. NULL
 * with IO or MEMORY in `error`. */
ic_disk_job *ic_disk_pool_write(const char *path, const char *text, size_t length, ic_error *error);
/* Starts to remove a file, also from the disk. One that is not there is removed already. */
ic_disk_job *ic_disk_pool_remove(const char *path, ic_error *error);
/* Whether the job has ended; `*failure` is then NULL, or why it failed: a text that the job owns. In a forked
 * child, jobs of the parent never end. */
bool ic_disk_job_ended(const ic_disk_job *job, const char **failure);
/* Gives up the starter's share. The job goes on. NULL is allowed. */
void ic_disk_job_release(ic_disk_job *job);

/* Brings the names in the folder of a path to the disk. Some file systems cannot, which is no failure. False:
 * errno says why. */
bool ic_disk_sync_folder(const char *path);
/* Removes a file as ic_disk_pool_remove does, now. False: errno says why. */
bool ic_disk_remove(const char *path);

#endif
