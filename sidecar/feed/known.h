/*
 * known - which apps there were before a restart, remembered in a file.
 *
 * A sidecar that has just started cannot tell a path of nobody from one whose
 * app is not back yet. So it writes down which apps have routes, each time that
 * changes, and awaits those after the next start. The file is a hint: one that
 * is damaged is ignored, and nothing of it is a route.
 *
 * It is a line of its version and a checksum, then each name and a NUL, sorted.
 */
#ifndef SIDECAR_KNOWN_H
#define SIDECAR_KNOWN_H

#include "shared/buf.h"
#include "shared/span.h"
#include "sidecar/feed/routes.h"

enum known_limits {
	KNOWN_MAX_BYTES = 64 + ROUTES_MAX_APPS * (ROUTES_MAX_NAME + 1), /* of a file */
};

struct known {
	struct routes *routes; /* borrowed */
	char *path;
	struct buf written; /* what the file holds, as far as we know */
};

/*
 * Reads the file and awaits its apps: see statefile.h, with the suffix ".apps".
 * Returns 0, also when there is no file or none that is of use, or -ENOMEM.
 */
int known_open(struct known *known, struct routes *routes, const char *bus_path, const char *state_directory);
void known_close(struct known *known);

/* Writes the file if the apps have changed. */
void known_turn(struct known *known);

/* Those who have not come back are not awaited any more. */
void known_give_up(struct known *known);

/* --- the file's bytes: pure ------------------------------------------------------------ */

/* The apps that have announced routes and those that are awaited, at most ROUTES_MAX_APPS of them. */
void known_put(const struct routes *routes, struct buf *ret);

/* Awaits all apps of a file, or none of a damaged one. Returns 0, -EBADMSG when it is damaged, or -ENOMEM. */
int known_take(struct routes *routes, struct span file);

#endif
