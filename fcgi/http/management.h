/*
 * management - what a web server asks of a FastCGI program before any request:
 * FCGI_GET_VALUES, section 4.1 of the FastCGI specification.
 *
 * libfcgi answers it only once the record after it has come, for which HAProxy
 * waits in vain.
 */
#ifndef FCGI_MANAGEMENT_H
#define FCGI_MANAGEMENT_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* What the program can take at once. */
struct management_values {
	unsigned connections;
	unsigned requests;
};

/*
 * Answers one record when the connection begins with it. Returns 1 when it did,
 * 0 when something else comes, or a negative errno when the connection is of no
 * use. Waits, within the connection's own timeouts, for the rest of a record
 * that has begun.
 */
int management_answer(int fd, const struct management_values *values);

/* Appends the record that answers the names in a record's content. Pure. */
void management_put(const void *content, size_t len, const struct management_values *values, struct buf *ret);

#endif
