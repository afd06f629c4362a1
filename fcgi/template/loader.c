#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/template/limits.h"
#include "fcgi/template/loader.h"
#include "shared/buf.h"

/* File systems count time in ticks: what is written twice within one looks the same. */
enum { SETTLE_MS = 100 };

/* --- versions ------------------------------------------------------------------------ */

static bool
same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool
loader_is_current(const char *folder, const char *name, const struct loader_version *version)
{
	char path[PATH_MAX];
	struct stat now;
	int n;

	if (version->unsettled)
		return false;
	n = snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (n < 0 || (size_t)n >= sizeof(path) || stat(path, &now) < 0)
		return false;
	return now.st_dev == version->device && now.st_ino == version->inode && now.st_size == version->bytes &&
	    same_time(now.st_mtim, version->modified) && same_time(now.st_ctim, version->changed);
}

/* Whether a moment is less than SETTLE_MS ago. */
static bool
is_recent(struct timespec moment)
{
	struct timespec now;
	long ms;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec - moment.tv_sec > 1 || now.tv_sec < moment.tv_sec)
		return false;
	ms = (now.tv_sec - moment.tv_sec) * 1000L + (now.tv_nsec - moment.tv_nsec) / 1000000L;
	return ms < SETTLE_MS;
}

static struct loader_version
version_of(const struct stat *file)
{
	return (struct loader_version){
		.device = file->st_dev,
		.inode = file->st_ino,
		.bytes = file->st_size,
		.modified = file->st_mtim,
		.changed = file->st_ctim,
		.unsettled = is_recent(file->st_ctim),
	};
}

/* --- confinement ------------------------------------------------------------------------- */

static bool
is_name(const char *name)
{
	if (*name == '\0' || strlen(name) > TEMPLATE_MAX_NAME)
		return false;
	for (const char *part = name; part != NULL; part = strchr(part, '/')) {
		part += part > name; /* the slash */
		if (*part == '.' || *part == '/' || *part == '\0')
			return false;
	}
	return true;
}

/* Where an open file really is. Returns its length, or a negative errno. */
static ssize_t
true_path(int fd, char ret[PATH_MAX])
{
	char link[32];
	ssize_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, ret, PATH_MAX);
	if (len < 0)
		return -errno;
	return len < PATH_MAX ? len : -ENAMETOOLONG;
}

/* Returns 0, -EPERM when the file is not below the folder, or another negative errno. */
static int
check_place(int folder, int file)
{
	char above[PATH_MAX], below[PATH_MAX];
	ssize_t above_len = true_path(folder, above), below_len = true_path(file, below);

	if (above_len < 0 || below_len < 0)
		return (int)(above_len < 0 ? above_len : below_len);
	if (above_len == 1) /* "/" */
		return 0;
	if (below_len <= above_len || memcmp(above, below, (size_t)above_len) != 0 || below[above_len] != '/')
		return -EPERM;
	return 0;
}

/* --- reading --------------------------------------------------------------------------------- */

/* Appends what the file has, one byte past the limit at most. */
static int
read_all(int file, struct buf *ret)
{
	enum { CHUNK = 64 << 10 };

	while (ret->len <= TEMPLATE_MAX_BYTES) {
		ssize_t n;

		if (buf_reserve(ret, CHUNK) < 0)
			return -ENOMEM;
		n = read(file, ret->data + ret->len, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ret->len += (size_t)n;
	}
	return -EFBIG;
}

static int
read_file(int folder, int file, struct buf *ret, struct loader_version *ret_version)
{
	struct stat stat;
	int r;

	r = check_place(folder, file);
	if (r < 0)
		return r;
	if (fstat(file, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -ENOENT;
	*ret_version = version_of(&stat);
	return read_all(file, ret);
}

static int
open_and_read(int folder, const char *name, struct buf *ret, struct loader_version *ret_version)
{
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* a fifo must not hold us up */
	int r;

	if (file < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	r = read_file(folder, file, ret, ret_version);
	close(file);
	return r;
}

/* Returns r. */
static int
say(struct buf *error, int r, const char *name)
{
	if (r == -EPERM)
		buf_printf(error, "'%s' is not within the template folder", name);
	else if (r == -EFBIG)
		buf_printf(error, "'%s' is larger than %d bytes", name, TEMPLATE_MAX_BYTES);
	else if (r < 0 && r != -ENOENT)
		buf_printf(error, "cannot read '%s': %s", name, strerror(-r));
	return r;
}

int
loader_read(
    const char *folder, const char *name, struct buf *ret, struct loader_version *ret_version, struct buf *error)
{
	int fd, r;

	if (!is_name(name))
		return say(error, -EPERM, name);
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		r = errno == ENOENT ? -ENOTDIR : -errno;
		buf_printf(error, "no template folder '%s': %s", folder, strerror(errno));
		return r;
	}
	r = open_and_read(fd, name, ret, ret_version);
	close(fd);
	return say(error, r, name);
}
