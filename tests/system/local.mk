check_PROGRAMS += %D%/app %D%/short-sidecar

%C%_app_SOURCES = %D%/app.c
%C%_app_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_app_LDADD = fcgi/libtina4.la $(CJSON_LIBS)

%C%_short_sidecar_SOURCES = sidecar/main.c %D%/shortage.c
%C%_short_sidecar_CPPFLAGS = $(AM_CPPFLAGS)
%C%_short_sidecar_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS) -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=posix_memalign -Wl,--wrap=strdup -Wl,--wrap=strndup
%C%_short_sidecar_LDADD = sidecar/libsidecar.la

EXTRA_DIST += \
	tests/compilers \
	tests/coverage \
	tests/mutate \
	tests/on \
	tests/readme \
	tests/run \
	tests/soak \
	%D%/boot \
	%D%/client.py \
	%D%/conftest.py \
	%D%/elsewhere.py \
	%D%/eventsource.py \
	%D%/fastcgi.py \
	%D%/http2.py \
	%D%/orders/orders.php \
	%D%/orders/orders.pl \
	%D%/orders/orders.py \
	%D%/orders/page.php \
	%D%/orders/spawn.py \
	%D%/prometheus.py \
	%D%/raw.py \
	%D%/redis.py \
	%D%/stack.py \
	%D%/test_admin.py \
	%D%/test_auth.py \
	%D%/asking.py \
	%D%/test_asking.py \
	%D%/test_bench.py \
	%D%/test_boot.py \
	%D%/test_bridge.py \
	%D%/test_bus.py \
	%D%/test_chaos.py \
	%D%/test_chapter.py \
	%D%/test_chapter_in_php.py \
	%D%/test_clients.py \
	%D%/test_command.py \
	%D%/test_containers.py \
	%D%/test_control.py \
	%D%/test_cors.py \
	%D%/test_csrf.py \
	%D%/test_debian.py \
	%D%/test_deflate.py \
	%D%/test_descriptors.py \
	%D%/test_elsewhere.py \
	%D%/test_event_streams.py \
	%D%/test_examples.py \
	%D%/test_fastcgi.py \
	%D%/test_gate.py \
	%D%/test_gate_addresses.py \
	%D%/test_gate_admin.py \
	%D%/test_gate_crowds.py \
	%D%/test_gate_frames.py \
	%D%/test_gate_heads.py \
	%D%/test_gate_origins.py \
	%D%/test_gate_paths.py \
	%D%/test_guides.py \
	%D%/test_handler_examples.py \
	%D%/handler_vectors.json \
	%D%/test_handler_vectors.py \
	%D%/test_handlers.py \
	%D%/test_history.py \
	%D%/test_history_hosts.py \
	%D%/test_history_stored.py \
	%D%/test_handshake.py \
	%D%/test_hooks.py \
	%D%/test_hostile_run.py \
	%D%/test_http.py \
	%D%/test_http2.py \
	%D%/test_languages.py \
	%D%/test_log.py \
	%D%/test_log_waits.py \
	%D%/test_memory.py \
	%D%/test_messages.py \
	%D%/test_monitoring.py \
	%D%/test_presence.py \
	%D%/test_push.py \
	%D%/test_push_over_http.py \
	%D%/test_quotas.py \
	%D%/test_relay.py \
	%D%/test_relay_faults.py \
	%D%/test_relay_tls.py \
	%D%/test_roam.py \
	%D%/test_sections.py \
	%D%/test_serve.py \
	%D%/test_settings_work.py \
	%D%/test_stream.py \
	%D%/test_subprotocols.py \
	%D%/test_supervisor.py \
	%D%/test_shortage.py \
	%D%/test_systemd.py \
	%D%/test_tutorial.py \
	%D%/test_web.py \
	%D%/test_words.py \
	%D%/test_workers.py \
	%D%/web.py \
	%D%/frond.py \
	%D%/wire.py
