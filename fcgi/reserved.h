/*
 * reserved - the room for new members in structs of the public header.
 *
 * A program that was made for a later version may ask there for what this one
 * cannot do. It is told so instead of being given something else.
 */
#ifndef FCGI_RESERVED_H
#define FCGI_RESERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool
reserved_is_zero(const uint64_t *reserved, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (reserved[i] != 0)
			return false;
	return true;
}

#define RESERVED_IS_ZERO(options)                                                                                      \
	reserved_is_zero((options)->reserved, sizeof((options)->reserved) / sizeof((options)->reserved[0]))

#endif
