#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/test/inbox.h"

struct letter {
	struct letter *next;
	struct tina4_test_message message;
	cJSON *json;
	char bytes[]; /* path and data, each terminated */
};

void
inbox_free(struct inbox *inbox)
{
	while (inbox->first != NULL) {
		struct letter *letter = inbox->first;

		inbox->first = letter->next;
		cJSON_Delete(letter->json);
		free(letter);
	}
	*inbox = (struct inbox){ 0 };
}

static char *
put(char *to, struct span span)
{
	if (span.len > 0)
		memcpy(to, span.data, span.len);
	to[span.len] = '\0';
	return to + span.len + 1;
}

int
inbox_add(struct inbox *inbox, struct span path, struct span data, unsigned flags)
{
	struct letter *letter = calloc(1, sizeof(*letter) + path.len + data.len + 2);

	if (letter == NULL)
		return -ENOMEM;
	letter->message = (struct tina4_test_message){
		.path = letter->bytes,
		.data = put(letter->bytes, path),
		.len = data.len,
		.flags = flags,
	};
	put((char *)letter->message.data, data);
	if (!(flags & TINA4_BINARY))
		letter->json = cJSON_ParseWithLengthOpts(letter->message.data, data.len + 1, NULL, true);
	letter->message.json = letter->json;

	if (inbox->last != NULL)
		inbox->last->next = letter;
	else
		inbox->first = letter;
	inbox->last = letter;
	return 0;
}

const struct tina4_test_message *
inbox_next(struct inbox *inbox)
{
	struct letter *letter = inbox->seen != NULL ? inbox->seen->next : inbox->first;

	if (letter == NULL)
		return NULL;
	inbox->seen = letter;
	return &letter->message;
}
