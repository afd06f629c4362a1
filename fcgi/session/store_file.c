#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fcgi/session/store.h"
#include "fcgi/writeall.h"
#include "shared/buf.h"
#include "shared/log.h"

/*
 * An entry is a file; the time it was used last is the file's modification
 * time. A writer fills a file under a name of its own and renames it, so a
 * reader sees the old bytes or the new. The directory is locked while a file
 * is replaced or removed, so that none comes back after its removal. Nothing is
 * synced: after a power failure a session may be gone.
 */

enum {
	TOUCH_PARTS = 16, /* a use counts after this part of the time to live: not each one is written */
	COLLECT_MAX = 16, /* entries that one new session looks at */
	NEW_NAME = 32,    /* bytes of a name that is not an entry's yet */
	MAX_BYTES = 64 << 20,
};

/* Where in the directory the collection goes on. */
static const char position_file[] = ".position";
static const char new_prefix[] = ".new-";

struct file_store {
	struct store store;
	char *directory;
	uint32_t ttl_seconds;
};

static struct file_store *
file_store(struct store *store)
{
	return (struct file_store *)store;
}

/* --- the directory ------------------------------------------------------------------ */

/* Entries are as good as passwords: nobody else may look. */
static int
check_directory(const char *directory, int fd)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (stat.st_uid == geteuid() && (stat.st_mode & 077) == 0)
		return 0;
	log_error("sessions' directory must be ours alone path=%s mode=0%o uid=%u", directory,
	    (unsigned)(stat.st_mode & 07777), (unsigned)stat.st_uid);
	return -EPERM;
}

/* Returns a descriptor, made anew each time: a lock belongs to one. */
static int
open_directory(const struct file_store *files)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(files->directory, flags), r;

	if (fd < 0 && errno == ENOENT) {
		if (mkdir(files->directory, 0700) < 0 && errno != EEXIST) {
			r = -errno;
			goto fail;
		}
		fd = open(files->directory, flags);
	}
	if (fd < 0) {
		r = -errno;
		goto fail;
	}
	r = check_directory(files->directory, fd);
	if (r == 0)
		return fd;
	close(fd);
	return r;
fail:
	log_limited(
	    LOG_LEVEL_ERROR, "sessions' directory cannot be opened path=%s error=%s", files->directory, strerror(-r));
	return r == -ENOENT ? -ENOTDIR : r; /* an entry that is not there is something else */
}

