#include "sidecar/hub/memory.h"

struct memory memory = { .limit = SIZE_MAX, .scarce = SIZE_MAX };

void
memory_set_limit(size_t bytes)
{
	memory.limit = bytes;
	memory.scarce = bytes / 4 * MEMORY_SCARCE_QUARTERS;
}
