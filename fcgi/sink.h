/*
 * sink - where bytes go.
 */
#ifndef FCGI_SINK_H
#define FCGI_SINK_H

#include <stddef.h>

/* Takes bytes that are to be written. Returns 0 or a negative errno. */
typedef int sink_put(void *context, const void *data, size_t len);

#endif
