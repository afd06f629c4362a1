#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/bridge/bridge.h"
#include "fcgi/bridge/handler.h"
#include "fcgi/bridge/lines.h"
#include "fcgi/bridge/requests.h"
#include "fcgi/ws/remote.h"
#include "shared/log.h"
#include "shared/routetext.h"

/* --- settings ------------------------------------------------------------------------- */

/*
 * What the sidecar knows the app by, unless TINA4_APP says it: "chat", of "php -q
 * chat.php". It is the last word that is a file, or else the first.
 */
static void
find_name(const char *command, char ret[static NAME_MAX + 1])
{
	char *words = strdup(command), *rest = NULL, *found = NULL, *base, *dot;

	for (char *word = strtok_r(words, " \t", &rest); word != NULL; word = strtok_r(NULL, " \t", &rest))
		if (found == NULL || access(word, F_OK) == 0)
			found = word;
	base = found != NULL && strrchr(found, '/') != NULL ? strrchr(found, '/') + 1 : found;
	snprintf(ret, NAME_MAX + 1, "%.*s", NAME_MAX, base != NULL ? base : "tina4");
	dot = strrchr(ret, '.');
	if (dot != NULL && dot != ret)
		*dot = '\0';
	free(words);
}

/* One that is not on this machine is given as it is there. */
static bool
find_script(const char *script, char ret[static PATH_MAX])
{
	if (realpath(script, ret) != NULL)
		return true;
	return script[0] == '/' && snprintf(ret, PATH_MAX, "%s", script) < PATH_MAX;
}

bool
bridge_check(struct bridge *bridge, const struct conf *conf)
{
	bool exec = conf->exec[0] != '\0', fastcgi = conf->fastcgi[0] != '\0';

	if (exec == fastcgi)
		fprintf(stderr,
		    exec ? "tina4: TINA4_EXEC and TINA4_FASTCGI exclude each other\n"
			 : "tina4: no handlers: neither --exec, TINA4_EXEC, nor --fastcgi, TINA4_FASTCGI\n");
	else if (fastcgi && conf->script[0] == '\0')
		fprintf(stderr, "tina4: TINA4_FASTCGI needs a script, TINA4_SCRIPT\n");
	else if (fastcgi && !find_script(conf->script, bridge->script))
		fprintf(stderr, "tina4: the script \"%s\": %s\n", conf->script, strerror(errno));
	else {
		find_name(exec ? conf->exec : bridge->script, bridge->name);
		return true;
	}
	return false;
}

/* --- routes ----------------------------------------------------------------------------- */

/* Returns 0, or a negative errno after an error. */
static int
declare_route(struct tina4_app *app, const char *text)
{
	struct tina4_websocket_options with = { 0 };
	struct routetext route;
	char *pattern, *protocols;
	int r;

	if (routetext_parse(span_of(text), ',', &route) < 0) {
		log_error("wrong route --route=%s error=%s", text,
		    "its options must be secure, push-only, history=N, history_seconds=N and protocols=NAME:NAME");
		return -EINVAL;
	}
	with.secure = route.secure;
	with.history = route.history;
	with.history_seconds = route.history_seconds;
	pattern = strndup(route.pattern.data, route.pattern.len);
	protocols = strndup(route.protocols.data, route.protocols.len);
	with.protocols = protocols;
	r = pattern != NULL && protocols != NULL
	    ? tina4_websocket_with(app, pattern, route.push_only ? NULL : handler_run, &with)
	    : -ENOMEM;
	free(protocols);
	free(pattern);
	return r;
}

static int
declare_routes(struct tina4_app *app, const struct bridge *bridge)
{
	int r = 0;

	for (size_t i = 0; i < bridge->n_routes && r == 0; i++)
		r = declare_route(app, bridge->routes[i]);
	return r;
}

/* --- the two kinds ------------------------------------------------------------------------ */

static int
open_lines(const struct bridge *bridge, struct tina4_app *app)
{
	int r = lines_new(&app->remote, app, app->conf.exec);

	if (r < 0) {
		log_error("program not started command=%s error=%s", app->conf.exec, strerror(-r));
		return r;
	}
	return bridge->n_routes > 0 ? declare_routes(app, bridge) : lines_declare(app->remote);
}

static int
open_requests(const struct bridge *bridge, struct tina4_app *app)
{
	struct requests_options options = { app->conf.fastcgi, bridge->script, app->conf.requests, bridge->once };
	int r = requests_new(&app->remote, app, &options);

	if (r < 0) {
		log_error("wrong address TINA4_FASTCGI=%s error=%s", app->conf.fastcgi,
		    r == -EINVAL ? "must be unix:/path, host:port or :port" : strerror(-r));
		return r;
	}
	return bridge->n_routes > 0 ? declare_routes(app, bridge) : requests_declare(app->remote);
}

int
bridge_open(const struct bridge *bridge, struct tina4_app *app)
{
	return app->conf.exec[0] != '\0' ? open_lines(bridge, app) : open_requests(bridge, app);
}

void
bridge_close(struct tina4_app *app)
{
	if (app->remote != NULL)
		app->remote->free(app->remote);
	app->remote = NULL;
}
