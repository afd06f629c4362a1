#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sidecar/hub/array.h"

enum { FIRST_CAP = 4 };

int
array_reserve(void *array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap == 0 ? FIRST_CAP : 2 * *cap;
	void *grown;

	if (n < *cap)
		return 0;
	memcpy(&grown, array, sizeof(grown)); /* it is a pointer of another type */
	grown = realloc(grown, more * size);
	if (grown == NULL)
		return -ENOMEM;
	memcpy(array, &grown, sizeof(grown));
	*cap = more;
	return 0;
}
