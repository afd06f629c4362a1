/* Input: trusted networks, a peer's address and an X-Forwarded-For header, a line each. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/address.h"
#include "tests/fuzz/fuzz.h"

/* Cuts the line that *rest begins with off what follows it. */
static const char *
take_line(char **rest)
{
	char *line = *rest;

	*rest += strcspn(line, "\n");
	if (**rest != '\0')
		*(*rest)++ = '\0';
	return line;
}

static bool
is_address(const char *text)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = strndup((const char *)data, len), *rest = text;
	const char *networks = take_line(&rest), *peer = take_line(&rest), *forwarded = take_line(&rest);
	struct address_list *trusted = NULL;
	const char *bad = NULL;
	char client[ADDRESS_TEXT_MAX], direct[ADDRESS_TEXT_MAX];

	if (address_list_parse(networks, &trusted, &bad) < 0)
		assert(trusted == NULL && bad >= networks && bad < networks + strlen(networks));

	address_of_client(trusted, peer, forwarded, client);
	address_of_client(trusted, peer, NULL, direct);
	assert(is_address(client) || strcmp(client, direct) == 0 || strcmp(client, ADDRESS_UNKNOWN) == 0);
	if (*peer != '\0' && !address_list_contains(trusted, peer))
		assert(strcmp(client, direct) == 0); /* who is not trusted is not believed */
	address_list_free(trusted);
	free(text);
	return 0;
}
