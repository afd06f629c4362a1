/*
 * hub - who is on which path: clients enter, join, leave and close.
 */
#ifndef SIDECAR_HUB_H
#define SIDECAR_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/hash.h"
#include "shared/wire.h"
#include "sidecar/hub/batch.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/paths.h"
#include "sidecar/hub/presence.h"
#include "sidecar/hub/reading.h"
#include "sidecar/hub/histories.h"
#include "sidecar/hub/users.h"
#include "sidecar/hub/slots.h"

struct conf;
struct question;

enum hub_limits {
	HUB_PARTING = 512, /* closing handshakes under way: libwebsockets walks the timers of all of them for each */
};

/* What the hub tells who listens to it. */
struct hub_events {
	/* A connection has come to the path, or left it. */
	void (*count_changed)(void *context, struct path *path);
	/* The path is about to be freed. */
	void (*path_gone)(void *context, struct path *path);
	/* A member of this host has come, changed or left: may be NULL for nobody. */
	void (*member_changed)(void *context, struct path *path, const struct member *member, bool left);
	/* How much of a path is kept that is not there yet: may be NULL for nothing. */
	struct history_limits (*limits_of)(void *context, struct span path);
};

struct hub {
	const struct conf *conf;
	const struct hub_events *events; /* NULL while nobody listens */
	void *context;                   /* of the events */
	struct batches batches;          /* what goes out */
	struct client *clients;          /* by id */
	struct slots slots;              /* of the same */
	struct name *names;              /* what members were called before: names.h */
	struct path *paths;              /* by name */
	struct users users;              /* whose they are */
	struct client *closing;          /* in CLIENT_CLOSING with a socket, before the handshake */
	struct client *parting;          /* the same in it, the longest first */
	uint32_t n_parting;
	struct readings readings;   /* messages that have begun */
	struct histories histories; /* what is kept */
	struct presences presences; /* who is here, as others may see it */
	struct question *question;  /* that the record answers which is being applied; or NULL */
	uint64_t next_epoch;
};

/* Opens an empty hub; deflate may be NULL, origin distinguishes it from every other one, here and elsewhere. */
void hub_open(struct hub *hub, const struct conf *conf, struct deflate *deflate, uint64_t origin);

/* Says who hears of what happens here: borrowed. events is NULL for nobody. */
void hub_listen(struct hub *hub, const struct hub_events *events, void *context);

/* Every client must have been removed. */
void hub_close(struct hub *hub);

struct client *hub_find(struct hub *hub, const struct wire_id *id);
struct path *hub_find_path(struct hub *hub, const char *name, size_t len);

/* Puts a new client on its path, which is made if need be: it counts, but is no target. 0 or -ENOMEM. */
int hub_enter(struct hub *hub, struct client *client, const char *path, size_t len);

/* The path; when it is not there, made if it is one that keeps messages. NULL for nothing to do, or without memory. */
struct path *hub_path_to_keep(struct hub *hub, struct span name);

/* The path, made if need be, though nobody is there: it is heard for a while. NULL without memory. */
struct path *hub_path_to_hear(struct hub *hub, struct span name);

/* A path of an earlier run with an empty history, within those limits: NULL without memory. */
struct path *hub_path_restore(struct hub *hub, struct span name, struct history_limits limits, uint64_t since_ms);

/* Makes it a target, from the next broadcast on. 0 or -ENOMEM. */
int hub_join(struct hub *hub, struct client *client);

/* Takes it from its path: neither counted nor a target any more. Does nothing the second time. */
void hub_leave(struct hub *hub, struct client *client);

/* Forgets a client, and its path when that was the last one and nothing of it is kept. */
void hub_remove(struct hub *hub, struct client *client);

/*
 * Lets it leave, and close with a code of RFC 6455 section 7.4 and a reason after
 * what it was sent. why, a static string, is the sidecar's reason for the log;
 * NULL when the app wants it so.
 */
void hub_disconnect(struct hub *hub, struct client *client, uint16_t code, const char *why, struct span reason);

/* Its socket is gone: nothing is left to say. */
void hub_socket_gone(struct hub *hub, struct client *client);

/* Writes everything, then begins the closing handshakes that are due, HUB_PARTING at once. */
void hub_flush(struct hub *hub);

/* Cuts off those whose closing takes too long, also for others who wait for theirs, or who do not end a message. */
void hub_tick(struct hub *hub, uint64_t now_ms);

#endif
