/*
 * io - to write all of it, however much of it the kernel takes at once.
 */
#ifndef FCGI_IO_H
#define FCGI_IO_H

#include <stddef.h>

/* Returns 0 or a negative errno. */
int io_write(int fd, const void *data, size_t len);

#endif
