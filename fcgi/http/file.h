/*
 * file - a file as the body of a response: the whole of it, or ranges.
 *
 * It is opened when the handler names it, and read a piece at a time while it is
 * sent, so that a large one needs no memory.
 */
#ifndef FCGI_FILE_H
#define FCGI_FILE_H

#include <stdint.h>
#include <time.h>

#include "fcgi/http/ranges.h"
#include "fcgi/sink.h"

struct buf;

enum {
	FILE_ETAG = 64,     /* bytes of an entity tag, with quotes and NUL */
	FILE_BOUNDARY = 33, /* of multipart/byteranges, with its NUL */
};

struct file {
	int fd; /* -1: there is none */
	uint64_t bytes;
	time_t modified;      /* to the second */
	char etag[FILE_ETAG]; /* strong: it differs as soon as size or time (in ns) does, RFC 9110 section 8.8.3 */

	struct ranges ranges;         /* n is 0: the whole file */
	char boundary[FILE_BOUNDARY]; /* between several ranges */
	char *type;                   /* of each of several ranges */
};

#define FILE_NONE                                                                                                      \
	(struct file)                                                                                                  \
	{                                                                                                              \
		.fd = -1                                                                                               \
	}

/* Opens a regular file. Returns 0, -ENOENT when it is none that can be read, or another negative errno. */
int file_open(struct file *ret, const char *path);

/* Makes it none. */
void file_close(struct file *file);

/* Chooses parts of it. Several need their type, which is copied. Returns 0 or a negative errno. */
int file_choose(struct file *file, const struct ranges *ranges, const char *type);

/* Bytes that are to be sent. */
uint64_t file_length(const struct file *file);

/* Sends them. Returns 0, what the sink returned, -ENOMEM, or -EIO when the file has become shorter. */
int file_write(const struct file *file, sink_put *put, void *context);

#endif
