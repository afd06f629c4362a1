#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sidecar/machine.h"

enum { TEXT_MAX = 4096 };

/* Reads a small file as a text. Returns false when there is none. */
static bool
read_text(const char *path, char ret[static TEXT_MAX])
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		return false;
	n = fread(ret, 1, TEXT_MAX - 1, file);
	ret[n] = '\0';
	fclose(file);
	return n > 0;
}

/* "max", and what version 1 says for no limit, are more than any machine has. */
static uint64_t
limit_in(const char *root, const char *group, const char *name)
{
	char path[PATH_MAX], text[TEXT_MAX];
	uint64_t limit;
	char *end;

	if (snprintf(path, sizeof(path), "%s%s/%s", root, group, name) >= (int)sizeof(path) || !read_text(path, text))
		return UINT64_MAX;
	limit = strtoull(text, &end, 10);
	return end == text || limit == 0 ? UINT64_MAX : limit;
}

/* The least limit of a group and of those around it. */
static uint64_t
limit_of(const char *root, const char *group, const char *name)
{
	char around[TEXT_MAX];
	uint64_t least = limit_in(root, "", name); /* a container sees its own group as the root */
	char *slash;

	snprintf(around, sizeof(around), "%s", group);
	while ((slash = strrchr(around, '/')) != NULL) {
		uint64_t limit = limit_in(root, around, name);

		if (limit < least)
			least = limit;
		*slash = '\0';
	}
	return least;
}

/* Splits a line "ID:CONTROLLERS:GROUP" of /proc/self/cgroup. Returns false when it is another. */
static bool
split(char *line, char **ret_controllers, char **ret_group)
{
	strsep(&line, ":");
	*ret_controllers = strsep(&line, ":");
	*ret_group = line;
	return line != NULL;
}

static bool
has_memory(char *controllers)
{
	char *name;

	while ((name = strsep(&controllers, ",")) != NULL)
		if (strcmp(name, "memory") == 0)
			return true;
	return false;
}

uint64_t
machine_group_memory(const char *cgroup, const char *root)
{
	char text[TEXT_MAX], root_1[PATH_MAX], *rest = text, *line, *controllers, *group;
	uint64_t least = UINT64_MAX, limit;

	snprintf(text, sizeof(text), "%s", cgroup);
	snprintf(root_1, sizeof(root_1), "%s/memory", root);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (!split(line, &controllers, &group))
			continue;
		limit = UINT64_MAX;
		if (*controllers == '\0')
			limit = limit_of(root, group, "memory.max");
		else if (has_memory(controllers))
			limit = limit_of(root_1, group, "memory.limit_in_bytes");
		if (limit < least)
			least = limit;
	}
	return least;
}

uint64_t
machine_memory(void)
{
	uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE), granted = UINT64_MAX;
	char text[TEXT_MAX];

	if (read_text("/proc/self/cgroup", text))
		granted = machine_group_memory(text, "/sys/fs/cgroup");
	return granted < all ? granted : all;
}
