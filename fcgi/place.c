#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fcgi/place.h"
#include "shared/buf.h"

static bool
is_folder(struct buf *path)
{
	struct stat status;

	return buf_cstr(path) != NULL && stat(buf_cstr(path), &status) == 0 && S_ISDIR(status.st_mode);
}

/* Splits the path of this program. Returns false when it is not known. */
static bool
find_program(char folder[static PATH_MAX], const char **ret_name)
{
	ssize_t n = readlink("/proc/self/exe", folder, PATH_MAX - 1);
	char *slash;

	if (n < 0)
		return false;
	folder[n] = '\0';
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	*ret_name = slash + 1;
	return true;
}

static void
put_candidate(struct buf *ret, unsigned i, const char *folder, const char *program, const char *name)
{
	buf_clear(ret);
	if (i == 0)
		buf_string(ret, name);
	else if (i == 1)
		buf_printf(ret, "%s/%s", folder, name);
	else
		buf_printf(ret, "%s/%s/%s", TINA4_APPSDIR, program, name);
}

int
place_find(const char *name, struct buf *ret)
{
	struct buf path = BUF_INIT;
	char folder[PATH_MAX];
	const char *program;
	bool found = name[0] == '/' || !find_program(folder, &program);

	if (found)
		buf_string(&path, name);
	for (unsigned i = 0; i < 3 && !found; i++) {
		put_candidate(&path, i, folder, program, name);
		found = is_folder(&path);
	}
	if (!found)
		put_candidate(&path, 0, folder, program, name);
	buf_bytes(ret, path.data, path.len);
	ret->failed |= path.failed;
	buf_free(&path);
	return ret->failed ? -ENOMEM : 0;
}
