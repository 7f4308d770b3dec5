/*
 * LD_PRELOAD: a disk that keeps only what was synced, when the power goes.
 *
 * Of each write, truncation, new name and removal in POWER_DIR that has not
 * been synced yet the state before is kept.  A file POWER_CUT with "N MODE
 * SEED" arms it: before the Nth such call from then on all of that is taken
 * back, and the process is gone.  MODE says what the disk had taken by itself:
 *
 *   none    nothing
 *   some    some of the writes, in any order, some of them cut at a sector
 *
 * POWER_LIES: syncing does nothing, as with a disk that only says it has.
 * What is mapped (SQLite's -shm) is not a matter of the disk: it goes.
 */

#define _GNU_SOURCE

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POWER_PATH    512
#define POWER_SECTOR  512


typedef enum {
    POWER_WRITE, POWER_TRUNCATE, POWER_CREATE, POWER_UNLINK
} power_kind_t;

typedef struct power_s  power_t;

struct power_s {
    power_t       *before;              /* the latest comes first */
    power_kind_t   kind;
    char           path[POWER_PATH];
    off_t          at;
    off_t          size;                /* of the file, before */
    size_t         old_len;
    size_t         new_len;
    char          *old;
    char          *new;
};


static power_t          *power_log;
static long              power_left = -1;
static bool              power_some;
static uint32_t          power_seed;
static pthread_mutex_t   power_lock = PTHREAD_MUTEX_INITIALIZER;


#define REAL(type, name, ...)                                                 \
    static type  (*real)(__VA_ARGS__);                                        \
    if (real == NULL) {                                                       \
        real = dlsym(RTLD_NEXT, name);                                        \
    }


static ssize_t
real_pwrite(int fd, const void *data, size_t len, off_t at)
{
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)

    return real(fd, data, len, at);
}


static int
real_open(const char *path, int flags, mode_t mode)
{
    REAL(int, "open", const char *, int, ...)

    return real(path, flags, mode);
}


static int
real_truncate(int fd, off_t size)
{
    REAL(int, "ftruncate", int, off_t)

    return real(fd, size);
}


static int
real_unlink(const char *path)
{
    REAL(int, "unlink", const char *)

    return real(path);
}


static bool
power_watched(const char *path)
{
    const char  *dir = getenv("POWER_DIR");
    const char  *end = strrchr(path, '/');

    return dir != NULL && end != NULL && strstr(path, ".db") != NULL
           && (size_t) (end - path) == strlen(dir)
           && strncmp(path, dir, strlen(dir)) == 0
           && strstr(path, "-shm") == NULL && strstr(path, "lock") == NULL;
}


static bool
power_file(int fd, char path[POWER_PATH])
{
    char     link[32];
    ssize_t  len;

    (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, POWER_PATH - 1);
    path[len < 0 ? 0 : len] = '\0';

    return len > 0 && power_watched(path);
}


static power_t *
power_note(power_kind_t kind, const char *path)
{
    power_t  *p = calloc(1, sizeof(*p));

    if (p == NULL) {
        abort();
    }

    p->kind = kind;
    p->before = power_log;
    (void) snprintf(p->path, sizeof(p->path), "%s", path);
    power_log = p;

    return p;
}


/* What is about to be written over, and by what. */

static void
power_keep(power_kind_t kind, int fd, const char *path, const void *new,
    size_t len, off_t at)
{
    struct stat   st;
    power_t      *p = power_note(kind, path);

    if (fstat(fd, &st) != 0) {
        abort();
    }

    p->at = at;
    p->size = st.st_size;
    p->new_len = kind == POWER_WRITE ? len : 0;
    p->new = malloc(p->new_len + 1);
    p->old = malloc(len + 1);

    if (p->new == NULL || p->old == NULL) {
        abort();
    }

    if (p->new_len > 0) {
        memcpy(p->new, new, p->new_len);
    }

    if (at < st.st_size) {
        ssize_t  n = pread(fd, p->old, len, at);

        p->old_len = n < 0 ? 0 : (size_t) n;
    }
}


static void
power_free(power_t *p)
{
    free(p->old);
    free(p->new);
    free(p);
}


/* Durable now: what concerns this file, or this folder's names. */

static void
power_synced(const char *path, bool folder)
{
    power_t  **p, *gone;

    if (getenv("POWER_LIES") != NULL) {
        return;
    }

    for (p = &power_log; *p != NULL; ) {
        bool  name = (*p)->kind == POWER_CREATE || (*p)->kind == POWER_UNLINK;

        if (name != folder || (!folder && strcmp((*p)->path, path) != 0)) {
            p = &(*p)->before;
            continue;
        }

        gone = *p;
        *p = gone->before;
        power_free(gone);
    }
}


static uint32_t
power_random(void)
{
    power_seed ^= power_seed << 13;
    power_seed ^= power_seed >> 17;
    power_seed ^= power_seed << 5;

    return power_seed;
}


static void
power_undo(const power_t *p)
{
    int  fd;

    if (p->kind == POWER_CREATE) {
        (void) real_unlink(p->path);
        return;
    }

    fd = real_open(p->path, O_RDWR | (p->kind == POWER_UNLINK ? O_CREAT : 0),
                   0600);

    if (fd == -1) {
        return;                         /* created in vain */
    }

    (void) !real_pwrite(fd, p->old, p->old_len, p->at);
    (void) !real_truncate(fd, p->size);
    (void) close(fd);
}


/* Oldest first: those which the disk had taken all the same. */

