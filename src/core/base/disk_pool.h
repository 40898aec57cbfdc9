/* Writes and syncs files while the host's loop continues: a few threads wait for fsync in its place. Several
 * fsyncs at the same time can also share one flush of the disk. A job has two owners, the starter and the
 * pool, and is freed by the last of them. */
#ifndef IC_DISK_POOL_H
#define IC_DISK_POOL_H

#include "core/base/error.h"
#include <stdbool.h>
#include <stddef.h>

#define IC_DISK_THREADS_MAX 16

typedef struct ic_disk_job ic_disk_job;

/* Starts to write a file and to sync it, as ic_new_file_complete does. Copies the text. NULL with IO or
 * MEMORY in `error`. */
ic_disk_job *ic_disk_pool_write(const char *path, const char *text, size_t length, ic_error *error);
/* Starts to remove a file and to sync its folder. A file that does not exist is no failure. */
ic_disk_job *ic_disk_pool_remove(const char *path, ic_error *error);
/* Whether the job has ended; `*failure` is then NULL, or why it failed: a text that the job owns. In a forked
 * child, jobs of the parent never end. */
bool ic_disk_job_ended(const ic_disk_job *job, const char **failure);
/* Drops the starter's reference. The job continues. NULL is allowed. */
void ic_disk_job_release(ic_disk_job *job);

/* Removes a file as ic_disk_pool_remove does, but waits for the disk. False: errno says why. */
bool ic_disk_remove(const char *path);

#endif
