/* For LD_PRELOAD: a disk that fails when a file is synced. fsync on a regular file fails with EIO. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int descriptor) {
    struct stat about;
    if (fstat(descriptor, &about) != 0) return -1;
    if (!S_ISREG(about.st_mode)) return 0;
    errno = EIO;
    return -1;
}
