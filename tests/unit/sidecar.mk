# unit tests of sidecar/
unit_tests += \
	%D%/test_ack \
	%D%/test_asks \
	%D%/test_asks_model \
	%D%/test_apply \
	%D%/test_chain \
	%D%/test_client \
	%D%/test_control \
	%D%/test_counters \
	%D%/test_dedup \
	%D%/test_deflate \
	%D%/test_dispatch \
	%D%/test_envelope \
	%D%/test_feed \
	%D%/test_figures \
	%D%/test_frame \
	%D%/test_histogram \
	%D%/test_head \
	%D%/test_history \
	%D%/test_history_model \
	%D%/test_hosts \
	%D%/test_hub \
	%D%/test_hub_model \
	%D%/test_member \
	%D%/test_presence_model \
	%D%/test_muster_model \
	%D%/test_kept \
	%D%/test_known \
	%D%/test_machine \
	%D%/test_metrics \
	%D%/test_outbox \
	%D%/test_outq \
	%D%/test_ahead \
	%D%/test_names \
	%D%/test_position \
	%D%/test_post \
	%D%/test_quotas \
	%D%/test_redis \
	%D%/test_registration \
	%D%/test_relay \
	%D%/test_relay_channel \
	%D%/test_relay_fetch \
	%D%/test_store \
	%D%/test_relay_inquiry \
	%D%/test_relay_redis \
	%D%/test_relay_repair \
	%D%/test_relay_retell \
	%D%/test_relief \
	%D%/test_recalls \
	%D%/test_relay_question \
	%D%/test_requests \
	%D%/test_roll \
	%D%/test_rolls \
	%D%/test_users \
	%D%/test_ring \
	%D%/test_roster \
	%D%/test_routes \
	%D%/test_shortage \
	%D%/test_stream \
	%D%/test_upgrade \
	%D%/test_workers

%C%_scene = %D%/scene.c %D%/scene.h %D%/fake_browser.c %D%/fake_browser.h

%C%_test_asks_model_SOURCES = %D%/test_asks_model.c $(%C%_scene)
%C%_test_asks_model_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_asks_model_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)

%C%_test_asks_SOURCES = %D%/test_asks.c $(%C%_scene)
%C%_test_asks_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_asks_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)

%C%_test_ack_SOURCES = %D%/test_ack.c $(%C%_scene)
%C%_test_ack_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_ack_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)
%C%_test_apply_SOURCES = %D%/test_apply.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_apply_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_apply_LDADD = sidecar/libsidecar.la
%C%_test_chain_SOURCES = %D%/test_chain.c
%C%_test_chain_LDADD = sidecar/libsidecar.la
%C%_test_client_SOURCES = %D%/test_client.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_client_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_client_LDADD = sidecar/libsidecar.la
%C%_test_counters_SOURCES = %D%/test_counters.c
%C%_test_counters_LDADD = sidecar/libsidecar.la
%C%_test_dedup_SOURCES = %D%/test_dedup.c
%C%_test_dedup_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_dedup_LDADD = sidecar/libsidecar.la
%C%_test_deflate_SOURCES = %D%/test_deflate.c
%C%_test_deflate_LDADD = sidecar/libsidecar.la
%C%_test_dispatch_SOURCES = %D%/test_dispatch.c $(%C%_scene)
%C%_test_dispatch_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_dispatch_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)
%C%_test_feed_SOURCES = %D%/test_feed.c $(%C%_scene)
%C%_test_feed_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_feed_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)
%C%_test_figures_SOURCES = %D%/test_figures.c
%C%_test_figures_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_figures_LDADD = sidecar/libsidecar.la
%C%_test_frame_SOURCES = %D%/test_frame.c
%C%_test_frame_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_frame_LDADD = sidecar/libsidecar.la
%C%_test_histogram_SOURCES = %D%/test_histogram.c
%C%_test_histogram_LDADD = sidecar/libsidecar.la
%C%_test_head_SOURCES = %D%/test_head.c
%C%_test_head_LDADD = sidecar/libsidecar.la
%C%_test_hosts_SOURCES = %D%/test_hosts.c
%C%_test_hosts_LDADD = sidecar/libsidecar.la
%C%_test_hub_SOURCES = %D%/test_hub.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_hub_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_hub_LDADD = sidecar/libsidecar.la
%C%_test_hub_model_SOURCES = %D%/test_hub_model.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_hub_model_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_hub_model_LDADD = sidecar/libsidecar.la
%C%_test_member_SOURCES = %D%/test_member.c
%C%_test_member_LDADD = sidecar/libsidecar.la
%C%_test_presence_model_SOURCES = %D%/test_presence_model.c %D%/fake_browser.c %D%/fake_browser.h \
	%D%/people.c %D%/people.h
%C%_test_presence_model_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_presence_model_LDADD = sidecar/libsidecar.la
%C%_test_muster_model_SOURCES = %D%/test_muster_model.c %D%/fake_browser.c %D%/fake_browser.h \
	%D%/people.c %D%/people.h
