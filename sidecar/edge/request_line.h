/*
 * request_line - what the first line of a request says.
 *
 * Pure. A target whose path or query could mean another thing to whoever reads
 * it next, by an encoded slash or a control byte, is refused.
 */
#ifndef SIDECAR_REQUEST_LINE_H
#define SIDECAR_REQUEST_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/address.h"
#include "shared/path.h"
#include "shared/token.h"

enum { REQUEST_LINE_BYTES = 4096 }; /* of one */

struct post;

/* What the request line says, and whom it came from. */
struct request_line {
	char ip[ADDRESS_TEXT_MAX]; /* of the direct peer, "" on a unix socket; from the upgrade on of the client */
	bool for_admin;            /* came to the admin listener */
	bool is_get;
	bool is_post;
	char path[PATH_MAX_BYTES + 1];
	size_t path_len;
	char *query;        /* without '?', still encoded; "" when there is none */
	struct token token; /* of a secure route, once it has been checked */
	bool deflate;       /* permessage-deflate has been agreed on */
	struct post *post;  /* on the admin listener: a push whose body is to come; see post */
};

/*
 * Parses "METHOD target HTTP/1.1". Returns NULL when it is none, when its
 * path or query is refused, or when out of memory. The caller frees the line.
 */
struct request_line *request_line_parse(const char *text, size_t len, const char *ip);

/* NULL is fine. */
void request_line_free(struct request_line *line);

#endif
