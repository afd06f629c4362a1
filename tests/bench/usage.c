#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/usage.h"

/* schedstat counts nanoseconds; stat only ticks, of 10 ms. */
uint64_t
usage_cpu_ns(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	uint64_t sum = 0;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (tasks == NULL)
		return 0;
	while ((entry = readdir(tasks)) != NULL) {
		FILE *stream;
		uint64_t ns;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", (int)pid, entry->d_name);
		stream = fopen(path, "r");
		if (stream == NULL)
			continue;
		if (fscanf(stream, "%" SCNu64, &ns) == 1)
			sum += ns;
		fclose(stream);
	}
	closedir(tasks);
	return sum;
}

uint64_t
usage_rss_kib(pid_t pid)
{
	char path[64], line[256];
	uint64_t kib = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	stream = fopen(path, "r");
	if (stream == NULL)
		return 0;
	while (fgets(line, sizeof(line), stream) != NULL && sscanf(line, "VmRSS: %" SCNu64, &kib) != 1)
		;
	fclose(stream);
	return kib;
}
