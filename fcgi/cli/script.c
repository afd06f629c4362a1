#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/cli/cli.h"

enum { LEVELS = 4 }; /* from a program in its build folder up to the source tree */

/* Cuts the last part off a path. Returns false when there is none. */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

/* Writes the folder that this program lies in. */
static bool
find_own_folder(char ret[static PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - 1);

	if (n < 0)
		return false;
	ret[n] = '\0';
	return go_up(ret);
}

/*
 * An installed program runs the script that was installed with it, wherever that
 * was moved to; one in a build folder that of its source.
 */
static void
find_script(const char *name, char ret[static PATH_MAX])
{
	static const char *const places[] = { "share/tina4/deploy", "deploy" };
	char folder[PATH_MAX];

	if (find_own_folder(folder))
		for (int level = 0; level < LEVELS && folder[0] != '\0'; level++, go_up(folder))
			for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
				if (snprintf(ret, PATH_MAX, "%s/%s/%s", folder, places[i], name) < PATH_MAX &&
				    access(ret, X_OK) == 0)
					return;
	snprintf(ret, PATH_MAX, CLI_DEPLOYDIR "/%s", name);
}

/* tina4-sidecar lies where this program does. Returns 0 or -1. */
static int
lead_path(void)
{
	const char *before = getenv("PATH");
	char folder[PATH_MAX], *path;
	int r;

	if (!find_own_folder(folder))
		return -1;
	if (asprintf(&path, "%s:%s", folder, before != NULL ? before : "/usr/bin:/bin") < 0)
		return -1;
	r = setenv("PATH", path, true);
	free(path);
	return r;
}

/* Becomes a script, which gets the arguments. */
static int
run(const char *name, char **argv)
{
	char script[PATH_MAX];

	find_script(name, script);
	argv[0] = script;
	if (lead_path() == 0)
		execv(script, argv);
	fprintf(stderr, "tina4: cannot run %s: %s\n", script, strerror(errno));
	return CLI_FAILED;
}

int
cli_serve(int argc, char **argv)
{
	(void)argc;
	return run("tina4-serve", argv);
}

int
cli_new(int argc, char **argv)
{
	(void)argc;
	return run("tina4-new", argv);
}
