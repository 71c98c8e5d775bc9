/* Lets syncs of the files whose path begins with HANG_BELOW hang for as long as the file HANG_WHILE is
   there. It is loaded before the C library (LD_PRELOAD). */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_below(int file, const char *below) {
    char name[64], path[PATH_MAX];
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    ssize_t length = readlink(name, path, sizeof path);
    size_t wanted = strlen(below);
    return length >= 0 && (size_t)length >= wanted && memcmp(path, below, wanted) == 0;
}

static int sync_with(const char *symbol, int file) {
    const char *below = getenv("HANG_BELOW"), *control = getenv("HANG_WHILE");
    struct timespec pause = {0, 2 * 1000 * 1000};
    if (below && control && is_below(file, below))
        while (access(control, F_OK) == 0)
            nanosleep(&pause, NULL);
    int (*next)(int) = (int (*)(int))dlsym(RTLD_NEXT, symbol);
    return next(file);
}

int fsync(int file) { return sync_with("fsync", file); }

int fdatasync(int file) { return sync_with("fdatasync", file); }
