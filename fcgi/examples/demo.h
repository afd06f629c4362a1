/*
 * demo - the small programs that show what tina4 does, as one application.
 *
 * Each handler lives in a file named after what it shows; demo.c has the routes.
 */
#ifndef DEMO_H
#define DEMO_H

#include <cjson/cJSON.h>
#include <tina4.h>

tina4_ws_handler demo_echo;
tina4_ws_handler demo_fan;
tina4_ws_handler demo_chat;
tina4_ws_handler demo_notifications;

tina4_http_handler demo_home;
tina4_http_handler demo_chat_page;
tina4_http_handler demo_ship;

enum { DEMO_TIMESTAMP_BYTES = 32 };

/* Writes the time as ISO 8601 has it: 2024-05-01T12:00:00+00:00. */
void demo_timestamp(char ret[static DEMO_TIMESTAMP_BYTES]);

#endif
