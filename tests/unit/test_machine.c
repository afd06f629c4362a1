#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sidecar/machine.h"
#include "tests/tap.h"

static char root[] = "/tmp/tina4-machine-XXXXXX";

static void
put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, folder);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
	file = fopen(path, "w");
	if (file != NULL) {
		fputs(text, file);
		fclose(file);
	}
}

static void
drop(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s/%s", root, folder, name);
	remove(path);
}

static void
groups_limit_memory(void)
{
	OK(machine_group_memory("0::/\n", root) == UINT64_MAX, "without a limit there is none");
	put("/system.slice", "memory.max", "max\n");
	put("/system.slice/tina4.service", "memory.max", "268435456\n");
	OK(machine_group_memory("0::/system.slice/tina4.service\n", root) == 268435456, "a unit has one");
	OK(machine_group_memory("0::/system.slice\n", root) == UINT64_MAX, "its slice has none");
	put("/system.slice", "memory.max", "1048576\n");
	OK(machine_group_memory("0::/system.slice/tina4.service\n", root) == 1048576, "the least one holds");
	put("", "memory.max", "4096\n");
	OK(machine_group_memory("0::/\n", root) == 4096, "a container's is at the root");
	drop("", "memory.max");
}

static void
version_1_does_too(void)
{
	put("/memory", "memory.limit_in_bytes", "9223372036854771712\n");
	put("/memory/docker", "memory.limit_in_bytes", "536870912\n");
	OK(machine_group_memory("4:memory:/docker\n3:cpu,cpuacct:/docker\n", root) == 536870912, "version 1 has one");
	OK(machine_group_memory("3:cpu,memory:/\n", root) > UINT64_MAX / 4, "or a number that is none");
	OK(machine_group_memory("nonsense\n\n:\n", root) == UINT64_MAX, "nonsense is no limit");
}

int
main(void)
{
	if (mkdtemp(root) == NULL)
		return 99;
	groups_limit_memory();
	version_1_does_too();
	OK(machine_memory() > 1 << 20, "this machine has some");
	drop("/system.slice/tina4.service", "memory.max");
	drop("/system.slice", "tina4.service");
	drop("/system.slice", "memory.max");
	drop("", "system.slice");
	drop("/memory/docker", "memory.limit_in_bytes");
	drop("/memory", "docker");
	drop("/memory", "memory.limit_in_bytes");
	drop("", "memory");
	rmdir(root);
	return tap_done();
}
