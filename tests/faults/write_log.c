/* Logs, in order, what a process does to the files below WRITE_LOG_ROOT: creations, writes with their bytes, truncations,
 * syncs, renames, links and unlinks. Appended to the file WRITE_LOG names, so that a test can put together every state
 * that a power cut could have left. A sync is held while it runs: what is logged before it was written before it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC, RENAME, LINK, UNLINK, MKDIR, SYNC_FOLDER };
enum { FILES_MAX = 4096 };

struct header { uint32_t what, path_bytes, data_bytes, unused; uint64_t file; int64_t at; };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static char root[PATH_MAX];
static size_t root_bytes;
static uint64_t file_of[FILES_MAX]; /* inode by descriptor; 0: not ours */

#define REAL(name, ...) ({ static __typeof__(name) *real; if (!real) real = dlsym(RTLD_NEXT, #name); real(__VA_ARGS__); })

__attribute__((constructor)) static void prepare(void) {
    const char *told = getenv("WRITE_LOG_ROOT"), *path = getenv("WRITE_LOG");
    if (!told || !path || !realpath(told, root)) return;
    root_bytes = strlen(root);
    log_file = REAL(open, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void tell(uint32_t what, uint64_t file, int64_t at, const char *path, const void *data, size_t data_bytes) {
    struct header head = {what, path ? strlen(path) : 0, data_bytes, 0, file, at};
    struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, data_bytes}};
    if (REAL(writev, log_file, parts, 3) < 0) abort();
}

/* The path below the root without a slash before it, or NULL. */
static const char *ours(int folder, const char *path, char *whole) {
    if (log_file < 0 || !path) return NULL;
    char joined[PATH_MAX * 2], up[PATH_MAX];
    if (path[0] == '/') {
        strcpy(joined, path);
    } else {
        ssize_t got = 0;
        if (folder == AT_FDCWD) {
            if (!getcwd(up, sizeof up)) return NULL;
        } else {
            char link[64];
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            got = readlink(link, up, sizeof up - 1);
            if (got < 0) return NULL;
            up[got] = 0;
        }
        snprintf(joined, sizeof joined, "%s/%s", up, path);
    }
    char *name = strrchr(joined, '/');
    *name++ = 0;
    if (!realpath(*joined ? joined : "/", whole)) return NULL;
    strcat(whole, "/");
    strcat(whole, name);
    if (strncmp(whole, root, root_bytes)) return NULL;
    if (!whole[root_bytes]) return whole + root_bytes; /* the root itself */
    if (whole[root_bytes] != '/') return NULL;
    return whole + root_bytes + 1;
}

static int opened(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX * 2];
    const char *name = ours(folder, path, whole);
    if (!name) return REAL(openat, folder, path, flags, mode);
    pthread_mutex_lock(&turn);
    struct stat before, after;
    int is_new = fstatat(folder, path, &before, 0) != 0;
    int file = REAL(openat, folder, path, flags, mode);
    if (file >= 0 && file < FILES_MAX && fstat(file, &after) == 0) {
        file_of[file] = after.st_ino;
        if (is_new && (flags & O_CREAT)) tell(CREATE, after.st_ino, 0, name, NULL, 0);
        else if (flags & O_TRUNC) tell(TRUNCATE, after.st_ino, 0, name, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    return file;
}

static mode_t told_mode(int flags, va_list more) { return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0; }

#define OPEN(name, FOLDER, ...) int name(__VA_ARGS__, ...) { va_list more; va_start(more, flags); \
    mode_t mode = told_mode(flags, more); va_end(more); return opened(FOLDER, path, flags, mode); }
OPEN(open, AT_FDCWD, const char *path, int flags)
OPEN(open64, AT_FDCWD, const char *path, int flags)
OPEN(openat, folder, int folder, const char *path, int flags)
OPEN(openat64, folder, int folder, const char *path, int flags)

static uint64_t file_at(int file) { return log_file >= 0 && file >= 0 && file < FILES_MAX ? file_of[file] : 0; }

int close(int file) {
    if (file == log_file && log_file >= 0) return 0;
    if (file >= 0 && file < FILES_MAX) file_of[file] = 0;
    return REAL(close, file);
}

