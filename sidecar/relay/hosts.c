#include <stdlib.h>

#include "sidecar/relay/envelope.h"
#include "sidecar/relay/hosts.h"

void
hosts_close(struct hosts *hosts)
{
	for (uint32_t i = 0; i < hosts->n; i++)
		free(hosts->all[i]);
	*hosts = (struct hosts){ 0 };
}

/* A place for a new host: when all are taken, that of the one which has been gone for the longest. */
static struct host **
find_place(struct hosts *hosts)
{
	struct host **oldest = NULL;

	if (hosts->n < HOSTS_MAX)
		return &hosts->all[hosts->n++];
	for (uint32_t i = 0; i < hosts->n; i++)
		if (!hosts->all[i]->here && (oldest == NULL || hosts->all[i]->heard < (*oldest)->heard))
			oldest = &hosts->all[i];
	if (oldest != NULL) {
		if (hosts->forget != NULL)
			hosts->forget(hosts->context, *oldest);
		free(*oldest);
	}
	return oldest;
}

static struct host *
host_new(struct hosts *hosts, uint64_t origin)
{
	struct host *host = calloc(1, sizeof(*host));
	struct host **place = host == NULL ? NULL : find_place(hosts);

	if (place == NULL) {
		free(host);
		return NULL;
	}
	host->origin = origin;
	*place = host;
	return host;
}

static struct host *
find_origin(const struct hosts *hosts, uint64_t origin)
{
	for (uint32_t i = 0; i < hosts->n; i++)
		if (hosts->all[i]->origin == origin)
			return hosts->all[i];
	return NULL;
}

struct host *
hosts_heard(struct hosts *hosts, uint64_t origin, bool *ret_new)
{
	struct host *host = find_origin(hosts, origin);

	*ret_new = false;
	if (host == NULL)
		host = host_new(hosts, origin);
	if (host == NULL)
		return NULL;
	if (!host->here) {
		host->here = *ret_new = true;
		host->forgotten = false;
		hosts->n_here++;
	}
	host->heard = hosts->beats;
	return host;
}

void
hosts_arrived(struct hosts *hosts, struct host *host)
{
	if (host->awaited)
		hosts->n_awaited--;
	host->awaited = false;
}

struct host *
hosts_find(const struct hosts *hosts, uint32_t instance)
{
	for (uint32_t i = 0; i < hosts->n; i++)
		if (hosts->all[i]->here && envelope_instance(hosts->all[i]->origin) == instance)
			return hosts->all[i];
	return NULL;
}

bool
hosts_next(const struct hosts *hosts, uint64_t from, uint32_t *ret)
{
	bool found = false;

	for (uint32_t i = 0; i < hosts->n; i++) {
		uint32_t instance = envelope_instance(hosts->all[i]->origin);

		if (!hosts->all[i]->here || instance < from || (found && instance >= *ret))
			continue;
		*ret = instance;
		found = true;
	}
	return found;
}

void
hosts_leave(struct hosts *hosts, struct host *host)
{
	hosts_arrived(hosts, host);
	if (host->here)
		hosts->n_here--;
	host->here = false;
}

void
hosts_beat(struct hosts *hosts)
{
	hosts->beats++;
}

bool
hosts_is_silent(const struct hosts *hosts, const struct host *host)
{
	return !host->here || hosts->beats - host->heard > HOSTS_LATE;
}

struct host *
hosts_silent(const struct hosts *hosts)
{
	for (uint32_t i = 0; i < hosts->n; i++)
		if (hosts->all[i]->here && hosts->beats - hosts->all[i]->heard > HOSTS_BEATS)
			return hosts->all[i];
	return NULL;
}

struct host *
hosts_long_gone(const struct hosts *hosts, uint64_t beats)
{
	for (uint32_t i = 0; i < hosts->n; i++) {
		struct host *host = hosts->all[i];

		if (!host->here && !host->forgotten && hosts->beats - host->heard > beats)
			return host;
	}
	return NULL;
}

void
hosts_await(struct hosts *hosts, struct host *host)
{
	if (!host->here || host->awaited)
		return;
	host->awaited = true;
	hosts->n_awaited++;
}

void
hosts_await_all(struct hosts *hosts)
{
	for (uint32_t i = 0; i < hosts->n; i++)
		hosts_await(hosts, hosts->all[i]);
}
