noinst_PROGRAMS += %D%/demo
noinst_LTLIBRARIES += %D%/libdemo.la # all but main(), so tests can link it

%C%_libdemo_la_SOURCES = \
	%D%/broadcast_excluding_sender.c \
	%D%/broadcasting.c \
	%D%/chat_room.c \
	%D%/closing_a_connection.c \
	%D%/complete_chat_page.c \
	%D%/complete_handler.c \
	%D%/connection_events.c \
	%D%/demo.c %D%/demo.h \
	%D%/fan_out.c \
	%D%/home.c \
	%D%/live_chat.c \
	%D%/live_notifications.c \
	%D%/not_found.c \
	%D%/path_scoped_isolation.c \
	%D%/sending_to_a_single_client.c \
	%D%/source.c \
	%D%/websocket_as_a_route.c
%C%_libdemo_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi -DDEMO_TEMPLATES='"$(datadir)/tina4/templates"' \
	-DDEMO_EXAMPLES='"$(datadir)/tina4/examples"'

# To read, also on a machine without this repository: its pages link to them.
examplesdir = $(datadir)/tina4/examples
dist_examples_DATA = $(%C%_libdemo_la_SOURCES) %D%/main.c

# The same in PHP, and handlers in other languages.
chapterdir = $(examplesdir)/chapter
dist_chapter_DATA = %D%/chapter/index.php
chapter_routesdir = $(chapterdir)/src/routes
dist_chapter_routes_DATA = \
	%D%/chapter/src/routes/announcements.php \
	%D%/chapter/src/routes/chat-complete.php \
	%D%/chapter/src/routes/chat-page.php \
	%D%/chapter/src/routes/chat-room.php \
	%D%/chapter/src/routes/chat-rooms.php \
	%D%/chapter/src/routes/chat-ws.php \
	%D%/chapter/src/routes/connection-events.php \
	%D%/chapter/src/routes/echo.php \
	%D%/chapter/src/routes/exclude-sender.php \
	%D%/chapter/src/routes/notifications.php \
	%D%/chapter/src/routes/private.php \
	%D%/chapter/src/routes/secure.php
chapter_templatesdir = $(chapterdir)/src/templates
dist_chapter_templates_DATA = \
	%D%/chapter/src/templates/base.html \
	%D%/chapter/src/templates/chat.html \
	%D%/chapter/src/templates/room.html
handlersdir = $(examplesdir)/handlers
dist_handlers_DATA = %D%/handlers/auction.pl %D%/handlers/stopwatch.rb %D%/handlers/votes.py
dist_handlers_SCRIPTS = %D%/handlers/shout.sh

%C%_demo_SOURCES = %D%/main.c
%C%_demo_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_demo_LDADD = %D%/libdemo.la fcgi/libtina4.la $(CJSON_LIBS)

EXTRA_DIST += \
	%D%/push/ship.php \
	%D%/push/ship.pl \
	%D%/push/ship.py \
	%D%/push/ship.sh
