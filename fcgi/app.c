#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "fcgi/app.h"
#include "fcgi/auth.h"
#include "fcgi/cgi.h"
#include "fcgi/http.h"
#include "shared/listener.h"
#include "fcgi/push.h"
#include "fcgi/role.h"
#include "fcgi/router.h"
#include "fcgi/signals.h"
#include "fcgi/session.h"
#include "fcgi/template/templates.h"
#include "fcgi/worker.h"
#include "shared/buf.h"
#include "shared/log.h"
#include "shared/path.h"

enum { EXIT_USAGE = 2 };

struct tina4_app *
tina4_app_new(void)
{
	struct tina4_app *app = calloc(1, sizeof(*app));

	if (app == NULL)
		return NULL;
	app->name = program_invocation_short_name;
	app->router = router_new();
	if (app->router == NULL) {
		free(app);
		return NULL;
	}
	pthread_mutex_init(&app->zmq_lock, NULL);
	return app;
}

void
tina4_app_free(struct tina4_app *app)
{
	if (app == NULL)
		return;
	if (app->zmq != NULL) {
		push_close(app);
		zmq_ctx_term(app->zmq);
	}
	pthread_mutex_destroy(&app->zmq_lock);
	for (size_t i = 0; i < app->n_ws_routes; i++)
		path_pattern_free(app->ws_routes[i].pattern);
	free(app->ws_routes);
	router_free(app->router);
	sessions_close(app);
	auth_close(app);
	templates_free(app->templates);
	conf_free(&app->conf);
	free(app);
}

void
tina4_app_set_user(struct tina4_app *app, void *user)
{
	app->user = user;
}

void *
tina4_app_user(const struct tina4_app *app)
{
	return app->user;
}

void *
app_zmq(struct tina4_app *app)
{
	void *zmq;

	pthread_mutex_lock(&app->zmq_lock);
	if (app->zmq == NULL)
		app->zmq = zmq_ctx_new();
	zmq = app->zmq;
	pthread_mutex_unlock(&app->zmq_lock);
	return zmq;
}

const struct ws_route *
app_ws_route(const struct tina4_app *app, const char *pattern, size_t len)
{
	for (size_t i = 0; i < app->n_ws_routes; i++) {
		const char *text = path_pattern_text(app->ws_routes[i].pattern);

		if (strlen(text) == len && memcmp(text, pattern, len) == 0)
			return &app->ws_routes[i];
	}
	return NULL;
}

/* Remembers that a route is wrong, so that the app does not start without it. */
static int
refuse(struct tina4_app *app, const char *pattern, const char *why)
{
	fprintf(stderr, "%s: route %s: %s\n", program_invocation_short_name, pattern, why);
	app->refused = true;
	return -EINVAL;
}

static int
add_http(struct tina4_app *app, unsigned methods, const char *pattern, tina4_http_handler *handler)
{
	const char *why = "out of memory";

	if (router_add(app->router, methods, pattern, handler, &why) < 0)
		return refuse(app, pattern, why);
	return 0;
}

int
tina4_get(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_GET, pattern, handler);
}

int
tina4_post(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_POST, pattern, handler);
}

int
tina4_put(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_PUT, pattern, handler);
}

int
tina4_patch(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_PATCH, pattern, handler);
}

int
tina4_delete(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_DELETE, pattern, handler);
}

int
tina4_any(struct tina4_app *app, const char *pattern, tina4_http_handler *handler)
{
	return add_http(app, METHOD_ALL, pattern, handler);
}

void
tina4_not_found(struct tina4_app *app, tina4_http_handler *handler)
{
	app->not_found = handler;
}

static int
add_websocket(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler, bool secure)
{
	struct ws_route route = { .handler = handler, .secure = secure }, *routes;
	const char *why = "out of memory";

	if (app_ws_route(app, pattern, strlen(pattern)) != NULL)
		return refuse(app, pattern, "it is declared twice");
	if (path_compile(pattern, &route.pattern, &why) < 0)
		return refuse(app, pattern, why);

	routes = realloc(app->ws_routes, (app->n_ws_routes + 1) * sizeof(*routes));
	if (routes == NULL) {
		path_pattern_free(route.pattern);
		return refuse(app, pattern, "out of memory");
	}
	app->ws_routes = routes;
	app->ws_routes[app->n_ws_routes++] = route;
	return 0;
}

int
tina4_websocket(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler)
{
	return add_websocket(app, pattern, handler, false);
}

int
tina4_websocket_secure(struct tina4_app *app, const char *pattern, tina4_ws_handler *handler)
{
	return add_websocket(app, pattern, handler, true);
}

