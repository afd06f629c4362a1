/*
 * writeall - write(2) until all is written, however much the kernel takes at once.
 */
#ifndef FCGI_WRITEALL_H
#define FCGI_WRITEALL_H

#include <stddef.h>

/* Returns 0 or a negative errno. */
int writeall(int fd, const void *data, size_t len);

#endif
