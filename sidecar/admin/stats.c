#include <string.h>
#include <utlist.h>

#include "shared/buf.h"
#include "shared/logfmt.h"
#include "shared/path.h"
#include "sidecar/admin/figures.h"
#include "sidecar/hub/hub.h"
#include "sidecar/feed/routes.h"
#include "sidecar/admin/stats.h"
#include "sidecar/feed/workers.h"

/* Ends a line with a name that a peer or a client chose: it makes no second line, and is UTF-8. */
static void
put_name(struct buf *lines, const char *name)
{
	char escaped[4 * PATH_MAX_BYTES + 1];

	logfmt_escape(name, strlen(name), escaped, sizeof(escaped));
	buf_printf(lines, " %s\n", escaped);
}

static void
put_figures(const struct figures *figures, struct buf *lines)
{
	for (int i = 0; i < FIGURES; i++)
		if (figure_names[i].stat != NULL && figure_exists(figures, (enum figure)i))
			buf_printf(lines, "%s=%llu\n", figure_names[i].stat,
			    (unsigned long long)figure_value(figures, (enum figure)i));
}

static void
put_workers(const struct workers *workers, struct buf *lines)
{
	const struct worker *worker, *next;

	HASH_ITER(hh, workers->by_peer, worker, next) {
		buf_printf(lines, "worker=%u %zu %u", worker->n_owed, worker->bytes, worker->n_routes);
		put_name(lines, worker->app->name);
	}
}

/* A route that is told, and how many connections came by it. */
struct share {
	const struct route *route;
	uint32_t connections;
};

/* One walk over the paths, of which there may be many. */
static void
count_connections(const struct hub *hub, struct share *shares, int n)
{
	const struct path *path, *next;

	HASH_ITER(hh, hub->paths, path, next) {
		int i = 0;

		while (i < n && shares[i].route != path->route)
			i++;
		if (i < n)
			shares[i].connections += path->count;
	}
}

static void
put_routes(const struct figures *figures, struct buf *lines)
{
	struct share shares[STATS_MAX_ROUTES];
	const struct route_app *app;
	const struct route *route;
	int n = 0;

	DL_FOREACH(figures->routes->apps, app)
		DL_FOREACH(app->routes, route)
			if (n < STATS_MAX_ROUTES)
				shares[n++] = (struct share){ route, 0 };
	count_connections(figures->hub, shares, n);
	for (int i = 0; i < n; i++) {
		buf_printf(lines, "route=%u %u %s", shares[i].connections,
		    workers_at(figures->workers, shares[i].route),
		    shares[i].route->push_only ? "push-only" : "handler");
		put_name(lines, path_pattern_text(shares[i].route->pattern));
	}
}

/* Puts a path where it belongs among the n largest. */
static void
insert(const struct path **largest, int n, const struct path *path)
{
	int i = n < STATS_MAX_PATHS ? n : STATS_MAX_PATHS - 1;

	if (n >= STATS_MAX_PATHS && path->count <= largest[i]->count)
		return;
	for (; i > 0 && largest[i - 1]->count < path->count; i--)
		largest[i] = largest[i - 1];
	largest[i] = path;
}

static void
put_paths(const struct hub *hub, struct buf *lines)
{
	const struct path *largest[STATS_MAX_PATHS], *path, *next;
	int n = 0;

	HASH_ITER(hh, hub->paths, path, next)
		if (path->n_clients > 0)
			insert(largest, n++, path);
	for (int i = 0; i < n && i < STATS_MAX_PATHS; i++) {
		buf_printf(lines, "path=%u", largest[i]->count);
		put_name(lines, largest[i]->name);
	}
}

void
stats_put(const struct figures *figures, struct buf *lines)
{
	put_figures(figures, lines);
	put_workers(figures->workers, lines);
	put_routes(figures, lines);
	put_paths(figures->hub, lines);
}
