#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "fcgi/app.h"
#include "fcgi/hooks.h"
#include "fcgi/prepare.h"
#include "fcgi/http/response.h"
#include "fcgi/session/session.h"
#include "fcgi/session/store.h"
#include "fcgi/test/memory.h"
#include "fcgi/test/test.h"

/* Signs nothing that anybody else believes. */
static char some_secret[] = "TINA4_SECRET=tina4_test signs what nobody but the test believes";

static size_t
length(char *const *strings)
{
	size_t n = 0;

	while (strings != NULL && strings[n] != NULL)
		n++;
	return n;
}

/* The environment with the test's settings in front, where they win. */
static int
load_settings(struct tina4_app *app, const char *const *settings)
{
	size_t n = length((char *const *)settings), n_environ = length(environ);
	char **all = calloc(n + n_environ + 2, sizeof(*all));
	int r;

	if (all == NULL)
		return -ENOMEM;
	if (n > 0)
		memcpy(all, settings, n * sizeof(*all));
	memcpy(all + n, environ, n_environ * sizeof(*all));
	all[n + n_environ] = some_secret;
	r = prepare_settings(app, all);
	free(all);
	return r;
}

static int
keep_sessions_in_memory(struct tina4_app *app)
{
	store_free(app->sessions);
	app->sessions = NULL;
	return memory_store_new(&app->sessions);
}

/* What the app's hooks expect of a process and of its thread. */
static int
start(struct tina4_test *test)
{
	int r;

	r = hooks_start_process(test->app);
	test->process_started = r == 0;
	if (r == 0)
		r = hooks_start_thread(test->app);
	test->thread_started = r == 0;
	return r;
}

static void
stop(struct tina4_test *test)
{
	if (test->thread_started)
		hooks_stop_thread(test->app);
	if (test->process_started)
		hooks_stop_process(test->app);
}

int
tina4_test_new(struct tina4_test **ret, struct tina4_app **app, const char *const *settings)
{
	struct tina4_test *test = calloc(1, sizeof(*test));
	int r;

	if (test == NULL) {
		tina4_app_free(*app);
		*app = NULL;
		return -ENOMEM;
	}
	test->app = *app;
	*app = NULL;
	r = test->app->refused ? -EINVAL : load_settings(test->app, settings);
	if (r == 0)
		r = prepare_parts(test->app);
	if (r == 0)
		r = keep_sessions_in_memory(test->app);
	if (r == 0)
		r = standin_open(&test->standin, test->app);
	if (r == 0)
		r = start(test);
	if (r < 0)
		tina4_test_free(test);
	else
		*ret = test;
	return r;
}

static void
free_visitors(struct tina4_test *test)
{
	struct tina4_test_visitor *visitor;

	while ((visitor = test->visitors) != NULL) {
		LL_DELETE(test->visitors, visitor);
		session_free(visitor->session);
		jar_free(&visitor->jar);
		free(visitor);
	}
}

static void
free_responses(struct tina4_test *test)
{
	struct tina4_test_response *res;

	while ((res = test->responses) != NULL) {
		LL_DELETE(test->responses, res);
		fields_free(&res->headers);
		buf_free(&res->body);
		cJSON_Delete(res->json);
		free(res);
	}
}

void
tina4_test_free(struct tina4_test *test)
{
	if (test == NULL)
		return;
	stop(test);
	standin_close(&test->standin);
	free_responses(test);
	free_visitors(test);
	tina4_app_free(test->app);
	free(test);
}

struct tina4_app *
tina4_test_app(const struct tina4_test *test)
{
	return test->app;
}

/* --- visitors ------------------------------------------------------------------------------- */

struct tina4_test_visitor *
tina4_test_visitor(struct tina4_test *test)
{
	struct tina4_test_visitor *visitor = calloc(1, sizeof(*visitor));

	if (visitor == NULL)
		return NULL;
	visitor->test = test;
	LL_PREPEND(test->visitors, visitor);
	return visitor;
}

const char *
tina4_test_cookie(const struct tina4_test_visitor *visitor, const char *name)
{
	return visitor != NULL ? jar_get(&visitor->jar, name) : NULL;
}

int
tina4_test_set_cookie(struct tina4_test_visitor *visitor, const char *name, const char *value)
{
	return visitor != NULL ? jar_set(&visitor->jar, name, value) : -ENOMEM;
}

/* Its own secret, under both names, unless a page has given it one. Returns 0 or a negative errno. */
static int
find_secret(struct tina4_test_visitor *visitor, char ret[static CSRF_COOKIE_CHARS + 1])
{
	static const bool schemes[] = { false, true };
	int r = csrf_make_cookie(ret);

	for (size_t i = 0; r == 0 && i < 2; i++) {
		const char *kept = jar_get(&visitor->jar, csrf_cookie_name(schemes[i]));

		if (kept != NULL && strlen(kept) == CSRF_COOKIE_CHARS)
			memcpy(ret, kept, CSRF_COOKIE_CHARS + 1);
	}
	for (size_t i = 0; r == 0 && i < 2; i++)
		r = jar_set(&visitor->jar, csrf_cookie_name(schemes[i]), ret);
	return r;
}

const char *
tina4_test_form_token(struct tina4_test_visitor *visitor)
{
	char secret[CSRF_COOKIE_CHARS + 1];

	if (visitor == NULL || find_secret(visitor, secret) < 0 || csrf_mask(secret, visitor->form_token) < 0)
		return NULL;
	return visitor->form_token;
}

int
test_settle_session(struct tina4_test_visitor *visitor)
{
	struct tina4_response res;
	int r;

	if (visitor->session == NULL)
		return 0;
	response_init(&res);
	r = session_finish(visitor->session, &res);
	for (size_t i = 0; r == 0 && i < res.cookies.n; i++)
		r = jar_take(&visitor->jar, fields_value(&res.cookies, i));
	response_free(&res);
	session_free(visitor->session);
	visitor->session = NULL;
	return r;
}

int
tina4_test_session(struct tina4_test_visitor *visitor, struct tina4_session **ret)
{
	struct tina4_app *app;
	int r = -ENOMEM;

	if (visitor == NULL)
		return r;
	app = visitor->test->app;
	r = test_settle_session(visitor);
	if (r == 0)
		r = session_new(&visitor->session, app, jar_get(&visitor->jar, app->conf.session_name));
	if (r == 0)
		*ret = visitor->session;
	return r;
}

/* --- pushes ------------------------------------------------------------------------------------ */

const struct tina4_test_message *
tina4_test_pushed(struct tina4_test *test)
{
	const struct tina4_test_message *message;

	standin_settle(&test->standin);
	pthread_mutex_lock(&test->standin.lock);
	message = inbox_next(&test->standin.pushes);
	pthread_mutex_unlock(&test->standin.lock);
	return message;
}

void
tina4_test_fail_pushes(struct tina4_test *test, int error)
{
	pthread_mutex_lock(&test->standin.lock);
	test->standin.error = error;
	pthread_mutex_unlock(&test->standin.lock);
}
