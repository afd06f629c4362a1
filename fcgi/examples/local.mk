noinst_PROGRAMS += %D%/demo

%C%_demo_SOURCES = \
	%D%/chat.c \
	%D%/demo.c %D%/demo.h \
	%D%/echo.c \
	%D%/fan.c \
	%D%/notifications.c \
	%D%/pages.c
%C%_demo_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi -DDEMO_TEMPLATES='"$(datadir)/tina4/templates"'
%C%_demo_LDADD = fcgi/libtina4.la $(CJSON_LIBS)
