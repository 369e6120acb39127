/* Adds SLOW_SYNC_US microseconds to every fsync and fdatasync and counts them, so that a fast disk can stand in for a
 * store PC's. Preloaded; counts go to the file SLOW_SYNC_COUNT names, shared by all processes that inherit it. */
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

static long added_us;
static volatile uint64_t *count;

__attribute__((constructor)) static void prepare(void) {
    const char *told = getenv("SLOW_SYNC_US");
    added_us = told ? atol(told) : 0;
    const char *path = getenv("SLOW_SYNC_COUNT");
    if (!path) return;
    int file = open(path, O_RDWR | O_CREAT, 0600);
    if (file < 0) return;
    if (ftruncate(file, sizeof(uint64_t)) == 0) {
        void *place = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        if (place != MAP_FAILED) count = place;
    }
    close(file);
}

static void linger(void) {
    if (count) __atomic_add_fetch(count, 1, __ATOMIC_RELAXED);
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
