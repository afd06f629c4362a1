/*
 * naive - fan-out as libwebsockets' examples do it: a copy of the message in a
 * list of each client's, and one write for each WRITEABLE callback.
 *
 * Prints "port N". All clients are in one room.
 */
#include <libwebsockets.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct message {
	struct message *next;
	size_t len;
	unsigned char data[]; /* LWS_PRE bytes, then the text */
};

struct session {
	struct session *next;
	struct lws *wsi;
	struct message *first, **last;
};

static struct session *sessions;

static int
queue(struct session *session, const void *data, size_t len)
{
	struct message *message = malloc(sizeof(*message) + LWS_PRE + len);

	if (message == NULL)
		return -1;
	message->next = NULL;
	message->len = len;
	memcpy(message->data + LWS_PRE, data, len);
	*session->last = message;
	session->last = &message->next;
	lws_callback_on_writable(session->wsi);
	return 0;
}

static int
write_first(struct session *session)
{
	struct message *message = session->first;
	int n;

	if (message == NULL)
		return 0;
	n = lws_write(session->wsi, message->data + LWS_PRE, message->len, LWS_WRITE_TEXT);
	session->first = message->next;
	free(message);
	if (session->first != NULL)
		lws_callback_on_writable(session->wsi);
	else
		session->last = &session->first;
	return n < 0 ? -1 : 0;
}

static void
leave(struct session *session)
{
	struct session **place = &sessions;

	while (*place != session)
		place = &(*place)->next;
	*place = session->next;
	while (session->first != NULL) {
		struct message *message = session->first;

		session->first = message->next;
		free(message);
	}
}

static int
callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *data, size_t len)
{
	struct session *session = user;

	switch ((int)reason) {
	case LWS_CALLBACK_ESTABLISHED:
		*session = (struct session){ .next = sessions, .wsi = wsi, .last = &session->first };
		sessions = session;
		return 0;
	case LWS_CALLBACK_RECEIVE:
		for (struct session *each = sessions; each != NULL; each = each->next)
			if (queue(each, data, len) < 0)
				return -1;
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return write_first(session);
	case LWS_CALLBACK_CLOSED:
		leave(session);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, data, len);
	}
}

int
main(void)
{
	static const struct lws_protocols protocols[] = {
		{ .name = "naive", .callback = callback, .per_session_data_size = sizeof(struct session) },
		{ 0 },
	};
	struct lws_context_creation_info info = {
		.iface = "127.0.0.1",
		.protocols = protocols,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
	};
	struct lws_context *context;
	struct lws_vhost *vhost;

	lws_set_log_level(LLL_ERR, NULL);
	context = lws_create_context(&info);
	vhost = context == NULL ? NULL : lws_create_vhost(context, &info);
	if (vhost == NULL)
		return 1;
	printf("port %d\n", lws_get_vhost_listen_port(vhost));
	fflush(stdout);
	while (lws_service(context, 0) >= 0)
		;
	return 1;
}