static ssize_t written(int file, const void *data, size_t bytes, int64_t at) {
    uint64_t known = file_at(file);
    if (!known) return at < 0 ? REAL(write, file, data, bytes) : REAL(pwrite64, file, data, bytes, at);
    pthread_mutex_lock(&turn);
    int64_t place = at;
    if (at < 0) place = fcntl(file, F_GETFL) & O_APPEND ? lseek(file, 0, SEEK_END) : lseek(file, 0, SEEK_CUR);
    ssize_t done = at < 0 ? REAL(write, file, data, bytes) : REAL(pwrite64, file, data, bytes, at);
    if (done > 0) tell(WRITE, known, place, NULL, data, done);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t write(int file, const void *data, size_t bytes) { return written(file, data, bytes, -1); }
ssize_t pwrite(int file, const void *data, size_t bytes, off_t at) { return written(file, data, bytes, at); }
ssize_t pwrite64(int file, const void *data, size_t bytes, off64_t at) { return written(file, data, bytes, at); }

static int truncated(int file, off64_t size) {
    uint64_t known = file_at(file);
    if (!known) return REAL(ftruncate64, file, size);
    pthread_mutex_lock(&turn);
    int done = REAL(ftruncate64, file, size);
    if (!done) tell(TRUNCATE, known, size, NULL, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int ftruncate(int file, off_t size) { return truncated(file, size); }
int ftruncate64(int file, off64_t size) { return truncated(file, size); }

static int synced(int file, int whole) {
    uint64_t known = file_at(file);
    if (!known) return whole ? REAL(fsync, file) : REAL(fdatasync, file);
    pthread_mutex_lock(&turn);
    int done = whole ? REAL(fsync, file) : REAL(fdatasync, file);
    struct stat about;
    if (!done && fstat(file, &about) == 0) {
        char link[64], path[PATH_MAX], *name = path;
        ssize_t got = 0;
        if (S_ISDIR(about.st_mode)) {
            snprintf(link, sizeof link, "/proc/self/fd/%d", file);
            got = readlink(link, path, sizeof path - 1);
            path[got < 0 ? 0 : got] = 0;
            name = (size_t)got > root_bytes ? path + root_bytes + 1 : path + got;
            tell(SYNC_FOLDER, known, 0, name, NULL, 0);
        } else {
            tell(SYNC, known, 0, NULL, NULL, 0);
        }
    }
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int file) { return synced(file, 1); }
int fdatasync(int file) { return synced(file, 0); }

static int named_anew(uint32_t what, int from_folder, const char *from, int to_folder, const char *to) {
    char one[PATH_MAX * 2], two[PATH_MAX * 2];
    const char *old = ours(from_folder, from, one), *new = ours(to_folder, to, two);
    pthread_mutex_lock(&turn);
    int done = what == RENAME ? REAL(renameat, from_folder, from, to_folder, to)
                              : REAL(linkat, from_folder, from, to_folder, to, 0);
    if (!done && old && new) tell(what, 0, 0, old, new, strlen(new));
    pthread_mutex_unlock(&turn);
    return done;
}

int rename(const char *from, const char *to) { return named_anew(RENAME, AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int a, const char *from, int b, const char *to) { return named_anew(RENAME, a, from, b, to); }
int link(const char *from, const char *to) { return named_anew(LINK, AT_FDCWD, from, AT_FDCWD, to); }
int linkat(int a, const char *from, int b, const char *to, int flags) { (void)flags; return named_anew(LINK, a, from, b, to); }

static int removed(int folder, const char *path, int flags) {
    char whole[PATH_MAX * 2];
    const char *name = ours(folder, path, whole);
    pthread_mutex_lock(&turn);
    int done = REAL(unlinkat, folder, path, flags);
    if (!done && name) tell(UNLINK, 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int folder, const char *path, int flags) { return removed(folder, path, flags); }

int mkdir(const char *path, mode_t mode) {
    char whole[PATH_MAX * 2];
    pthread_mutex_lock(&turn);
    int done = REAL(mkdir, path, mode);
    const char *name = done ? NULL : ours(AT_FDCWD, path, whole);
    if (name) tell(MKDIR, 0, 0, name, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}
