#include <errno.h>
#include <stdio.h>

#include "shared/hex.h"
#include "shared/url.h"
#include "sidecar/edge/head.h"
#include "sidecar/edge/target.h"

bool
target_is_plain(struct span query)
{
	for (size_t i = 0; i < query.len; i++) {
		int high, low;

		if (query.data[i] != '%')
			continue;
		if (query.len - i < 3)
			return false;
		high = hex_digit(query.data[i + 1]);
		low = hex_digit(query.data[i + 2]);
		if (high < 2 || low < 0 || (high == 7 && low == 15))
			return false;
	}
	return true;
}

enum refusal
target_read(const struct head *head, struct target *ret)
{
	struct span path = head_path(head);
	int n = head->asterisk ? sprintf(ret->path, "*")
			       : url_decode_path(path.data, path.len, ret->path, sizeof(ret->path));

	if (n < 0)
		return n == -E2BIG ? REFUSAL_PATH_TOO_LONG : REFUSAL_PATH;
	ret->path_len = (size_t)n;
	ret->query = head_query(head);
	return target_is_plain(ret->query) ? REFUSAL_NONE : REFUSAL_QUERY;
}
