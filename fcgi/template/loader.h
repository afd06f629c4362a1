/*
 * loader - reads the files of templates, and no others.
 *
 * A template's name is a path within the folder. No part of it begins with a
 * dot, and the file that it leads to, through links or not, lies in the folder.
 */
#ifndef FCGI_TEMPLATE_LOADER_H
#define FCGI_TEMPLATE_LOADER_H

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

struct buf;

/* Tells one content of a file from another. */
struct loader_version {
	dev_t device;
	ino_t inode;
	off_t bytes;
	struct timespec modified, changed;
	bool unsettled; /* it was written so short ago that its times cannot tell */
};

/* Whether the file is still what was read as this version. */
bool loader_is_current(const char *folder, const char *name, const struct loader_version *version);

/*
 * Reads a template. Returns 0, -ENOENT when there is none, -EPERM for a name
 * that is none or leads out of the folder, -EFBIG past TEMPLATE_MAX_BYTES, or
 * another negative errno; error says what, but for -ENOENT.
 */
int loader_read(
    const char *folder, const char *name, struct buf *ret, struct loader_version *ret_version, struct buf *error);

#endif
