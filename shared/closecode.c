#include "shared/closecode.h"

enum {
	RESERVED = 1004,
	EXTENSION_MISSING = 1010, /* clients say it */
	LAST_REGISTERED = 1014,
};

bool
closecode_may_be_sent(int code)
{
	if (code >= CLOSE_FIRST_FREE && code <= CLOSE_LAST_FREE)
		return true;
	return code >= CLOSE_NORMAL && code <= LAST_REGISTERED && code != RESERVED && code != CLOSE_NO_STATUS &&
	    code != CLOSE_ABNORMAL && code != EXTENSION_MISSING;
}
