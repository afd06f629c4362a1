/* Input: a route with its options; its list of subprotocols is read for itself, too. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/protocols.h"
#include "shared/routetext.h"
#include "tests/fuzz/fuzz.h"

static void
check_list(struct span list)
{
	struct span rest = list, name;
	size_t n = 0;

	if (protocols_fault(list) != NULL)
		return;
	for (; protocols_next(&rest, &name); n++) {
		assert(name.len > 0 && name.len <= PROTOCOLS_NAME_BYTES && name.data >= list.data &&
		    name.data + name.len <= list.data + list.len);
		assert(protocols_have(list, name) && !span_is(name, PROTOCOLS_BEARER));
	}
	assert(n <= PROTOCOLS_MAX && rest.len <= list.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *copy = malloc(len > 0 ? len : 1); /* of that very length, so that a byte too many is noticed */
	struct span text = { copy, len };
	struct routetext route;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, len);
	if (routetext_parse(text, ',', &route) == 0) {
		assert(route.pattern.len <= len && protocols_fault(route.protocols) == NULL);
		check_list(route.protocols);
	}
	check_list(text);
	free(copy);
	return 0;
}
