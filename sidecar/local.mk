noinst_LTLIBRARIES += %D%/libsidecar.la # all but main(), so tests can link it
bin_PROGRAMS += tina4-sidecar

%C%_libsidecar_la_SOURCES = \
	%D%/machine.c %D%/machine.h \
	%D%/parts.c %D%/parts.h \
	%D%/reload.c %D%/reload.h \
	%D%/sidecar.c %D%/sidecar.h \
	%D%/hub/coming.c %D%/hub/coming.h \
	%D%/hub/histories.c %D%/hub/histories.h \
	%D%/hub/history.c %D%/hub/history.h \
	%D%/hub/position.c %D%/hub/position.h \
	%D%/hub/question.c %D%/hub/question.h \
	%D%/hub/ahead.c %D%/hub/ahead.h \
	%D%/hub/announce.c %D%/hub/announce.h \
	%D%/hub/apply.c %D%/hub/apply.h \
	%D%/hub/array.c %D%/hub/array.h \
	%D%/hub/batch.c %D%/hub/batch.h \
	%D%/hub/block.c %D%/hub/block.h \
	%D%/hub/chain.c %D%/hub/chain.h \
	%D%/hub/client.c %D%/hub/client.h \
	%D%/hub/control.c %D%/hub/control.h \
	%D%/hub/deflate.c %D%/hub/deflate.h \
	%D%/hub/expiry.c %D%/hub/expiry.h \
	%D%/hub/frame.c %D%/hub/frame.h \
	%D%/hub/hub.c %D%/hub/hub.h \
	%D%/hub/member.c %D%/hub/member.h \
	%D%/hub/memory.c %D%/hub/memory.h \
	%D%/hub/names.c %D%/hub/names.h \
	%D%/hub/outq.c %D%/hub/outq.h \
	%D%/hub/paths.c %D%/hub/paths.h \
	%D%/hub/pings.c %D%/hub/pings.h \
	%D%/hub/presence.c %D%/hub/presence.h \
	%D%/hub/reading.c %D%/hub/reading.h \
	%D%/hub/held.c %D%/hub/held.h \
	%D%/hub/merge.c %D%/hub/merge.h \
	%D%/hub/recall.c %D%/hub/recall.h \
	%D%/hub/relief.c %D%/hub/relief.h \
	%D%/hub/reserve.c %D%/hub/reserve.h \
	%D%/hub/resume.c %D%/hub/resume.h \
	%D%/hub/ring.c %D%/hub/ring.h \
	%D%/hub/roll.c %D%/hub/roll.h \
	%D%/hub/slots.c %D%/hub/slots.h \
	%D%/hub/saved.c %D%/hub/saved.h \
	%D%/hub/statefile.c %D%/hub/statefile.h \
	%D%/hub/stream.c %D%/hub/stream.h \
	%D%/hub/trace.c %D%/hub/trace.h \
	%D%/hub/turn.h \
	%D%/hub/users.c %D%/hub/users.h \
	%D%/feed/ack.c %D%/feed/ack.h \
	%D%/feed/answering.c %D%/feed/answering.h \
	%D%/feed/asks.c %D%/feed/asks.h \
	%D%/feed/dedup.c %D%/feed/dedup.h \
	%D%/feed/dispatch.c %D%/feed/dispatch.h \
	%D%/feed/feed.c %D%/feed/feed.h \
	%D%/feed/histogram.c %D%/feed/histogram.h \
	%D%/feed/intake.c %D%/feed/intake.h \
	%D%/feed/known.c %D%/feed/known.h \
	%D%/feed/lane.c %D%/feed/lane.h \
	%D%/feed/once.c %D%/feed/once.h \
	%D%/feed/registration.c %D%/feed/registration.h \
	%D%/feed/recalls.c %D%/feed/recalls.h \
	%D%/feed/requests.c %D%/feed/requests.h \
	%D%/feed/rolls.c %D%/feed/rolls.h \
	%D%/feed/roster.c %D%/feed/roster.h \
	%D%/feed/routes.c %D%/feed/routes.h \
	%D%/feed/supervisors.c %D%/feed/supervisors.h \
	%D%/feed/workers.c %D%/feed/workers.h \
	%D%/edge/acceptor.c %D%/edge/acceptor.h \
	%D%/edge/browsers.c %D%/edge/browsers.h \
	%D%/edge/counters.c %D%/edge/counters.h \
	%D%/edge/descriptors.c %D%/edge/descriptors.h \
	%D%/edge/elements.c %D%/edge/elements.h \
	%D%/edge/entry.c %D%/edge/entry.h \
	%D%/edge/extension.c %D%/edge/extension.h \
	%D%/edge/gate.c %D%/edge/gate.h \
	%D%/edge/head.c %D%/edge/head.h \
	%D%/edge/quotas.c %D%/edge/quotas.h \
	%D%/edge/refusal.c %D%/edge/refusal.h \
	%D%/edge/reply.c %D%/edge/reply.h \
	%D%/edge/streams.c %D%/edge/streams.h \
	%D%/edge/target.c %D%/edge/target.h \
	%D%/edge/upgrade.c %D%/edge/upgrade.h \
	%D%/edge/ws.c %D%/edge/ws.h \
	%D%/relay/channel.c %D%/relay/channel.h \
	%D%/relay/envelope.c %D%/relay/envelope.h \
	%D%/relay/hosts.c %D%/relay/hosts.h \
	%D%/relay/inbox.c %D%/relay/inbox.h \
	%D%/relay/inquiry.c %D%/relay/inquiry.h \
	%D%/relay/kept.c %D%/relay/kept.h \
	%D%/relay/line.c %D%/relay/line.h \
	%D%/relay/outbox.c %D%/relay/outbox.h \
	%D%/relay/question.c %D%/relay/question.h \
	%D%/relay/redis.c %D%/relay/redis.h \
	%D%/relay/redis_tls.h \
	%D%/relay/relay.c %D%/relay/relay.h \
	%D%/relay/relay_redis.c %D%/relay/relay_redis.h \
	%D%/relay/repair.c %D%/relay/repair.h \
	%D%/relay/store.c %D%/relay/store.h \
	%D%/relay/fetch.c %D%/relay/fetch.h \
	%D%/relay/retell.c %D%/relay/retell.h \
	%D%/relay/muster.c %D%/relay/muster.h \
	%D%/relay/muster.c %D%/relay/muster.h \
	%D%/relay/state.c %D%/relay/state.h \
	%D%/relay/tell.c %D%/relay/tell.h \
	%D%/relay/transport.h \
	%D%/admin/admin.c %D%/admin/admin.h \
	%D%/admin/answer.c %D%/admin/answer.h \
	%D%/admin/conns.c %D%/admin/conns.h \
	%D%/admin/figures.c %D%/admin/figures.h \
	%D%/admin/metrics.c %D%/admin/metrics.h \
	%D%/admin/bearer.c %D%/admin/bearer.h \
	%D%/admin/members.c %D%/admin/members.h \
	%D%/admin/past.c %D%/admin/past.h \
	%D%/admin/post.c %D%/admin/post.h \
	%D%/admin/query.c %D%/admin/query.h \
	%D%/admin/stats.c %D%/admin/stats.h
if HIREDIS_SSL
%C%_libsidecar_la_SOURCES += %D%/relay/redis_tls.c
else
%C%_libsidecar_la_SOURCES += %D%/relay/redis_no_tls.c
endif
%C%_libsidecar_la_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS) $(HIREDIS_CFLAGS) $(ZLIB_CFLAGS)
%C%_libsidecar_la_LIBADD = shared/libshared.la $(LWS_LIBS) $(UV_LIBS) $(HIREDIS_SSL_LIBS) $(HIREDIS_LIBS) $(ZLIB_LIBS) $(CJSON_LIBS)

dist_man_MANS += %D%/tina4-sidecar.8

tina4_sidecar_SOURCES = %D%/main.c
tina4_sidecar_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
tina4_sidecar_LDADD = %D%/libsidecar.la
