#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/cli/served.h"
#include "shared/listener.h"

enum { LINE_MAX_BYTES = 4096 };

static const char folder_name[] = "FOLDER", bus_name[] = "TINA4_BUS", ipc[] = "ipc://";

/* Opens the folder of the files, if it is this user's alone: what stands in /tmp may be anybody's. */
static DIR *
open_folder(char ret[static PATH_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat status;
	int n = runtime != NULL && *runtime != '\0'
	    ? snprintf(ret, PATH_MAX, "%s/tina4-serve", runtime)
	    : snprintf(ret, PATH_MAX, "/tmp/tina4-%u/tina4-serve", (unsigned)geteuid());

	if (n >= PATH_MAX || lstat(ret, &status) < 0 || !S_ISDIR(status.st_mode))
		return NULL;
	if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return NULL;
	return opendir(ret);
}

/* Copies the value that a file has for a name. Returns false when it has none. */
static bool
read_value(const char *path, const char *name, char ret[static LINE_MAX_BYTES])
{
	size_t len = strlen(name);
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_BYTES];
	bool found = false;

	while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, len) == 0 && line[len] == '=') {
			line[strcspn(line, "\n")] = '\0';
			strcpy(ret, line + len + 1);
			found = true;
		}
	if (file != NULL)
		fclose(file);
	return found;
}

/* Whoever was killed has left its file, and nobody listens there. */
static bool
is_alive(const char *path)
{
	char bus[LINE_MAX_BYTES];

	return read_value(path, bus_name, bus) && strncmp(bus, ipc, strlen(ipc)) == 0 &&
	    listener_probe(bus + strlen(ipc)) == -EADDRINUSE;
}

static bool
runs_here(const char *path)
{
	char folder[LINE_MAX_BYTES], here[PATH_MAX];

	return read_value(path, folder_name, folder) && getcwd(here, sizeof(here)) != NULL && strcmp(folder, here) == 0;
}

static void
take_settings(const char *path)
{
	static const char *const names[] = { bus_name, "TINA4_ADMIN", "TINA4_SECRET" };
	char value[LINE_MAX_BYTES];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (read_value(path, names[i], value))
			setenv(names[i], value, false);
}

void
served_choose(void)
{
	char folder[PATH_MAX], path[2 * PATH_MAX], found[2 * PATH_MAX] = "";
	unsigned alive = 0, here = 0;
	struct dirent *entry;
	DIR *dir = open_folder(folder);

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		bool mine;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || !is_alive(path))
			continue;
		mine = runs_here(path);
		if (mine || here == 0)
			strcpy(found, path);
		alive++;
		here += mine;
	}
	if (dir != NULL)
		closedir(dir);
	if (here == 1 || (here == 0 && alive == 1))
		take_settings(found);
	else if (alive > 1)
		fprintf(stderr, "tina4: %u apps are served: go to the folder of one, or set TINA4_BUS\n", alive);
}