/* Waits for the directory to be ours. It is let go when dir is closed. */
static int
lock(int dir)
{
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static bool
has_ended(const struct file_store *files, const struct stat *stat)
{
	return stat->st_mtim.tv_sec + (time_t)files->ttl_seconds <= time(NULL);
}

/* --- expired entries ------------------------------------------------------------------- */

/* Also what a writer left behind that died. */
static void
collect_one(const struct file_store *files, int dir, const char *name)
{
	struct stat stat;

	if (strlen(name) != STORE_KEY - 1 && strncmp(name, new_prefix, strlen(new_prefix)) != 0)
		return;
	if (fstatat(dir, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode) && has_ended(files, &stat))
		unlinkat(dir, name, 0);
}

/*
 * Looks at the next few entries. Where they begin is kept in a file, so that
 * processes that live for one request come round too. A wrong position, that of
 * another file system say, only makes it begin somewhere else.
 */
static void
collect(const struct file_store *files, int dir)
{
	int position_fd = openat(dir, position_file, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int entries_fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* closed with the stream */
	DIR *stream = entries_fd >= 0 ? fdopendir(entries_fd) : NULL;
	struct dirent *entry = NULL;
	long position = 0;

	if (stream != NULL && position_fd >= 0) {
		if (pread(position_fd, &position, sizeof(position), 0) != sizeof(position))
			position = 0;
		seekdir(stream, position);
		for (int i = 0; i < COLLECT_MAX && (entry = readdir(stream)) != NULL; i++)
			collect_one(files, dir, entry->d_name);
		position = entry != NULL ? telldir(stream) : 0;
		(void)!pwrite(position_fd, &position, sizeof(position), 0);
	}
	if (stream != NULL)
		closedir(stream);
	else if (entries_fd >= 0)
		close(entries_fd);
	if (position_fd >= 0)
		close(position_fd);
}

/* --- reading --------------------------------------------------------------------------- */

static int
read_all(int fd, size_t bytes, struct buf *ret)
{
	if (bytes > MAX_BYTES)
		return -EFBIG;
	if (buf_reserve(ret, bytes) < 0)
		return -ENOMEM;
	while (bytes > 0) {
		ssize_t n = read(fd, ret->data + ret->len, bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		ret->len += (size_t)n;
		bytes -= (size_t)n;
	}
	return 0;
}

static void
touch(const struct file_store *files, int fd, const struct stat *stat)
{
	if (time(NULL) - stat->st_mtim.tv_sec >= (time_t)(files->ttl_seconds / TOUCH_PARTS))
		futimens(fd, NULL);
}

static int
load_from(const struct file_store *files, int fd, struct buf *ret)
{
	struct stat stat;
	int r;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode) || has_ended(files, &stat))
		return -ENOENT;
	r = read_all(fd, (size_t)stat.st_size, ret);
	if (r == 0)
		touch(files, fd, &stat);
	return r;
}

static int
file_load(struct store *store, const char *key, struct buf *ret)
{
	struct file_store *files = file_store(store);
	int dir = open_directory(files), fd, r;

	if (dir < 0)
		return dir;
	fd = openat(dir, key, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? -errno : load_from(files, fd, ret);
	if (fd >= 0)
		close(fd);
	close(dir);
	return r;
}

/* --- writing ----------------------------------------------------------------------------- */

/* Writes a file under a new name, which is no entry's. */
static int
write_new(int dir, char name[static NEW_NAME], const void *data, size_t len)
{
	uint64_t random;
	int fd, r;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(name, NEW_NAME, "%s%016llx", new_prefix, (unsigned long long)random);
	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = writeall(fd, data, len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, name, 0);
	return r;
}

/* Renames what was written; with `replace` only over an entry that is there. */
static int
move(int dir, const char *name, const char *key, bool replace)
{
	int r = lock(dir);

	if (r == 0 && replace && faccessat(dir, key, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	if (r == 0 && renameat(dir, name, dir, key) < 0)
		r = -errno;
	flock(dir, LOCK_UN);
	if (r < 0)
		unlinkat(dir, name, 0);
	return r;
}

static int
put(const struct file_store *files, const char *key, const void *data, size_t len, bool replace)
{
	char name[NEW_NAME];
	int dir = open_directory(files), r;

	if (dir < 0)
		return dir;
	r = write_new(dir, name, data, len);
	if (r == 0)
		r = move(dir, name, key, replace);
	if (r == 0 && !replace)
		collect(files, dir);
	close(dir);
	return r;
}

static int
file_add(struct store *store, const char *key, const void *data, size_t len)
{
	return put(file_store(store), key, data, len, false);
}

static int
file_replace(struct store *store, const char *key, const void *data, size_t len)
{
	return put(file_store(store), key, data, len, true);
}

static int
file_remove(struct store *store, const char *key)
{
	int dir = open_directory(file_store(store)), r;

	if (dir < 0)
		return dir;
	r = lock(dir);
	if (r == 0 && unlinkat(dir, key, 0) < 0 && errno != ENOENT)
		r = -errno;
	close(dir);
	return r;
}

/* --- opening and closing --------------------------------------------------------------------- */

static void
file_free(struct store *store)
{
	free(file_store(store)->directory);
	free(store);
}

int
store_file_new(struct store **ret, const char *directory, uint32_t ttl_seconds)
{
	struct file_store *files = calloc(1, sizeof(*files));

	if (files == NULL)
		return -ENOMEM;
	files->store = (struct store){ file_load, file_add, file_replace, file_remove, file_free };
	files->ttl_seconds = ttl_seconds;
	files->directory = strdup(directory);
	if (files->directory == NULL) {
		free(files);
		return -ENOMEM;
	}
	*ret = &files->store;
	return 0;
}

void
store_free(struct store *store)
{
	if (store != NULL)
		store->free(store);
}