const char *
tina4_strerror(int error)
{
	switch (error) {
	case -EILSEQ:
		return "text that is not UTF-8";
	case -EMSGSIZE:
		return "more than TINA4_WS_MAX_MESSAGE";
	case -ENOENT:
		return "no such route, connection or file";
	case -ENOTCONN:
		return "no sidecar answers";
	case -ETIMEDOUT:
		return "no receipt in time";
	case -EBUSY:
		return "the sidecar is at a limit";
	case -ENETDOWN:
		return "sent on this host, but the relay to the others is full";
	case -EPROTO:
		return "the sidecar does not understand us";
	case -ENOBUFS:
		return "more than an event or a list may have";
	case -EFBIG:
		return "more than TINA4_SESSION_MAX_BYTES";
	case -EHOSTDOWN:
		return "the session store does not answer";
	case -EREMOTEIO:
		return "the session store refuses";
	case -ESTALE:
		return "the session has ended";
	case -ENOKEY:
		return "no key for tokens: see TINA4_SECRET";
	case -EKEYEXPIRED:
		return "the token has expired";
	case -EKEYREJECTED:
		return "the token is not valid";
	case -EDEADLK:
		return "a WebSocket handler cannot wait for the sidecar";
	default:
		return strerror(error < 0 ? -error : error);
	}
}

static void
print_routes(const struct tina4_app *app)
{
	router_print(app->router, stdout);
	for (size_t i = 0; i < app->n_ws_routes; i++)
		printf("%-9s %s%s%s\n", "WEBSOCKET", path_pattern_text(app->ws_routes[i].pattern),
		    app->ws_routes[i].handler ? "" : " (push only)", app->ws_routes[i].secure ? " (secure)" : "");
}

/* A descriptor that is missing would be reused, and then get the log. */
static void
open_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", O_RDWR);
}

/* Says what is wrong with the settings, if something is, and frees it. */
static void
tell(struct buf *errors, int r)
{
	if (r == -EINVAL)
		fwrite(errors->data, errors->len, 1, stderr);
	else if (r < 0)
		fprintf(stderr, "%s: settings: %s\n", program_invocation_short_name, strerror(-r));
	buf_free(errors);
}

/* Returns 0, or a negative errno after a message. */
static int
load_conf(struct tina4_app *app)
{
	struct buf errors = BUF_INIT;
	int r = conf_load(&app->conf, environ, &errors);

	if (r == 0 && (app->templates == NULL || app->conf.templates[0] != '\0'))
		r = tina4_app_templates(app, app->conf.templates[0] != '\0' ? app->conf.templates : "templates");
	tell(&errors, r);
	if (r < 0)
		return r;
	if (app->conf.app[0] != '\0')
		app->name = app->conf.app;
	log_open(program_invocation_short_name, (enum log_level)app->conf.log_level);
	return 0;
}

/* Makes what handlers reach for. Returns 0, or a negative errno after a message. */
static int
open_parts(struct tina4_app *app)
{
	struct buf errors = BUF_INIT;
	int r = auth_open(app, &errors);

	if (r == 0)
		r = sessions_open(app, &errors);
	tell(&errors, r);
	return r;
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

/* Ends what http_serve() began. Returns the exit status. */
static int
end_fastcgi(const struct tina4_app *app, int r)
{
	if (r == -EBUSY) {
		log_warn("requests cut off after=%us", app->conf.stop_seconds);
		_exit(EXIT_SUCCESS); /* their threads run on and use the app */
	}
	if (r < 0)
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
	r = http_serve(app, listener.fd);
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

/* Returns the exit status. */
static int
run(struct tina4_app *app, const struct role *role)
{
	switch (role->kind) {
	case ROLE_CGI:
		return serve_cgi(app);
	case ROLE_FASTCGI:
		return end_fastcgi(app, http_serve(app, role->fd));
	case ROLE_LISTEN:
		return serve_address(app, role->address);
	case ROLE_WORKER:
		return worker_run(app);
	case ROLE_ROUTES:
		print_routes(app);
		return EXIT_SUCCESS;
	case ROLE_HELP:
		role_usage(stdout);
		return EXIT_SUCCESS;
	case ROLE_NONE:
		break;
	}
	return EXIT_USAGE;
}

int
tina4_app_run(struct tina4_app *app, int argc, char **argv)
{
	struct role role;
	int status = EXIT_USAGE;

	open_standard_descriptors();
	role = role_find(argc, argv);
	catch_sigpipe();
	if (serves(role.kind) && role.kind != ROLE_CGI)
		signals_block();
	if (!app->refused && load_conf(app) == 0 && (!serves(role.kind) || open_parts(app) == 0))
		status = run(app, &role);
	tina4_app_free(app);
	return status;
}
