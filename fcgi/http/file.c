#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/http/file.h"
#include "shared/buf.h"
#include "shared/wire.h"

enum { FILE_CHUNK = 64 << 10 };

int
file_open(struct file *ret, const char *path)
{
	struct stat stat;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a fifo must not hold us up */

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM ? -errno : -ENOENT;
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
		close(fd);
		return -ENOENT;
	}
	*ret = (struct file){ .fd = fd, .bytes = (uint64_t)stat.st_size, .modified = stat.st_mtim.tv_sec };
	snprintf(ret->etag, sizeof(ret->etag), "\"%" PRIx64 ".%lx-%" PRIx64 "\"", (uint64_t)stat.st_mtim.tv_sec,
	    stat.st_mtim.tv_nsec, ret->bytes);
	return 0;
}

void
file_close(struct file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->type);
	*file = FILE_NONE;
}

int
file_choose(struct file *file, const struct ranges *ranges, const char *type)
{
	struct wire_id random;
	int r = 0;

	if (ranges->n > 1) {
		r = wire_id_random(&random);
		if (r < 0)
			return r;
		wire_id_format(&random, file->boundary);
		file->type = strdup(type);
		if (file->type == NULL)
			return -ENOMEM;
	}
	file->ranges = *ranges;
	return 0;
}

/* What stands before one of several ranges, RFC 9110 section 14.6; behind the last without a range. */
static void
put_part_head(const struct file *file, const struct range *range, struct buf *ret)
{
	buf_printf(ret, "\r\n--%s", file->boundary);
	if (range == NULL)
		buf_string(ret, "--\r\n");
	else
		buf_printf(ret,
		    "\r\nContent-Type: %s\r\nContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n\r\n",
		    file->type, range->from, range->from + range->len - 1, file->bytes);
}

uint64_t
file_length(const struct file *file)
{
	struct buf head = BUF_INIT;
	uint64_t length = 0;

	if (file->ranges.n == 0)
		return file->bytes;
	for (unsigned i = 0; i < file->ranges.n; i++) {
		length += file->ranges.all[i].len;
		if (file->ranges.n > 1)
			put_part_head(file, &file->ranges.all[i], &head);
	}
	if (file->ranges.n > 1)
		put_part_head(file, NULL, &head);
	length += head.len;
	buf_free(&head);
	return length;
}

static int
write_range(const struct file *file, struct range range, char chunk[static FILE_CHUNK], sink_put *put, void *context)
{
	while (range.len > 0) {
		size_t want = FILE_CHUNK < range.len ? FILE_CHUNK : (size_t)range.len;
		ssize_t n = pread(file->fd, chunk, want, (off_t)range.from);
		int r;

		if (n <= 0)
			return -EIO;
		r = put(context, chunk, (size_t)n);
		if (r < 0)
			return r;
		range.from += (uint64_t)n;
		range.len -= (uint64_t)n;
	}
	return 0;
}

static int
write_part_head(const struct file *file, const struct range *range, sink_put *put, void *context)
{
	struct buf head = BUF_INIT;
	int r;

	put_part_head(file, range, &head);
	r = head.failed ? -ENOMEM : put(context, head.data, head.len);
	buf_free(&head);
	return r;
}

static int
write_ranges(const struct file *file, char chunk[static FILE_CHUNK], sink_put *put, void *context)
{
	bool several = file->ranges.n > 1;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < file->ranges.n; i++) {
		if (several)
			r = write_part_head(file, &file->ranges.all[i], put, context);
		if (r == 0)
			r = write_range(file, file->ranges.all[i], chunk, put, context);
	}
	return r == 0 && several ? write_part_head(file, NULL, put, context) : r;
}

int
file_write(const struct file *file, sink_put *put, void *context)
{
	char *chunk = malloc(FILE_CHUNK);
	int r;

	if (chunk == NULL)
		return -ENOMEM;
	if (file->ranges.n == 0)
		r = write_range(file, (struct range){ 0, file->bytes }, chunk, put, context);
	else
		r = write_ranges(file, chunk, put, context);
	free(chunk);
	return r;
}
