#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/hash.h"
#include "sidecar/hub/statefile.h"

char *
statefile_path(const char *bus_path, const char *state_directory, const char *suffix)
{
	const char *slash = strrchr(bus_path, '/');
	const char *name = slash != NULL ? slash + 1 : bus_path;
	char *path = NULL;
	int r;

	if (state_directory != NULL && *state_directory == '/')
		r = asprintf(&path, "%.*s/%s%s", (int)strcspn(state_directory, ":"), state_directory, name, suffix);
	else
		r = asprintf(&path, "%s%s", bus_path, suffix);
	return r < 0 ? NULL : path;
}

/* --- the first line ------------------------------------------------------------------------ */

void
statefile_put_head(struct buf *ret, const char *what, struct span body)
{
	static const uint64_t key[2] = { 0, 0 }; /* against damage, not against an enemy */

	buf_printf(ret, "%s 1 %016" PRIx64 "\n", what, hash_siphash(key, body.len > 0 ? body.data : "", body.len));
}

int
statefile_body(struct span file, const char *what, struct span *ret)
{
	const char *end = file.len > 0 ? memchr(file.data, '\n', file.len) : NULL;
	struct buf head = BUF_INIT;
	struct span body;
	int r = -EBADMSG;

	if (end == NULL)
		return r;
	body = span_from(file, (size_t)(end - file.data) + 1);
	statefile_put_head(&head, what, body);
	if (head.failed)
		r = -ENOMEM;
	else if (head.len + body.len == file.len && memcmp(head.data, file.data, head.len) == 0)
		r = 0;
	buf_free(&head);
	if (r == 0)
		*ret = body;
	return r;
}

/* --- reading --------------------------------------------------------------------------------- */

static int
read_from(int fd, size_t max_bytes, struct buf *ret)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;
	if ((uint64_t)stat.st_size > max_bytes)
		return -EFBIG;
	if (buf_reserve(ret, (size_t)stat.st_size + 1) < 0)
		return -ENOMEM;
	while (ret->len <= (size_t)stat.st_size) {
		ssize_t n = read(fd, ret->data + ret->len, (size_t)stat.st_size + 1 - ret->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ret->len += (size_t)n;
	}
	return -EFBIG; /* it grows */
}

int
statefile_read(const char *path, size_t max_bytes, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = read_from(fd, max_bytes, ret);
	close(fd);
	return r;
}

/* --- writing ----------------------------------------------------------------------------------- */

static int
write_to(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.data, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		bytes = span_from(bytes, (size_t)n);
	}
	return 0;
}

static int
replace(const char *path, const char *aside, struct span bytes)
{
	int fd, r;

	if (unlink(aside) < 0 && errno != ENOENT) /* of one that died here */
		return -errno;
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_to(fd, bytes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(aside);
	return r;
}

int
statefile_write(const char *path, struct span bytes)
{
	char *aside = NULL;
	int r;

	if (asprintf(&aside, "%s.new", path) < 0)
		return -ENOMEM;
	r = replace(path, aside, bytes);
	free(aside);
	return r;
}
