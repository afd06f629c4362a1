#include <errno.h>
#include <stddef.h>

#include "fcgi/app.h"
#include "fcgi/crash.h"
#include "fcgi/hooks.h"
#include "shared/log.h"

/* What the calling thread's start hook left. */
static _Thread_local struct {
	const struct tina4_app *app;
	void *user;
} thread;

void
tina4_app_on_process(struct tina4_app *app, tina4_start_hook *start, tina4_stop_hook *stop)
{
	app->on_process = (struct hooks){ start, stop };
}

void
tina4_app_on_thread(struct tina4_app *app, tina4_start_hook *start, tina4_stop_hook *stop)
{
	app->on_thread = (struct hooks){ start, stop };
}

void *
tina4_app_thread_user(const struct tina4_app *app)
{
	return thread.app == app ? thread.user : NULL;
}

static int
start(struct tina4_app *app, tina4_start_hook *hook, const char *what, void **user)
{
	int r = hook != NULL ? hook(app, user) : 0;

	if (r == 0)
		return 0;
	log_error("start hook failed of=%s error=%s", what, tina4_strerror(r < 0 ? r : -EINVAL));
	return -ECANCELED;
}

int
hooks_start_process(struct tina4_app *app)
{
	return start(app, app->on_process.start, "process", &app->user);
}

int
hooks_start_thread(struct tina4_app *app)
{
	void *user = NULL;
	int r;

	crash_prepare_thread();
	r = start(app, app->on_thread.start, "thread", &user);

	if (r < 0)
		return r;
	thread.app = app;
	thread.user = user;
	return 0;
}

void
hooks_stop_process(struct tina4_app *app)
{
	if (app->on_process.stop != NULL)
		app->on_process.stop(app, app->user);
}

void
hooks_stop_thread(struct tina4_app *app)
{
	if (app->on_thread.stop != NULL)
		app->on_thread.stop(app, thread.user);
	thread.app = NULL;
	thread.user = NULL;
	crash_release_thread();
}
