#include <string.h>

#include "shared/list.h"

bool
list_next(const char **rest, struct span *ret_item)
{
	const char *at = *rest + strspn(*rest, ", \t");
	size_t len = strcspn(at, ",");

	*rest = at + len;
	if (len == 0)
		return false;
	while (at[len - 1] == ' ' || at[len - 1] == '\t')
		len--;
	*ret_item = (struct span){ at, len };
	return true;
}
