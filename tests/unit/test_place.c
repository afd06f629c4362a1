#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/place.h"
#include "shared/buf.h"
#include "tests/tap.h"

static bool
finds(const char *name, const char *want)
{
	struct buf path = BUF_INIT;
	bool same = place_find(name, &path) == 0 && strcmp(buf_cstr(&path), want) == 0;

	buf_free(&path);
	return same;
}

int
main(void)
{
	char working[] = "/tmp/test_place.XXXXXX", program[PATH_MAX] = "", *beside;
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - sizeof("/place.XXXXXX"));
	const char *name;

	if (n < 0 || mkdtemp(working) == NULL || chdir(working) < 0)
		return 1;
	program[n] = '\0';
	strcpy(strrchr(program, '/'), "/place.XXXXXX");
	beside = mkdtemp(program);
	if (beside == NULL)
		return 1;
	name = strrchr(beside, '/') + 1;

	OK(finds("/srv/pages", "/srv/pages"), "an absolute name is what it says");
	OK(finds("nowhere", "nowhere"), "what is nowhere is for the working directory");
	OK(finds(name, beside), "what is beside the program is found from elsewhere");
	mkdir(name, 0700);
	OK(finds(name, name), "but the working directory comes first");
	rmdir(name);
	close(open(name, O_CREAT | O_WRONLY, 0600));
	OK(finds(name, beside), "in which a file is no folder");

	unlink(name);
	rmdir(beside);
	chdir("/");
	rmdir(working);
	return tap_done();
}
