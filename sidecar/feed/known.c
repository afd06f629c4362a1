#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/log.h"
#include "sidecar/feed/known.h"
#include "sidecar/hub/statefile.h"

/* --- its bytes -------------------------------------------------------------------------- */

static const char WHAT[] = "tina4-apps";

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
	statefile_put_head(ret, WHAT, span_of_buf(&bytes));
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

int
known_take(struct routes *routes, struct span file)
{
	struct span names, name;
	int r = statefile_body(file, WHAT, &names);

	if (r == 0 && !are_names(names))
		r = -EBADMSG;
	while (r == 0 && next_name(&names, &name))
		r = routes_await(routes, name);
	return r == 0 || r == -ENOMEM ? r : -EBADMSG;
}

/* --- reading ------------------------------------------------------------------------------ */

static int
load(struct known *known)
{
	int r = statefile_read(known->path, KNOWN_MAX_BYTES, &known->written);

	return r < 0 ? r : known_take(known->routes, span_of_buf(&known->written));
}

int
known_open(struct known *known, struct routes *routes, const char *bus_path, const char *state_directory)
{
	int r;

	*known = (struct known){ .routes = routes, .path = statefile_path(bus_path, state_directory, ".apps") };
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
	r = bytes.failed ? -ENOMEM : statefile_write(known->path, span_of_buf(&bytes));
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
