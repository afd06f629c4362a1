# A fuzz target is fuzz_NAME.c, a directory corpus/NAME and the two lines that
# path has below. Configured with --enable-fuzzers (CC=clang), `make fuzz` runs
# each for FUZZ_SECONDS; else `make check` replays the corpora.
fuzz_targets =

fuzz_targets += %D%/fuzz_address
%C%_fuzz_address_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_answer
%C%_fuzz_answer_LDADD = $(fuzz_main) fcgi/bridge/libbridge.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_conf
%C%_fuzz_conf_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_control
%C%_fuzz_control_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_credentials
%C%_fuzz_credentials_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_deflate
%C%_fuzz_deflate_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_envelope
%C%_fuzz_envelope_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_head
%C%_fuzz_head_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_intake
%C%_fuzz_intake_SOURCES = %D%/fuzz_intake.c tests/unit/fake_browser.c tests/unit/fake_browser.h
%C%_fuzz_intake_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_fuzz_intake_LDADD = $(fuzz_main) sidecar/libsidecar.la $(ZMQ_LIBS)
fuzz_targets += %D%/fuzz_jar
%C%_fuzz_jar_LDADD = $(fuzz_main) fcgi/libapp.la
fuzz_targets += %D%/fuzz_jsontext
%C%_fuzz_jsontext_LDADD = $(fuzz_main) fcgi/libapp.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_known
%C%_fuzz_known_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_logfmt
%C%_fuzz_logfmt_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_management
%C%_fuzz_management_LDADD = $(fuzz_main) fcgi/libapp.la
fuzz_targets += %D%/fuzz_member
%C%_fuzz_member_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_meta
%C%_fuzz_meta_LDADD = $(fuzz_main) fcgi/libapp.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_multipart
%C%_fuzz_multipart_LDADD = $(fuzz_main) fcgi/libapp.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_offers
%C%_fuzz_offers_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_origin
%C%_fuzz_origin_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_path
%C%_fuzz_path_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_position
%C%_fuzz_position_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_post
%C%_fuzz_post_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
%C%_fuzz_post_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_ranges
%C%_fuzz_ranges_LDADD = $(fuzz_main) fcgi/libapp.la
fuzz_targets += %D%/fuzz_record
%C%_fuzz_record_LDADD = $(fuzz_main) fcgi/bridge/libbridge.la
fuzz_targets += %D%/fuzz_redisurl
%C%_fuzz_redisurl_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_request
%C%_fuzz_request_LDADD = $(fuzz_main) fcgi/libapp.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_saved
%C%_fuzz_saved_LDADD = $(fuzz_main) sidecar/libsidecar.la
%C%_fuzz_saved_CPPFLAGS = $(AM_CPPFLAGS) $(LWS_CFLAGS) $(UV_CFLAGS)
fuzz_targets += %D%/fuzz_store
%C%_fuzz_store_CPPFLAGS = $(AM_CPPFLAGS) $(HIREDIS_CFLAGS)
%C%_fuzz_store_LDADD = $(fuzz_main) sidecar/libsidecar.la $(HIREDIS_LIBS)
fuzz_targets += %D%/fuzz_routetext
%C%_fuzz_routetext_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_template
%C%_fuzz_template_LDADD = $(fuzz_main) fcgi/libapp.la $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_token
%C%_fuzz_token_LDADD = $(fuzz_main) shared/libshared.la $(CRYPTO_LIBS) $(CJSON_LIBS)
fuzz_targets += %D%/fuzz_upgrade
%C%_fuzz_upgrade_LDADD = $(fuzz_main) sidecar/libsidecar.la
fuzz_targets += %D%/fuzz_url
%C%_fuzz_url_LDADD = $(fuzz_main) shared/libshared.la
fuzz_targets += %D%/fuzz_wire
%C%_fuzz_wire_LDADD = $(fuzz_main) shared/libshared.la

EXTRA_DIST += %D%/fuzz.h %D%/libwebsockets.md %D%/replay.c %D%/template.dict %D%/corpus
FUZZ_SECONDS = 60
fuzz_found = fuzz-found

if FUZZERS
fuzz_main = $(FUZZER_LIBS)
noinst_PROGRAMS += $(fuzz_targets)

# What libFuzzer finds is kept in fuzz-found/; an input that fails is one of its files too.
fuzz: $(fuzz_targets)
	@for target in $(fuzz_targets); do \
		name=$${target##*/fuzz_}; \
		mkdir -p $(fuzz_found)/$$name; \
		echo "  FUZZ     $$name"; \
		$$target -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(fuzz_found)/$$name- \
			-verbosity=0 $(fuzz_found)/$$name $(srcdir)/%D%/corpus/$$name || exit 1; \
	done
.PHONY: fuzz
else
fuzz_main = %D%/libreplay.la
noinst_LTLIBRARIES += %D%/libreplay.la
%C%_libreplay_la_SOURCES = %D%/replay.c %D%/fuzz.h
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
endif
