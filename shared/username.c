#include "shared/username.h"
#include "shared/utf8.h"

bool
username_is_valid(struct span name)
{
	if (name.len == 0 || name.len > USERNAME_MAX_BYTES || !utf8_valid(name.data, name.len))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f)
			return false;
	return true;
}
