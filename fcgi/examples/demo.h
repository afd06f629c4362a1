/*
 * demo - the programs of a chapter on real-time, as one application.
 *
 * Each handler stands in a file named after the section that it is of; demo.c
 * has the routes and what the handlers share. No handler keeps a table of its
 * users: what it knows of a connection are the connection's attributes.
 */
#ifndef DEMO_H
#define DEMO_H

#include <cjson/cJSON.h>
#include <tina4.h>

enum demo_limits {
	DEMO_TIMESTAMP_BYTES = 32,
	DEMO_CHAT_HISTORY = 50, /* messages of a live chat that are shown to who comes in */
	DEMO_NAME_BYTES = 64,   /* of a user's name; longer ones are refused */
};

tina4_ws_handler demo_echo;              /* websocket_as_a_route.c */
tina4_ws_handler demo_connection_events; /* connection_events.c */
tina4_ws_handler demo_complete_handler;  /* complete_handler.c */
tina4_ws_handler demo_single_client;     /* sending_to_a_single_client.c */
tina4_ws_handler demo_secure;            /* closing_a_connection.c */
tina4_http_handler demo_token;
tina4_ws_handler demo_broadcasting;     /* broadcasting.c */
tina4_ws_handler demo_excluding_sender; /* broadcast_excluding_sender.c */
tina4_ws_handler demo_isolation;        /* path_scoped_isolation.c */
tina4_ws_handler demo_live_chat;        /* live_chat.c */
tina4_ws_handler demo_notifications;    /* live_notifications.c */
tina4_http_handler demo_ship;
tina4_http_handler demo_chat_page; /* complete_chat_page.c */
tina4_ws_handler demo_chat_room;   /* chat_room.c */
tina4_http_handler demo_room_page;
tina4_ws_handler demo_fan_out;     /* fan_out.c */
tina4_http_handler demo_home;      /* home.c */
tina4_http_handler demo_source;    /* source.c */
tina4_http_handler demo_not_found; /* not_found.c */

/* The application with its routes, which tests drive too. Returns NULL when out of memory. */
struct tina4_app *demo_app(void);

/*
 * Answers with a template, which is given one string under a name; NULL is
 * none. Returns 0 or a negative errno.
 */
int demo_page(struct tina4_response *res, const char *template, const char *name, const char *value);

/* The same with an object of data. Takes *data, also on failure. */
int demo_page_with(struct tina4_response *res, const char *template, cJSON **data);

/* Writes the time as ISO 8601 has it: 2024-05-01T12:00:00+00:00. */
void demo_timestamp(char ret[static DEMO_TIMESTAMP_BYTES]);

/* Seconds since this process began. */
long demo_uptime(void);

/* A text message as a JSON object, which the caller deletes; NULL when it is none. */
cJSON *demo_parse(const struct tina4_conn *conn, const char *data, size_t len);

/* The string under a name, `otherwise` when there is none, NULL when it is no string. */
const char *demo_field(const cJSON *json, const char *name, const char *otherwise);

/* The same for a user's name: NULL also when it is empty or longer than DEMO_NAME_BYTES. */
const char *demo_name(const cJSON *json, const char *name, const char *otherwise);

/* Tells the sender, and nobody else, what was wrong with its message. */
int demo_refuse(struct tina4_conn *conn, const char *why);

#endif
