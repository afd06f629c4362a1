lib_LTLIBRARIES += %D%/libtina4.la
noinst_LTLIBRARIES += %D%/libapp.la # all of libtina4, for tests of its inside
include_HEADERS += %D%/tina4.h
pkgconfig_DATA += %D%/libtina4.pc

%C%_libapp_la_SOURCES = \
	%D%/announce.c %D%/announce.h \
	%D%/app.c %D%/app.h \
	%D%/attributes.c %D%/attributes.h \
	%D%/cgi.c %D%/cgi.h \
	%D%/clock.c %D%/clock.h \
	%D%/command.c %D%/command.h \
	%D%/conn.c %D%/conn.h \
	%D%/conns.c %D%/conns.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/fields.c %D%/fields.h \
	%D%/http.c %D%/http.h \
	%D%/jsonf.c %D%/jsonf.h \
	%D%/link.c %D%/link.h \
	%D%/meta.c %D%/meta.h \
	%D%/multipart.c %D%/multipart.h \
	%D%/push.c %D%/push.h \
	%D%/request.c %D%/request.h \
	%D%/response.c %D%/response.h \
	%D%/role.c %D%/role.h \
	%D%/router.c %D%/router.h \
	%D%/tina4.h \
	%D%/worker.c %D%/worker.h
%C%_libapp_la_LIBADD = shared/libshared.la $(FCGI_LIBS) $(CJSON_LIBS)

%C%_libtina4_la_SOURCES =
%C%_libtina4_la_LIBADD = %D%/libapp.la
%C%_libtina4_la_LDFLAGS = $(AM_LDFLAGS) -export-symbols-regex '^tina4_' -version-info 0:0:0 -no-undefined

include %D%/examples/local.mk
