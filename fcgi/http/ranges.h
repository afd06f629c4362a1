/*
 * ranges - which bytes of a file a client asks for: RFC 9110 section 14. Pure.
 */
#ifndef FCGI_RANGES_H
#define FCGI_RANGES_H

#include <stdint.h>

enum { RANGES_MAX = 16 }; /* of one request; for more the whole file is sent, section 14.2 */

struct range {
	uint64_t from, len; /* bytes; len is more than 0 */
};

struct ranges {
	unsigned n;
	struct range all[RANGES_MAX]; /* within the file, in the client's order, none of them touches another */
};

enum ranges_verdict {
	RANGES_WHOLE, /* the header is malformed, of another unit, or asks for too much: send the whole file */
	RANGES_PARTS, /* send these */
	RANGES_NONE,  /* nothing of it is in the file: 416 */
};

/* Reads a Range header for a file of so many bytes. */
enum ranges_verdict ranges_read(const char *header, uint64_t bytes, struct ranges *ret);

#endif
