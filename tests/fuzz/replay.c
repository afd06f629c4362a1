/*
 * replay - runs a fuzz target over stored inputs, as a test.
 *
 * Its arguments are files and directories of files; without any it is the
 * target's own corpus in the source tree, fuzz_NAME's being corpus/NAME.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/tap.h"

static bool
read_file(const char *path, struct buf *ret)
{
	FILE *stream = fopen(path, "r");
	size_t n = 1;
	bool whole;

	if (stream == NULL)
		return false;
	while (n > 0 && buf_reserve(ret, 4096) == 0) {
		n = fread(ret->data + ret->len, 1, 4096, stream);
		ret->len += n;
	}
	whole = !ferror(stream) && !ret->failed;
	fclose(stream);
	return whole;
}

/* Hands the input over in memory that ends where it ends, so that a sanitizer sees the bounds. */
static bool
replay_file(const char *path)
{
	struct buf input = BUF_INIT;
	uint8_t *exact = NULL;
	bool done = false;

	if (read_file(path, &input))
		exact = malloc(input.len > 0 ? input.len : 1);
	if (exact != NULL) {
		if (input.len > 0)
			memcpy(exact, input.data, input.len);
		done = LLVMFuzzerTestOneInput(exact, input.len) == 0;
	}
	free(exact);
	buf_free(&input);
	return OK(done, path);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay(const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, is_visible, alphasort);

	if (n < 0) {
		replay_file(path);
		return;
	}
	for (int i = 0; i < n; i++) {
		char file[1024];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		replay_file(file);
		free(entries[i]);
	}
	free(entries);
}

static void
replay_own_corpus(void)
{
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	const char *srcdir = getenv("srcdir"); /* automake's */
	char path[1024];

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s", srcdir != NULL ? srcdir : ".",
	    name != NULL ? name + strlen("fuzz_") : "");
	replay(path);
}

int
main(int argc, char **argv)
{
	if (argc < 2)
		replay_own_corpus();
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return tap_done();
}
