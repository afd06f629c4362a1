/*
 * run - tina4_app_run(): settings, descriptors and signals, then the role.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/crash.h"
#include "fcgi/http/cgi.h"
#include "fcgi/http/fastcgi.h"
#include "fcgi/hooks.h"
#include "fcgi/listing.h"
#include "fcgi/prepare.h"
#include "fcgi/run.h"
#include "fcgi/ws/presence.h"
#include "fcgi/role.h"
#include "fcgi/signals.h"
#include "fcgi/ws/hand.h"
#include "fcgi/ws/supervisor.h"
#include "fcgi/ws/worker.h"
#include "shared/listener.h"
#include "shared/log.h"

enum { EXIT_USAGE = 2 };

/* A descriptor that is missing would be reused, and then get the log. */
static void
open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR);
}

/* Who writes to a peer that has gone learns it from write(). A handler, unlike SIG_IGN, ends with an exec. */
static void
on_sigpipe(int signal)
{
	(void)signal;
}

static void
catch_sigpipe(void)
{
	struct sigaction action = { .sa_handler = on_sigpipe, .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &action, NULL);
}

/* True for a role that runs handlers. */
static bool
serves(enum role_kind kind)
{
	switch (kind) {
	case ROLE_CGI:
	case ROLE_FASTCGI:
	case ROLE_LISTEN:
	case ROLE_WORKER:
		return true;
	case ROLE_ROUTES:
	case ROLE_HELP:
	case ROLE_NONE:
		break;
	}
	return false;
}

/* Ends what fastcgi_serve() began. Returns the exit status. */
static int
end_fastcgi(const struct tina4_app *app, int r)
{
	if (r == -EBUSY) {
		log_warn("requests cut off after=%us", app->conf.stop_seconds);
		log_stop_writer();
		_exit(EXIT_SUCCESS); /* their threads run on and use the app */
	}
	if (r < 0 && r != -ECANCELED) /* that has been said */
		log_error("fastcgi failed error=%s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int
serve_address(struct tina4_app *app, const char *address)
{
	struct listener listener;
	int r;

	r = listener_open(&listener, address);
	if (r == -EINVAL) {
		fprintf(stderr, "%s: --listen \"%s\": must be unix:/path, host:port or :port\n",
		    program_invocation_short_name, address);
		return EXIT_USAGE;
	}
	if (r < 0) {
		log_error("cannot listen address=%s error=%s", address, strerror(-r));
		return EXIT_FAILURE;
	}
	r = listener_grant(&listener, app->conf.socket_mode, app->conf.socket_group);
	if (r < 0) {
		log_error("cannot let TINA4_SOCKET_GROUP=%s in address=%s error=%s", app->conf.socket_group, address,
		    r == -ENOENT ? "no such group" : strerror(-r));
		listener_close(&listener);
		return EXIT_FAILURE;
	}
	r = fastcgi_serve(app, listener.fd, presence_keep);
	listener_close(&listener);
	return end_fastcgi(app, r);
}

static int
serve_cgi(struct tina4_app *app)
{
	int r = cgi_serve(app);

	if (r < 0)
		log_error("cgi failed error=%s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Runs a role whose handlers run in this thread. Returns the exit status. */
static int
run_alone(struct tina4_app *app, int (*serve)(struct tina4_app *app))
{
	int status;

	if (hooks_start_thread(app) < 0)
		return EXIT_FAILURE;
	status = serve(app);
	hooks_stop_thread(app);
	return status;
}

/* Returns the exit status. */
static int
run(struct tina4_app *app, const struct role *role)
{
	switch (role->kind) {
	case ROLE_CGI:
		return run_alone(app, serve_cgi);
	case ROLE_FASTCGI:
		return end_fastcgi(app, fastcgi_serve(app, role->fd, presence_keep));
	case ROLE_LISTEN:
		return serve_address(app, role->address);
	case ROLE_WORKER:
		return run_alone(app, worker_run);
	case ROLE_ROUTES:
		listing_print(app, stdout);
		return EXIT_SUCCESS;
	case ROLE_HELP:
		role_usage(stdout);
		return EXIT_SUCCESS;
	case ROLE_NONE:
		break;
	}
	return EXIT_USAGE;
}

/* Runs a role that serves. Returns the exit status. */
static int
serve(struct tina4_app *app, const struct role *role)
{
	int status;

	if (app->declare != NULL && app->declare(app) < 0)
		return EXIT_FAILURE;
	if (prepare_parts(app) < 0)
		return EXIT_USAGE;
	if (role->kind != ROLE_CGI && log_start_writer() < 0)
		log_warn("lines are written by who logs them");
	if (app->conf.debug)
		crash_tell();
	if (hooks_start_process(app) < 0)
		return EXIT_FAILURE;
	status = run(app, role);
	hooks_stop_process(app);
	return status;
}

/* True when it is to start workers, and is none itself. */
static bool
is_supervisor(const struct tina4_app *app, const struct role *role)
{
	return role->kind == ROLE_WORKER && app->hand == NULL && strcmp(app->conf.workers, "0") != 0;
}

/* A worker may have been started by a supervisor. Returns 0 or a negative errno that has been said. */
static int
find_supervisor(struct tina4_app *app)
{
	int r = hand_adopt(&app->hand);

	if (r == 0 || r == -ENOENT)
		return 0;
	fprintf(stderr, "%s: " HAND_VARIABLE ": %s\n", program_invocation_short_name,
	    r == -EPROTONOSUPPORT ? "the supervisor is of another version of tina4: restart it" : strerror(-r));
	return r;
}

static int
run_role(struct tina4_app *app, const struct role *role, char **argv)
{
	if (role->kind == ROLE_WORKER && find_supervisor(app) < 0)
		return EXIT_USAGE;
	if (is_supervisor(app, role))
		return supervisor_run(app, argv);
	return serves(role->kind) ? serve(app, role) : run(app, role);
}

int
run_as(struct tina4_app *app, const struct role *role, char **argv)
{
	catch_sigpipe();
	if (serves(role->kind) && role->kind != ROLE_CGI)
		signals_block();
	if (app->refused || prepare_settings(app, environ) < 0)
		return EXIT_USAGE;
	return run_role(app, role, argv);
}

int
tina4_app_run(struct tina4_app **ret, int argc, char **argv)
{
	struct tina4_app *app = *ret;
	struct role role;
	int status;

	*ret = NULL;
	open_standard_descriptors();
	role = role_find(argc, argv);
	status = run_as(app, &role, argv);
	tina4_app_free(app);
	return status;
}
