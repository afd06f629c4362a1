/* The app without a web server, a sidecar or a browser: see tina4_test(3). */
#include <stdio.h>
#include <string.h>

#include <tina4_test.h>

#include "app.h"

static int failed; /* checks */

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                      \
			failed++;                                                                                      \
		}                                                                                                      \
	} while (0)

/* Whether the next message that came is this one. */
static int
hears(struct tina4_test_client *client, const char *text)
{
	const struct tina4_test_message *message = tina4_test_received(client);

	return message != NULL && strcmp(message->data, text) == 0;
}

int
main(void)
{
	static const char *const settings[] = { "TINA4_LOG_LEVEL=error", NULL };
	char token[128];
	const char *form[] = { "text=Hello", token, NULL };
	const struct tina4_test_request said = { .form = form };
	struct tina4_app *app = app_new();
	struct tina4_test *test;
	struct tina4_test_visitor *visitor;
	struct tina4_test_client *client;

	if (tina4_test_new(&test, &app, settings) < 0)
		return 1;
	visitor = tina4_test_visitor(test);
	snprintf(token, sizeof(token), "formToken=%s", tina4_test_form_token(visitor));
	CHECK(tina4_test_status(tina4_test_get(visitor, "/")) == 200);

	client = tina4_test_connect(visitor, "/ws/board", NULL);
	CHECK(hears(client, "{\"online\":1}"));
	CHECK(tina4_test_status(tina4_test_http(visitor, "POST", "/say", &said)) == 303);
	CHECK(hears(client, "{\"text\":\"Hello\"}"));
	CHECK(tina4_test_status(tina4_test_post(visitor, "/say", NULL)) == 403); /* not from our page */
	form[0] = "text=";
	CHECK(tina4_test_status(tina4_test_http(visitor, "POST", "/say", &said)) == 400);

	tina4_test_free(test);
	return failed > 0;
}
