/* A disk that fails on demand, for a process that has this library preloaded. While the file that
 * DISK_FAULTS names exists, writes to files whose name contains ".db" fail: its words are ENOSPC or EIO,
 * and in how many writes one fails, such as "ENOSPC 1". */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static unsigned seed = 1;

static int fails(int fd) {
    const char *control = getenv("DISK_FAULTS");
    char link[64], name[4096], words[32];
    ssize_t length;
    int file, one_in = 1, keep = errno;
    if (!control || access(control, F_OK) != 0) { errno = keep; return 0; }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, name, sizeof name - 1);
    errno = keep;
    if (length < 0) return 0;
    name[length] = 0;
    if (!strstr(name, ".db")) return 0;
    file = open(control, O_RDONLY);
    if (file < 0) { errno = keep; return 0; }
    length = read(file, words, sizeof words - 1);
    close(file);
    if (length < 0) length = 0;
    words[length] = 0;
    sscanf(words, "%*s %d", &one_in);
    seed = seed * 1103515245u + 12345u;
    if (one_in > 1 && (seed >> 16) % (unsigned)one_in != 0) { errno = keep; return 0; }
    errno = strncmp(words, "EIO", 3) == 0 ? EIO : ENOSPC;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *from, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return fails(fd) ? -1 : real(fd, from, n);
}
ssize_t pwrite(int fd, const void *from, size_t n, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return fails(fd) ? -1 : real(fd, from, n, at);
}
ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return fails(fd) ? -1 : real(fd, from, n, at);
}
int fsync(int fd) {
    REAL(int, "fsync", int);
    return fails(fd) ? -1 : real(fd);
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return fails(fd) ? -1 : real(fd);
}
int posix_fallocate(int fd, off_t at, off_t n) {
    REAL(int, "posix_fallocate", int, off_t, off_t);
    return fails(fd) ? errno : real(fd, at, n);
}
