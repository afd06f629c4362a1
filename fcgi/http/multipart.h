/*
 * multipart - the parts of a multipart/form-data body, RFC 7578. Pure.
 */
#ifndef FCGI_MULTIPART_H
#define FCGI_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum multipart_limits {
	MULTIPART_MAX_PARTS = 1000,
	MULTIPART_MAX_HEADER = 8192, /* bytes of the header of one part */
	MULTIPART_MAX_BOUNDARY = 70, /* RFC 2046 section 5.1.1 */
	MULTIPART_MAX_NAME = 1024,   /* of a field or file */
};

struct multipart {
	char delimiter[MULTIPART_MAX_BOUNDARY + 5]; /* CR LF "--" and the boundary */
	size_t delimiter_len;
	const char *at; /* behind the last delimiter */
	const char *end;
	size_t parts;
};

struct multipart_part {
	char name[MULTIPART_MAX_NAME];
	char filename[MULTIPART_MAX_NAME];
	bool has_filename;
	char type[MULTIPART_MAX_NAME]; /* "" when it has none */
	const char *data;              /* within the body */
	size_t len;
};

/*
 * Starts on a body, which is borrowed. Returns 0, or -EINVAL when the
 * Content-Type has no usable boundary or the body does not have it either.
 */
int multipart_begin(struct multipart *multipart, const char *content_type, const void *body, size_t len);

/*
 * Returns 1 and the next part, 0 behind the last, -EINVAL for a body that is
 * malformed or cut short, -E2BIG past a limit above.
 */
int multipart_next(struct multipart *multipart, struct multipart_part *ret);

#endif
