/*
 * params - an event as the parameters of a FastCGI request, RFC 3875 section 4.1,
 * and TINA4_... beside them. Pure.
 *
 * No client can make one of the latter: what it sends is in HTTP_..., QUERY_STRING,
 * REQUEST_URI and the body.
 */
#ifndef FCGI_BRIDGE_PARAMS_H
#define FCGI_BRIDGE_PARAMS_H

#include "shared/wire.h"

struct tina4_conn;

/* Appends those of an event. file is the script's path. Returns 0 or -ENOMEM. */
int params_put(struct buf *buf, const char *file, struct tina4_conn *conn, const struct wire_event *event);

/* The same of the event "routes". */
int params_put_routes(struct buf *buf, const char *file);

#endif
