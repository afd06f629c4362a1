/*
 * test - what a test is made of, and who belongs to it.
 */
#ifndef FCGI_TEST_TEST_H
#define FCGI_TEST_TEST_H

#include <stdbool.h>

#include "fcgi/fields.h"
#include "fcgi/session/csrf.h"
#include "fcgi/test/inbox.h"
#include "fcgi/test/jar.h"
#include "fcgi/test/standin.h"
#include "fcgi/tina4_test.h"
#include "shared/buf.h"

struct tina4_test_response {
	struct tina4_test_response *next; /* of the test's */
	int status;
	struct fields headers;
	struct buf body;
	struct cJSON *json;
};

struct tina4_test_visitor {
	struct tina4_test_visitor *next; /* of the test's */
	struct tina4_test *test;
	struct jar jar;
	struct tina4_session *session; /* that the program looks at, or NULL */
	char form_token[CSRF_TOKEN_CHARS + 1];
};

struct tina4_test {
	struct tina4_app *app;
	bool process_started; /* by the app's hooks, which are to be stopped then */
	bool thread_started;
	struct standin standin;
	struct tina4_test_visitor *visitors;
	struct tina4_test_response *responses;
};

/* Saves the session that the program has looked at. Returns 0 or a negative errno. */
int test_settle_session(struct tina4_test_visitor *visitor);

#endif
