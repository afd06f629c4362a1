#include <errno.h>
#include <stdio.h>

#include "demo.h"

/* What was said before, as the handler has broadcast it. */
static void
add_lines(cJSON *data, const struct tina4_history *history)
{
	cJSON *lines = cJSON_AddArrayToObject(data, "lines");
	const struct tina4_history_message *message;

	for (size_t i = 0; (message = tina4_history_at(history, i)) != NULL; i++)
		cJSON_AddItemToArray(lines, cJSON_Parse(message->data));
	cJSON_AddStringToObject(data, "position", tina4_history_position(history));
}

/* The page of a live chat: who opens it is in the room, and sees what was said there. */
int
demo_chat_page(struct tina4_request *req, struct tina4_response *res)
{
	const char *room = tina4_request_param(req, "room");
	cJSON *data = cJSON_CreateObject();
	struct tina4_history *history;
	char path[1024];

	if (data == NULL)
		return -ENOMEM;
	cJSON_AddStringToObject(data, "room", room);
	snprintf(path, sizeof(path), "/ws/livechat/%s", room);
	/* Without a sidecar the page is there all the same, and says that it connects. */
	if (tina4_history(tina4_request_app(req), path, DEMO_CHAT_HISTORY, NULL, &history) == 0) {
		add_lines(data, history);
		tina4_history_free(history);
	}
	return demo_page_with(res, "chat.html", &data);
}
