#include <stddef.h>

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

const char *
closecode_name(int code)
{
	static const struct {
		int code;
		const char *name;
	} names[] = {
		{ CLOSE_NORMAL, "normal" },
		{ CLOSE_GOING_AWAY, "going-away" },
		{ CLOSE_PROTOCOL_ERROR, "protocol-error" },
		{ CLOSE_UNSUPPORTED_DATA, "unsupported-data" },
		{ CLOSE_NO_STATUS, "no-status" },
		{ CLOSE_ABNORMAL, "lost" },
		{ CLOSE_INVALID_DATA, "invalid-data" },
		{ CLOSE_POLICY, "policy" },
		{ CLOSE_TOO_LARGE, "too-large" },
		{ CLOSE_INTERNAL_ERROR, "internal-error" },
		{ CLOSE_TRY_LATER, "try-later" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].code == code)
			return names[i].name;
	return code >= CLOSE_FIRST_FREE ? "application" : "other";
}
