# The benchmark: tests/bench/run builds these by name. The load generator and
# the floor are built with the tests, which hold that it notices faults.
bench_load = %D%/load %D%/floor
bench_programs = %D%/app %D%/bare %D%/bus %D%/naive %D%/proxy %D%/relay %D%/template
check_PROGRAMS += $(bench_load)
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)

%C%_load_SOURCES = \
	%D%/crowd.c %D%/crowd.h \
	%D%/histogram.c %D%/histogram.h \
	%D%/ledger.c %D%/ledger.h \
	%D%/letter.c %D%/letter.h \
	%D%/load.c \
	%D%/usage.c %D%/usage.h \
	%D%/wsframe.c %D%/wsframe.h
%C%_load_LDADD = $(ZLIB_LIBS)

%C%_floor_SOURCES = \
	%D%/accept.c %D%/accept.h \
	%D%/floor.c \
	%D%/wsframe.c %D%/wsframe.h

%C%_app_SOURCES = %D%/app.c %D%/histogram.c %D%/histogram.h
%C%_app_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_app_LDADD = fcgi/libtina4.la

%C%_bare_SOURCES = %D%/bare.c
%C%_bare_LDADD = $(FCGI_LIBS) -lpthread

%C%_bus_SOURCES = %D%/bus.c %D%/histogram.c %D%/histogram.h %D%/pusher.c %D%/pusher.h
%C%_bus_LDADD = shared/libshared.la $(ZMQ_LIBS)

%C%_naive_SOURCES = %D%/naive.c
%C%_naive_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_naive_LDADD = $(LWS_LIBS)

%C%_proxy_SOURCES = %D%/proxy.c
%C%_proxy_LDADD = shared/libshared.la

%C%_relay_SOURCES = %D%/relay.c %D%/histogram.c %D%/histogram.h %D%/pusher.c %D%/pusher.h
%C%_relay_LDADD = sidecar/libsidecar.la shared/libshared.la $(HIREDIS_LIBS) $(ZMQ_LIBS) -lpthread

%C%_template_SOURCES = %D%/template.c
%C%_template_LDADD = fcgi/libapp.la $(CJSON_LIBS)

bench: all-am $(bench_load) $(bench_programs)

EXTRA_DIST += \
	%D%/curves.py \
	%D%/machine.py \
	%D%/peer-nchan.conf.in \
	%D%/peer-pushpin.conf.in \
	%D%/peer-pushpin.js \
	%D%/peer-zurl.conf.in \
	%D%/peer.js \
	%D%/peers.py \
	%D%/picture.py \
	%D%/relay.py \
	%D%/report.py \
	%D%/results.md \
	%D%/results.svg \
	%D%/echo.php \
	%D%/echo.py \
	%D%/rows.py \
	%D%/run \
	%D%/servers.py
