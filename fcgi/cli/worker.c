#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "fcgi/app.h"
#include "fcgi/bridge/bridge.h"
#include "fcgi/cli/cli.h"
#include "fcgi/listing.h"
#include "fcgi/role.h"
#include "fcgi/run.h"

static const char usage[] = "worker [OPTIONS] --exec COMMAND | --fastcgi ADDRESS SCRIPT\n"
			    "\n"
			    "  --exec COMMAND       handlers are in a program that stays: a JSON object a line\n"
			    "  --fastcgi ADDRESS    handlers are in a script behind FastCGI: unix:/path, host:port\n"
			    "  --processes N        so many programs, or auto for one a core\n"
			    "  --requests N         so many requests at once (8)\n"
			    "  --route PATTERN[,secure][,push-only]\n"
			    "                       a route; the other side is not asked for its routes\n"
			    "  --timeout SECONDS    of a handler (30)\n"
			    "  --watch FILE         starts anew when this file changes; it is SCRIPT by itself\n"
			    "  --app NAME           what the sidecar knows it by\n"
			    "  --check              prints the routes, and ends\n";

enum option_letter { EXEC, FASTCGI, PROCESSES, REQUESTS, ROUTE, TIMEOUT, WATCH, APP, CHECK };

static const struct option options[] = {
	{ "exec", required_argument, NULL, EXEC },
	{ "fastcgi", required_argument, NULL, FASTCGI },
	{ "processes", required_argument, NULL, PROCESSES },
	{ "workers", required_argument, NULL, PROCESSES },
	{ "requests", required_argument, NULL, REQUESTS },
	{ "route", required_argument, NULL, ROUTE },
	{ "timeout", required_argument, NULL, TIMEOUT },
	{ "watch", required_argument, NULL, WATCH },
	{ "app", required_argument, NULL, APP },
	{ "check", no_argument, NULL, CHECK },
	{ NULL, 0, NULL, 0 },
};

/* What the arguments say that is no setting. All borrowed from them. */
struct order {
	struct bridge bridge;
	char **routes;
	const char *watch;
	bool check;
};

/* Settings are judged where all are. Returns false for what is no option. */
static bool
take_option(struct order *order, int option)
{
	static const char *const settings[] = {
		[EXEC] = "TINA4_EXEC",
		[FASTCGI] = "TINA4_FASTCGI",
		[PROCESSES] = "TINA4_WORKERS",
		[REQUESTS] = "TINA4_REQUESTS",
		[TIMEOUT] = "TINA4_HANDLER_TIMEOUT",
		[APP] = "TINA4_APP",
	};

	switch (option) {
	case ROUTE:
		order->routes[order->bridge.n_routes++] = optarg;
		return true;
	case WATCH:
		order->watch = optarg;
		return true;
	case CHECK:
		order->check = true;
		return true;
	case '?':
		return false;
	}
	if ((option == EXEC || option == FASTCGI) && setenv(settings[EXEC + FASTCGI - option], "", true) < 0)
		return false; /* it takes the other's place */
	return setenv(settings[option], optarg, true) == 0;
}

static bool
parse(int argc, char **argv, struct order *order)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!take_option(order, option))
			return false;
	if (optind < argc && setenv("TINA4_SCRIPT", argv[optind++], true) < 0)
		return false;
	return optind == argc;
}

/* In a worker process. */
static int
declare(struct tina4_app *app)
{
	return bridge_open(tina4_app_user(app), app);
}

/* Opens it, as a worker would, and closes it again. */
static int
check(struct tina4_app *app, struct bridge *bridge)
{
	int r;

	bridge->once = true;
	r = bridge_open(bridge, app);
	if (r == 0)
		listing_print(app, stdout);
	bridge_close(app);
	return r < 0 ? CLI_FAILED : CLI_DONE;
}

static int
run(struct tina4_app *app, struct order *order, char **argv)
{
	static const struct role role = { .kind = ROLE_WORKER, .fd = -1 };
	int status;

	conf_free(&app->conf); /* it reads them again */
	app->name = order->bridge.name;
	app->watched = order->watch;
	if (app->watched == NULL && order->bridge.script[0] != '\0')
		app->watched = order->bridge.script;
	app->declare = declare;
	tina4_app_set_user(app, &order->bridge);
	status = run_as(app, &role, argv);
	bridge_close(app);
	return status;
}

static int
work(struct order *order, char **argv)
{
	struct tina4_app *app = cli_app();
	int status = CLI_USAGE;

	if (app == NULL)
		return CLI_USAGE;
	if (bridge_check(&order->bridge, &app->conf))
		status = order->check ? check(app, &order->bridge) : run(app, order, argv);
	tina4_app_free(app);
	return status;
}

int
cli_worker(int argc, char **argv)
{
	struct order order = { 0 };
	int status = CLI_USAGE;

	order.routes = calloc((size_t)argc, sizeof(*order.routes));
	order.bridge.routes = order.routes;
	if (order.routes != NULL)
		status = parse(argc, argv, &order) ? work(&order, argv - 1) : cli_usage(usage);
	free(order.routes);
	return status;
}
