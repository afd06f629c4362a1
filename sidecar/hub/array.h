/*
 * array - an array that grows as it is appended to.
 */
#ifndef SHARED_ARRAY_H
#define SHARED_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Makes room for one more element behind the first n. array points to the array's
 * pointer, and *cap is for how many it has room: NULL and 0 at first. Returns 0,
 * or -ENOMEM, after which the array is as before.
 */
int array_reserve(void *array, uint32_t n, uint32_t *cap, size_t size);

/* Gives back what has become too large for n elements. Those stay. */
void array_shrink(void *array, uint32_t n, uint32_t *cap, size_t size);

/* The same for an array of any type. */
#define ARRAY_RESERVE(array, n, cap) array_reserve(&(array), (n), &(cap), sizeof(*(array)))
#define ARRAY_SHRINK(array, n, cap) array_shrink(&(array), (n), &(cap), sizeof(*(array)))

#endif
