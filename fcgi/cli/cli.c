#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/app.h"
#include "fcgi/cli/cli.h"
#include "fcgi/cli/served.h"
#include "shared/buf.h"
#include "shared/listener.h"
#include "shared/log.h"

/* True when settings of this folder say which sidecar is meant. */
static bool
names_a_bus(void)
{
	struct conf conf;
	struct buf errors = BUF_INIT;
	bool named = true;

	if (getenv("TINA4_ENV_FILE") != NULL || getenv("TINA4_BUS") != NULL)
		return true;
	if (conf_load(&conf, environ, &errors) == 0)
		named = strcmp(conf.bus, CONF_DEFAULT_BUS) != 0;
	conf_free(&conf);
	buf_free(&errors);
	return named;
}

void
cli_choose_settings(void)
{
	if (!names_a_bus())
		served_choose();
	if (getenv("TINA4_ENV_FILE") == NULL && access(".env", F_OK) < 0 && access(CLI_INSTALLED_ENV, R_OK) == 0)
		setenv("TINA4_ENV_FILE", CLI_INSTALLED_ENV, true);
}

bool
cli_bus_is_closed(const struct tina4_app *app)
{
	int r = listener_probe(conf_bus_path(&app->conf));

	return r == -EACCES || r == -EPERM;
}

struct tina4_app *
cli_app(void)
{
	struct tina4_app *app = tina4_app_new();
	struct buf errors = BUF_INIT;
	int r;

	cli_choose_settings();
	r = app == NULL ? -ENOMEM : conf_load(&app->conf, environ, &errors);
	if (r == 0) {
		log_open("tina4", (enum log_level)app->conf.log_level);
	} else {
		if (r == -EINVAL)
			fwrite(errors.data, 1, errors.len, stderr);
		else
			fprintf(stderr, "tina4: settings: %s\n", strerror(-r));
		tina4_app_free(app);
		app = NULL;
	}
	buf_free(&errors);
	return app;
}

int
cli_usage(const char *usage)
{
	fprintf(stderr, "usage: tina4 %s", usage);
	return CLI_USAGE;
}

int
cli_failed(const struct tina4_app *app, const char *path, int error)
{
	switch (error) {
	case -EINVAL:
		fprintf(stderr, "tina4: \"%s\": a path begins with a slash\n", path);
		return CLI_USAGE;
	case -ENOENT:
		fprintf(stderr, "tina4: %s: no route matches this path\n", path);
		return CLI_NO_ROUTE;
	case -EAGAIN:
		fprintf(stderr, "tina4: %s: not ready: no app has announced this path yet\n", path);
		return CLI_NOT_READY;
	case -EMSGSIZE:
	case -EILSEQ:
		fprintf(stderr, "tina4: the data: %s\n", tina4_strerror(error));
		return CLI_BAD_DATA;
	case -ENOTCONN:
		fprintf(stderr,
		    cli_bus_is_closed(app)
			? "tina4: TINA4_BUS=%s is closed to this user, who must be in the group of that socket\n"
			: "tina4: no sidecar answers at TINA4_BUS=%s\n",
		    app->conf.bus);
		return CLI_NO_SIDECAR;
	case -ETIMEDOUT:
		fprintf(stderr, "tina4: no answer in time from the sidecar at TINA4_BUS=%s\n", app->conf.bus);
		return CLI_NO_ANSWER;
	default:
		fprintf(stderr, "tina4: %s\n", tina4_strerror(error));
		return CLI_FAILED;
	}
}
