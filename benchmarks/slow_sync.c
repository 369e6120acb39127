/* Adds microseconds to every fsync and fdatasync and counts them, so that a fast disk can stand in for a store PC's.
 * Preloaded; the file SLOW_SYNC_COUNT names holds the count and the delay, shared by all processes that inherit it: the
 * delay may be changed while they run. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t *shared; /* how many syncs there were; microseconds added to each */

__attribute__((constructor)) static void prepare(void) {
    const char *path = getenv("SLOW_SYNC_COUNT");
    if (!path) return;
    int file = open(path, O_RDWR);
    if (file < 0) return;
    void *place = mmap(NULL, 2 * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (place != MAP_FAILED) shared = place;
    close(file);
}

static void linger(void) {
    if (!shared) return;
    __atomic_add_fetch(&shared[0], 1, __ATOMIC_RELAXED);
    long added_us = (long)shared[1];
    if (!added_us) return;
    prctl(PR_SET_TIMERSLACK, 1000UL); /* 1 us instead of 50, or the delay itself would be late */
    struct timespec left = {added_us / 1000000, (added_us % 1000000) * 1000};
    while (nanosleep(&left, &left) && errno == EINTR) {}
}

int fsync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(file);
    linger();
    return result;
}

int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(file);
    linger();
    return result;
}
