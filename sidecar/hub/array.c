#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/array.h"

enum {
	FIRST_CAP = 4,
	KEPT_CAP = 64, /* as small as that nothing is given back */
	SLACK = 4,     /* times what is needed may be kept, so that not every change is a new array */
};

int
array_reserve(void *array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap == 0 ? FIRST_CAP : 2 * *cap;
	void *grown;

	if (n < *cap)
		return 0;
	while (more <= n)
		more *= 2;
	memcpy(&grown, array, sizeof(grown)); /* it is a pointer of another type */
	grown = realloc(grown, more * size);
	if (grown == NULL)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*cap = more;
	return 0;
}

void
array_shrink(void *array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t less = *cap;
	void *shrunk;

	if (*cap <= KEPT_CAP || n > *cap / SLACK)
		return;
	while (less > KEPT_CAP && n <= less / SLACK)
		less /= 2;
	memcpy(&shrunk, array, sizeof(shrunk));
	shrunk = realloc(shrunk, less * size);
	if (shrunk == NULL)
		return; /* it stays as it is */
	memcpy(array, &shrunk, sizeof(shrunk));
	*cap = less;
}
