noinst_LTLIBRARIES += %D%/libsidecar.la # all but main(), so tests can link it
bin_PROGRAMS += tina4-sidecar

%C%_libsidecar_la_SOURCES = \
	%D%/acceptor.c %D%/acceptor.h \
	%D%/ack.c %D%/ack.h \
	%D%/admin.c %D%/admin.h \
	%D%/answer.c %D%/answer.h \
	%D%/apply.c %D%/apply.h \
	%D%/batch.c %D%/batch.h \
	%D%/client.c %D%/client.h \
	%D%/counters.c %D%/counters.h \
	%D%/dedup.c %D%/dedup.h \
	%D%/deflate.c %D%/deflate.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/expiry.c %D%/expiry.h \
	%D%/extension.c %D%/extension.h \
	%D%/feed.c %D%/feed.h \
	%D%/figures.c %D%/figures.h \
	%D%/frame.c %D%/frame.h \
	%D%/greeting.c %D%/greeting.h \
	%D%/handshake.c %D%/handshake.h \
	%D%/histogram.c %D%/histogram.h \
	%D%/hosts.c %D%/hosts.h \
	%D%/hub.c %D%/hub.h \
	%D%/intake.c %D%/intake.h \
	%D%/lane.c %D%/lane.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/notify.c %D%/notify.h \
	%D%/outbox.c %D%/outbox.h \
	%D%/outq.c %D%/outq.h \
	%D%/paths.c %D%/paths.h \
	%D%/parts.c %D%/parts.h \
	%D%/pings.c %D%/pings.h \
	%D%/post.c %D%/post.h \
	%D%/quotas.c %D%/quotas.h \
	%D%/redis.c %D%/redis.h %D%/redis_tls.h \
	%D%/registration.c %D%/registration.h \
	%D%/relay.c %D%/relay.h \
	%D%/relay_channel.c %D%/relay_channel.h \
	%D%/relay_inquiry.c %D%/relay_inquiry.h \
	%D%/relay_redis.c %D%/relay_redis.h \
	%D%/relay_state.c %D%/relay_state.h \
	%D%/relay_tell.c %D%/relay_tell.h \
	%D%/reload.c %D%/reload.h \
	%D%/request_line.c %D%/request_line.h \
	%D%/requests.c %D%/requests.h \
	%D%/roster.c %D%/roster.h \
	%D%/routes.c %D%/routes.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/stats.c %D%/stats.h \
	%D%/transport.h %D%/turn.h \
	%D%/workers.c %D%/workers.h \
	%D%/ws.c %D%/ws.h
if HIREDIS_SSL
%C%_libsidecar_la_SOURCES += %D%/redis_tls.c
else
%C%_libsidecar_la_SOURCES += %D%/redis_no_tls.c
endif
%C%_libsidecar_la_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS) $(HIREDIS_CFLAGS) $(ZLIB_CFLAGS)
%C%_libsidecar_la_LIBADD = shared/libshared.la $(LWS_LIBS) $(UV_LIBS) $(HIREDIS_SSL_LIBS) $(HIREDIS_LIBS) $(ZLIB_LIBS) $(CJSON_LIBS)

dist_man_MANS += %D%/tina4-sidecar.8

tina4_sidecar_SOURCES = %D%/main.c
tina4_sidecar_LDADD = %D%/libsidecar.la