%C%_test_muster_model_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_muster_model_LDADD = sidecar/libsidecar.la
%C%_test_known_SOURCES = %D%/test_known.c
%C%_test_known_LDADD = sidecar/libsidecar.la
%C%_test_machine_SOURCES = %D%/test_machine.c
%C%_test_machine_LDADD = sidecar/libsidecar.la
%C%_test_metrics_SOURCES = %D%/test_metrics.c
%C%_test_metrics_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_metrics_LDADD = sidecar/libsidecar.la
%C%_test_control_SOURCES = %D%/test_control.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_control_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_control_LDADD = sidecar/libsidecar.la
%C%_test_kept_SOURCES = %D%/test_kept.c
%C%_test_kept_LDADD = sidecar/libsidecar.la
%C%_test_outbox_SOURCES = %D%/test_outbox.c
%C%_test_outbox_LDADD = sidecar/libsidecar.la
%C%_test_history_SOURCES = %D%/test_history.c
%C%_test_history_LDADD = sidecar/libsidecar.la
%C%_test_history_model_SOURCES = %D%/test_history_model.c
%C%_test_history_model_LDADD = sidecar/libsidecar.la
%C%_test_ahead_SOURCES = %D%/test_ahead.c
%C%_test_ahead_LDADD = sidecar/libsidecar.la
%C%_test_names_SOURCES = %D%/test_names.c
%C%_test_names_LDADD = sidecar/libsidecar.la
%C%_test_position_SOURCES = %D%/test_position.c
%C%_test_position_LDADD = sidecar/libsidecar.la
%C%_test_outq_SOURCES = %D%/test_outq.c
%C%_test_outq_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_outq_LDADD = sidecar/libsidecar.la
%C%_test_post_SOURCES = %D%/test_post.c
%C%_test_post_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_post_LDADD = sidecar/libsidecar.la
%C%_test_quotas_SOURCES = %D%/test_quotas.c
%C%_test_quotas_LDADD = sidecar/libsidecar.la
%C%_test_registration_SOURCES = %D%/test_registration.c
%C%_test_registration_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_registration_LDADD = sidecar/libsidecar.la
%C%_test_redis_SOURCES = %D%/test_redis.c
%C%_test_redis_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS) $(HIREDIS_CFLAGS)
%C%_test_redis_LDADD = sidecar/libsidecar.la $(UV_LIBS) $(HIREDIS_LIBS)
%C%_test_relay_SOURCES = %D%/test_relay.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_LDADD = sidecar/libsidecar.la
%C%_test_relay_channel_SOURCES = %D%/test_relay_channel.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_channel_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_channel_LDADD = sidecar/libsidecar.la
%C%_test_relay_fetch_SOURCES = %D%/test_relay_fetch.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_fetch_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_fetch_LDADD = sidecar/libsidecar.la
%C%_test_store_SOURCES = %D%/test_store.c
%C%_test_store_CPPFLAGS = $(AM_CPPFLAGS) $(HIREDIS_CFLAGS)
%C%_test_store_LDADD = sidecar/libsidecar.la $(HIREDIS_LIBS)
%C%_test_relay_inquiry_SOURCES = %D%/test_relay_inquiry.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_inquiry_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_inquiry_LDADD = sidecar/libsidecar.la
%C%_test_relay_repair_SOURCES = %D%/test_relay_repair.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_repair_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_repair_LDADD = sidecar/libsidecar.la
%C%_test_relay_retell_SOURCES = %D%/test_relay_retell.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_retell_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_retell_LDADD = sidecar/libsidecar.la
%C%_test_relay_redis_SOURCES = %D%/test_relay_redis.c
%C%_test_relay_redis_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_redis_LDADD = sidecar/libsidecar.la
%C%_test_recalls_SOURCES = %D%/test_recalls.c
%C%_test_recalls_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_recalls_LDADD = sidecar/libsidecar.la
%C%_test_relay_question_SOURCES = %D%/test_relay_question.c %D%/relay_scene.c %D%/relay_scene.h
%C%_test_relay_question_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relay_question_LDADD = sidecar/libsidecar.la
%C%_test_roll_SOURCES = %D%/test_roll.c
%C%_test_roll_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_roll_LDADD = sidecar/libsidecar.la
%C%_test_users_SOURCES = %D%/test_users.c
%C%_test_users_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_users_LDADD = sidecar/libsidecar.la
%C%_test_rolls_SOURCES = %D%/test_rolls.c
%C%_test_rolls_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_rolls_LDADD = sidecar/libsidecar.la
%C%_test_requests_SOURCES = %D%/test_requests.c
%C%_test_requests_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_requests_LDADD = sidecar/libsidecar.la
%C%_test_roster_SOURCES = %D%/test_roster.c $(%C%_scene)
%C%_test_roster_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_roster_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)
%C%_test_routes_SOURCES = %D%/test_routes.c
%C%_test_routes_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_routes_LDADD = sidecar/libsidecar.la
%C%_test_shortage_SOURCES = %D%/test_shortage.c $(%C%_scene)
%C%_test_shortage_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_shortage_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=posix_memalign -Wl,--wrap=strndup \
	-Wl,--wrap=intake_drain -Wl,--wrap=dispatch_flush -Wl,--wrap=hub_flush
%C%_test_shortage_LDADD = sidecar/libsidecar.la $(ZMQ_LIBS)
%C%_test_stream_SOURCES = %D%/test_stream.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_stream_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_stream_LDADD = sidecar/libsidecar.la
%C%_test_upgrade_SOURCES = %D%/test_upgrade.c
%C%_test_upgrade_LDADD = sidecar/libsidecar.la $(CJSON_LIBS)
%C%_test_relief_SOURCES = %D%/test_relief.c %D%/fake_browser.c %D%/fake_browser.h
%C%_test_relief_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_relief_LDADD = sidecar/libsidecar.la
%C%_test_workers_SOURCES = %D%/test_workers.c
%C%_test_workers_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_test_workers_LDADD = sidecar/libsidecar.la
%C%_test_envelope_SOURCES = %D%/test_envelope.c
%C%_test_envelope_LDADD = sidecar/libsidecar.la
%C%_test_ring_SOURCES = %D%/test_ring.c
%C%_test_ring_LDADD = sidecar/libsidecar.la

