/*
 * A sidecar whose own allocations fail now and then: linked with its main.c in the
 * place of malloc() and its kin (--wrap).
 *
 * One in SHORTAGE_RATE fails while the file SHORTAGE_FILE exists; which ones
 * depends on SHORTAGE_SEED.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
int __real_posix_memalign(void **ret, size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
int __wrap_posix_memalign(void **ret, size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);

static unsigned
number(const char *name)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
}

static bool
fails(void)
{
	static _Thread_local unsigned state;
	const char *file = getenv("SHORTAGE_FILE");

	if (file == NULL || access(file, F_OK) < 0)
		return false;
	if (state == 0)
		state = number("SHORTAGE_SEED") + 1;
	if ((unsigned)rand_r(&state) % number("SHORTAGE_RATE") != 0)
		return false;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

int
__wrap_posix_memalign(void **ret, size_t alignment, size_t size)
{
	return fails() ? ENOMEM : __real_posix_memalign(ret, alignment, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *
__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : __real_strndup(text, n);
}
