#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "shared/hash.h"
#include "shared/log.h"
#include "sidecar/feed/known.h"

/* --- its bytes -------------------------------------------------------------------------- */

void
known_put_head(struct buf *ret, struct span names)
{
	static const uint64_t key[2] = { 0, 0 }; /* against damage, not against an enemy */

	buf_printf(ret, "tina4-apps 1 %016" PRIx64 "\n", hash_siphash(key, names.len > 0 ? names.data : "", names.len));
}

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns how many. */
static size_t
collect(const struct routes *routes, const char *ret[static ROUTES_MAX_APPS])
{
	const struct route_app *app;
	const struct route_awaited *awaited;
	size_t n = 0;

	DL_FOREACH(routes->apps, app)
		if (app->routes != NULL && !app->of_settings && n < ROUTES_MAX_APPS)
			ret[n++] = app->name;
	DL_FOREACH(routes->awaited, awaited)
		if (n < ROUTES_MAX_APPS)
			ret[n++] = awaited->name;
	qsort(ret, n, sizeof(*ret), compare);
	return n;
}

void
known_put(const struct routes *routes, struct buf *ret)
{
	const char *names[ROUTES_MAX_APPS];
	size_t n = collect(routes, names);
	struct buf bytes = BUF_INIT;

	for (size_t i = 0; i < n; i++)
		if (i == 0 || strcmp(names[i - 1], names[i]) != 0)
			buf_bytes(&bytes, names[i], strlen(names[i]) + 1);
	known_put_head(ret, span_of_buf(&bytes));
	buf_bytes(ret, bytes.data, bytes.len);
	ret->failed |= bytes.failed;
	buf_free(&bytes);
}

/* Takes a name off the front, and its NUL. Returns false when there is none. */
static bool
next_name(struct span *names, struct span *ret)
{
	const char *end = names->len > 0 ? memchr(names->data, '\0', names->len) : NULL;

	if (end == NULL)
		return false;
	*ret = (struct span){ names->data, (size_t)(end - names->data) };
	*names = span_from(*names, ret->len + 1);
	return true;
}

static bool
are_names(struct span names)
{
	struct span name, last = SPAN_EMPTY;
	size_t n = 0;

	while (next_name(&names, &name)) {
		if (++n > ROUTES_MAX_APPS || name.len > ROUTES_MAX_NAME || span_compare(last, name) >= 0)
			return false; /* an empty one is not above the one before it either */
		last = name;
	}
	return names.len == 0;
}

/* Of a file whose first line is just what it would be for what follows it. */
static int
names_of(struct span file, struct span *ret)
{
	const char *end = file.len > 0 ? memchr(file.data, '\n', file.len) : NULL;
	struct buf head = BUF_INIT;
	struct span names;
	int r = -EBADMSG;

	if (end == NULL)
		return r;
	names = span_from(file, (size_t)(end - file.data) + 1);
	known_put_head(&head, names);
	if (head.failed)
		r = -ENOMEM;
	else if (head.len + names.len == file.len && memcmp(head.data, file.data, head.len) == 0 && are_names(names))
		r = 0;
	buf_free(&head);
	if (r == 0)
		*ret = names;
	return r;
}

int
known_take(struct routes *routes, struct span file)
{
	struct span names, name;
	int r = names_of(file, &names);

	while (r == 0 && next_name(&names, &name))
		r = routes_await(routes, name);
	return r == 0 || r == -ENOMEM ? r : -EBADMSG;
}

/* --- reading ------------------------------------------------------------------------------ */

/* Returns 0 or a negative errno. */
static int
read_from(int fd, struct buf *ret)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return -errno;
	if (!S_ISREG(stat.st_mode))
		return -EBADMSG;
	if (buf_reserve(ret, KNOWN_MAX_BYTES + 1) < 0)
		return -ENOMEM;
	while (ret->len <= KNOWN_MAX_BYTES) {
		ssize_t n = read(fd, ret->data + ret->len, KNOWN_MAX_BYTES + 1 - ret->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		ret->len += (size_t)n;
	}
	return -EFBIG;
}

static int
load(struct known *known)
{
	int fd = open(known->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = read_from(fd, &known->written);
	close(fd);
	return r < 0 ? r : known_take(known->routes, span_of_buf(&known->written));
}

static char *
path_of(const char *bus_path, const char *state_directory)
{
	const char *slash = strrchr(bus_path, '/');
	const char *name = slash != NULL ? slash + 1 : bus_path;
	char *path = NULL;
	int r;

	if (state_directory != NULL && *state_directory == '/')
		r = asprintf(&path, "%.*s/%s.apps", (int)strcspn(state_directory, ":"), state_directory, name);
	else
		r = asprintf(&path, "%s.apps", bus_path);
	return r < 0 ? NULL : path;
}

int
known_open(struct known *known, struct routes *routes, const char *bus_path, const char *state_directory)
{
	int r;

	*known = (struct known){ .routes = routes, .path = path_of(bus_path, state_directory) };
	if (known->path == NULL)
		return -ENOMEM;
	r = load(known);
	if (r == 0 || r == -ENOMEM)
		return r;
	buf_clear(&known->written);
	if (r != -ENOENT)
		log_warn("apps of the last run not known file=%s error=%s", known->path,
		    r == -EBADMSG ? "damaged" : strerror(-r));
	return 0;
}

void
known_close(struct known *known)
{
	free(known->path);
	buf_free(&known->written);
	*known = (struct known){ 0 };
}

/* --- writing ------------------------------------------------------------------------------- */

/* To a file, where a short write is one that failed. */
static int
write_to(int fd, struct span bytes)
{
	ssize_t n = write(fd, bytes.data, bytes.len);

	if (n < 0)
		return -errno;
	return (size_t)n == bytes.len ? 0 : -ENOSPC;
}

/*
 * Aside, and renamed, so that there is the old file or the new one. Nothing is
 * synced: a power failure may damage it, which the next start sees.
 */
static int
replace(const char *path, const char *aside, struct span bytes)
{
	int fd, r;

	if (unlink(aside) < 0 && errno != ENOENT) /* of one that died here */
		return -errno;
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = write_to(fd, bytes);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(aside);
	return r;
}

static int
save(const struct known *known, struct span bytes)
{
	char *aside = NULL;
	int r;

	if (asprintf(&aside, "%s.new", known->path) < 0)
		return -ENOMEM;
	r = replace(known->path, aside, bytes);
	free(aside);
	return r;
}

void
known_turn(struct known *known)
{
	struct buf bytes = BUF_INIT;
	int r;

	if (!known->routes->apps_changed)
		return;
	known->routes->apps_changed = false;
	known_put(known->routes, &bytes);
	if (!bytes.failed && span_equal(span_of_buf(&bytes), span_of_buf(&known->written))) {
		buf_free(&bytes);
		return;
	}
	r = bytes.failed ? -ENOMEM : save(known, span_of_buf(&bytes));
	if (r < 0)
		log_warn("apps not remembered file=%s error=%s", known->path, strerror(-r));
	/* What failed is not tried again before the next change, and then in any case. */
	buf_free(&known->written);
	if (r == 0)
		known->written = bytes;
	else
		buf_free(&bytes);
}

void
known_give_up(struct known *known)
{
	const struct route_awaited *awaited;

	DL_FOREACH(known->routes->awaited, awaited)
		log_info("app not back app=%s", awaited->name);
	routes_await_none(known->routes);
}
