/* Input: an Authorization header, a query and a Cookie header, a line each. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/credentials.h"
#include "tests/fuzz/fuzz.h"

static bool
is_within(struct span span, const char *text)
{
	return text != NULL && span.data >= text && span.data + span.len <= text + strlen(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len), *rest = text;
	struct credentials credentials = { .cookie_name = "tina4_token" };
	struct span token;

	if (text == NULL)
		return 0;
	credentials.authorization = strsep(&rest, "\n");
	credentials.offered = strsep(&rest, "\n");
	credentials.query = strsep(&rest, "\n");
	credentials.cookies = rest;
	token = credentials_token(&credentials);
	assert(token.data != NULL);
	if (token.len > 0)
		assert(is_within(token, credentials.authorization) || is_within(token, credentials.query) ||
		    is_within(token, credentials.offered) || is_within(token, credentials.cookies));
	free(text);
	return 0;
}
