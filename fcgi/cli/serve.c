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

/* An installed program runs the installed script; one in a build folder that of its source. */
static void
find_script(char ret[static PATH_MAX])
{
	char folder[PATH_MAX];
	int n;

	if (find_own_folder(folder) && strcmp(folder, CLI_BINDIR) != 0) {
		for (int i = 0; i < LEVELS && folder[0] != '\0'; i++) {
			n = snprintf(ret, PATH_MAX, "%s/deploy/tina4-serve", folder);
			if (n < PATH_MAX && access(ret, X_OK) == 0)
				return;
			go_up(folder);
		}
	}
	strcpy(ret, CLI_DEPLOYDIR "/tina4-serve");
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

int
cli_serve(int argc, char **argv)
{
	char script[PATH_MAX];

	(void)argc;
	find_script(script);
	argv[0] = script;
	if (lead_path() == 0)
		execv(script, argv);
	fprintf(stderr, "tina4: cannot run %s: %s\n", script, strerror(errno));
	return CLI_FAILED;
}
