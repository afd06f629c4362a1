#include <string.h>
#include <sys/stat.h>

#include "fcgi/ws/change.h"

static bool
look(const char *path, struct change_mark *ret)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return false;
	*ret = (struct change_mark){ status.st_dev, status.st_ino, status.st_size, status.st_mtim };
	return true;
}

static bool
is_same(const struct change_mark *a, const struct change_mark *b)
{
	return a->device == b->device && a->inode == b->inode && a->size == b->size &&
	    a->modified.tv_sec == b->modified.tv_sec && a->modified.tv_nsec == b->modified.tv_nsec;
}

void
change_open(struct change *change, const char *path)
{
	*change = (struct change){ .path = path };
	if (path != NULL)
		look(path, &change->known);
	change->seen = change->known;
}

bool
change_look(struct change *change, int64_t now_ms)
{
	struct change_mark mark;

	if (change->path == NULL || !look(change->path, &mark))
		return false;
	if (!is_same(&mark, &change->seen)) {
		change->seen = mark;
		change->since_ms = now_ms;
	}
	if (is_same(&mark, &change->known) || now_ms - change->since_ms < CHANGE_SETTLE_MS)
		return false;
	change->known = mark;
	return true;
}