static unsigned
power_redo(const power_t *p)
{
    int       fd;
    size_t    len = p->new_len;
    unsigned  n = p->before == NULL ? 0 : power_redo(p->before);

    if (p->kind != POWER_WRITE || power_random() % 2 == 0) {
        return n;
    }

    if (power_random() % 4 == 0 && len > POWER_SECTOR) {
        len = POWER_SECTOR * (power_random() % (len / POWER_SECTOR));
    }

    fd = real_open(p->path, O_RDWR, 0);

    if (fd != -1) {
        (void) !real_pwrite(fd, p->new, len, p->at);
        (void) close(fd);
    }

    return n + 1;
}


static void
power_cut(void)
{
    int             fd;
    char            text[128], path[POWER_PATH + 256];
    DIR            *dir;
    const power_t  *p;
    unsigned        n = 0, kept = 0;
    struct dirent  *entry;

    for (p = power_log; p != NULL; p = p->before) {
        power_undo(p);
        n++;
    }

    if (power_some && power_log != NULL) {
        kept = power_redo(power_log);
    }

    dir = opendir(getenv("POWER_DIR"));

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (strstr(entry->d_name, ".db-shm") != NULL) {
            (void) snprintf(path, sizeof(path), "%s/%s", getenv("POWER_DIR"),
                            entry->d_name);
            (void) real_unlink(path);
        }
    }

    (void) snprintf(path, sizeof(path), "%s.log", getenv("POWER_CUT"));
    (void) snprintf(text, sizeof(text), "cut: %u not synced, %u kept\n", n,
                    kept);
    fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void) !real_pwrite(fd, text, strlen(text), 0);
    (void) kill(getpid(), SIGKILL);
}


/* Before each call that changes the disk. */

static void
power_step(void)
{
    int          fd;
    char         text[64] = "", mode[16] = "";
    unsigned     seed = 1;
    const char  *name = getenv("POWER_CUT");

    if (power_left < 0 && name != NULL
        && (fd = real_open(name, O_RDONLY | O_CLOEXEC, 0)) != -1)
    {
        if (read(fd, text, sizeof(text) - 1) > 0
            && sscanf(text, "%ld %15s %u", &power_left, mode, &seed) == 3)
        {
            power_some = strcmp(mode, "some") == 0;
            power_seed = seed == 0 ? 1 : seed;
            (void) real_unlink(name);
        }

        (void) close(fd);
    }

    if (power_left > 0 && --power_left == 0) {
        power_cut();
    }
}


ssize_t
pwrite(int fd, const void *data, size_t len, off_t at)
{
    char     path[POWER_PATH];
    ssize_t  n;

    if (!power_file(fd, path)) {
        return real_pwrite(fd, data, len, at);
    }

    (void) pthread_mutex_lock(&power_lock);
    power_step();
    power_keep(POWER_WRITE, fd, path, data, len, at);
    n = real_pwrite(fd, data, len, at);
    (void) pthread_mutex_unlock(&power_lock);

    return n;
}


ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    return pwrite(fd, data, len, at);
}


ssize_t
write(int fd, const void *data, size_t len)
{
    char  path[POWER_PATH];

    REAL(ssize_t, "write", int, const void *, size_t)

    if (power_file(fd, path)) {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        power_keep(POWER_WRITE, fd, path, data, len, lseek(fd, 0, SEEK_CUR));
        (void) pthread_mutex_unlock(&power_lock);
    }

    return real(fd, data, len);
}


int
ftruncate(int fd, off_t size)
{
    char         path[POWER_PATH];
    struct stat  st;

    if (power_file(fd, path) && fstat(fd, &st) == 0) {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        power_keep(POWER_TRUNCATE, fd, path, NULL,
                   st.st_size > size ? (size_t) (st.st_size - size) : 0, size);
        (void) pthread_mutex_unlock(&power_lock);
    }

    return real_truncate(fd, size);
}


int
ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}


static int
power_sync(int fd, int (*real)(int))
{
    int   rc;
    char  path[POWER_PATH];

    if (power_file(fd, path)) {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        rc = real(fd);
        power_synced(path, false);
        (void) pthread_mutex_unlock(&power_lock);
        return rc;
    }

    if (getenv("POWER_DIR") != NULL && strcmp(path, getenv("POWER_DIR")) == 0)
    {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        power_synced(path, true);
        (void) pthread_mutex_unlock(&power_lock);
    }

    return real(fd);
}


int
fsync(int fd)
{
    REAL(int, "fsync", int)

    return power_sync(fd, real);
}


int
fdatasync(int fd)
{
    REAL(int, "fdatasync", int)

    return power_sync(fd, real);
}


int
unlink(const char *path)
{
    int          fd;
    struct stat  st;

    if (power_watched(path)
        && (fd = real_open(path, O_RDONLY | O_CLOEXEC, 0)) != -1)
    {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        if (fstat(fd, &st) == 0) {
            power_keep(POWER_UNLINK, fd, path, NULL, (size_t) st.st_size, 0);
        }
        (void) close(fd);
        (void) pthread_mutex_unlock(&power_lock);
    }

    return real_unlink(path);
}


int
open(const char *path, int flags, ...)
{
    bool     new;
    mode_t   mode = 0;
    va_list  args;

    va_start(args, flags);
    if (flags & (O_CREAT | O_TMPFILE)) {
        mode = va_arg(args, mode_t);
    }
    va_end(args);

    new = (flags & O_CREAT) && power_watched(path)
          && access(path, F_OK) != 0;

    if (new) {
        (void) pthread_mutex_lock(&power_lock);
        power_step();
        (void) power_note(POWER_CREATE, path);
        (void) pthread_mutex_unlock(&power_lock);
    }

    return real_open(path, flags, mode);
}


int
open64(const char *path, int flags, ...)
{
    mode_t   mode = 0;
    va_list  args;

    va_start(args, flags);
    if (flags & (O_CREAT | O_TMPFILE)) {
        mode = va_arg(args, mode_t);
    }
    va_end(args);

    return open(path, flags, mode);
}
