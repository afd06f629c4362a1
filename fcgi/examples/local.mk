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

%C%_demo_SOURCES = %D%/main.c
%C%_demo_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_demo_LDADD = %D%/libdemo.la fcgi/libtina4.la $(CJSON_LIBS)

EXTRA_DIST += \
	%D%/push/ship.php \
	%D%/push/ship.pl \
	%D%/push/ship.py \
	%D%/push/ship.sh
