#include <stdlib.h>
#include <time.h>

#include "demo.h"

void
demo_timestamp(char ret[static DEMO_TIMESTAMP_BYTES])
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(ret, DEMO_TIMESTAMP_BYTES, "%Y-%m-%dT%H:%M:%S+00:00", &utc);
}

int
main(int argc, char **argv)
{
	struct tina4_app *app = tina4_app_new();

	if (app == NULL)
		return EXIT_FAILURE;

	tina4_get(app, "/", demo_home);
	tina4_get(app, "/chat/{room}", demo_chat_page);
	tina4_post(app, "/api/orders/{orderId:int}/ship", demo_ship);

	tina4_websocket(app, "/ws/echo", demo_echo);
	tina4_websocket(app, "/ws/fan", demo_fan);
	tina4_websocket(app, "/ws/chat/{room}", demo_chat);
	tina4_websocket(app, "/ws/notifications/{userId}", demo_notifications);

	return tina4_app_run(app, argc, argv);
}
