#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shared/username.h"
#include "sidecar/hub/client.h"
#include "sidecar/hub/memory.h"
#include "sidecar/hub/users.h"

_Static_assert(offsetof(struct user, name) + 1 <= USERS_BYTES, "a user takes no more beside his name");

void
users_listen(struct users *users, const struct users_events *events, void *context)
{
	users->events = events;
	users->context = context;
}

struct user *
users_find(const struct users *users, struct span name)
{
	struct user *user;

	HASH_FIND(hh, users->by_name, name.data, name.len, user);
	return user;
}

static struct user *
user_new(struct users *users, struct span name)
{
	struct user *user = calloc(1, offsetof(struct user, name) + name.len + 1);

	if (user == NULL)
		return NULL;
	memcpy(user->name, name.data, name.len);
	user->len = (uint16_t)name.len;
	HASH_ADD_KEYPTR(hh, users->by_name, user->name, user->len, user);
	if (!HASH_ADDED(user)) {
		free(user);
		return NULL;
	}
	memory_add(USERS_BYTES + name.len);
	if (users->events != NULL)
		users->events->came(users->context, user);
	return user;
}

static void
user_free(struct users *users, struct user *user)
{
	if (users->events != NULL)
		users->events->gone(users->context, user);
	HASH_DELETE(hh, users->by_name, user);
	memory_remove(USERS_BYTES + user->len);
	free(user);
}

static void
list_if_idle(struct users *users, struct user *user)
{
	if (user == NULL || user->n > 0 || user->idle)
		return;
	user->idle = true;
	LL_PREPEND(users->idle, user);
}

void
users_leave(struct users *users, struct client *client)
{
	struct user *user = client->user.of;

	if (user == NULL)
		return;
	DL_DELETE2(user->first, client, user.prev, user.next);
	client->user.of = NULL;
	user->n--;
	list_if_idle(users, user);
}

void
users_sweep(struct users *users)
{
	struct user *user;

	while ((user = users->idle) != NULL) {
		LL_DELETE(users->idle, user);
		user->idle = false;
		if (user->n == 0)
			user_free(users, user);
	}
}

int
users_set(struct users *users, struct client *client, struct span name)
{
	struct user *user = name.len == 0 ? NULL : users_find(users, name);

	if (name.len > 0 && !username_is_valid(name))
		return -EINVAL;
	if (name.len > 0 && user == NULL) {
		user = user_new(users, name);
		if (user == NULL)
			return -ENOMEM;
	}
	if (client->user.of == user)
		return 0;
	if (client_set_meta_user(client, name) < 0) {
		list_if_idle(users, user);
		return -ENOMEM;
	}
	users_leave(users, client);
	if (user == NULL)
		return 0;
	client->user.of = user;
	DL_APPEND2(user->first, client, user.prev, user.next);
	user->n++;
	return 0;
}

struct span
users_span(const struct user *user)
{
	return user == NULL ? SPAN_EMPTY : (struct span){ user->name, user->len };
}
