#include "demo.h"

/* The page of a live chat: who opens it is in the room. */
int
demo_chat_page(struct tina4_request *req, struct tina4_response *res)
{
	return demo_page(res, "chat.html", "room", tina4_request_param(req, "room"));
}
