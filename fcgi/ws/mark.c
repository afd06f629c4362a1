#include <inttypes.h>
#include <stdio.h>

#include "fcgi/ws/mark.h"

void
mark_format(uint64_t origin, uint64_t number, char ret[static MARK_BYTES])
{
	snprintf(ret, MARK_BYTES, "%016" PRIx64 ".%" PRIu64, origin, number);
}
