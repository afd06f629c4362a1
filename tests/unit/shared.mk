# unit tests of shared/
unit_tests += \
	%D%/test_address \
	%D%/test_authority \
	%D%/test_base64url \
	%D%/test_buf \
	%D%/test_bus \
	%D%/test_closecode \
	%D%/test_conf \
	%D%/test_credentials \
	%D%/test_dotenv \
	%D%/test_hash \
	%D%/test_list \
	%D%/test_log \
	%D%/test_logfmt \
	%D%/test_loglimit \
	%D%/test_logqueue \
	%D%/test_jsonprint \
	%D%/test_numeral \
	%D%/test_protocols \
	%D%/test_routetext \
	%D%/test_origin \
	%D%/test_path \
	%D%/test_redisurl \
	%D%/test_setting \
	%D%/test_span \
	%D%/test_token \
	%D%/test_url \
	%D%/test_utf8 \
	%D%/test_valid \
	%D%/test_wire

%C%_test_address_SOURCES = %D%/test_address.c
%C%_test_address_LDADD = shared/libshared.la
%C%_test_authority_SOURCES = %D%/test_authority.c
%C%_test_authority_LDADD = shared/libshared.la
%C%_test_base64url_SOURCES = %D%/test_base64url.c
%C%_test_base64url_LDADD = shared/libshared.la
%C%_test_buf_SOURCES = %D%/test_buf.c
%C%_test_buf_LDADD = shared/libshared.la
%C%_test_bus_SOURCES = %D%/test_bus.c
%C%_test_bus_LDADD = shared/libshared.la $(ZMQ_LIBS)
%C%_test_closecode_SOURCES = %D%/test_closecode.c
%C%_test_closecode_LDADD = shared/libshared.la
%C%_test_conf_SOURCES = %D%/test_conf.c
%C%_test_conf_LDADD = shared/libshared.la
%C%_test_credentials_SOURCES = %D%/test_credentials.c
%C%_test_credentials_LDADD = shared/libshared.la
%C%_test_dotenv_SOURCES = %D%/test_dotenv.c
%C%_test_dotenv_LDADD = shared/libshared.la
%C%_test_hash_SOURCES = %D%/test_hash.c
%C%_test_hash_LDADD = shared/libshared.la
%C%_test_list_SOURCES = %D%/test_list.c
%C%_test_list_LDADD = shared/libshared.la
%C%_test_log_SOURCES = %D%/test_log.c
%C%_test_log_LDADD = shared/libshared.la
%C%_test_logfmt_SOURCES = %D%/test_logfmt.c
%C%_test_logfmt_LDADD = shared/libshared.la
%C%_test_loglimit_SOURCES = %D%/test_loglimit.c
%C%_test_loglimit_LDADD = shared/libshared.la
%C%_test_logqueue_SOURCES = %D%/test_logqueue.c
%C%_test_logqueue_LDADD = shared/libshared.la
%C%_test_jsonprint_SOURCES = %D%/test_jsonprint.c
%C%_test_jsonprint_LDADD = shared/libshared.la $(CJSON_LIBS)
%C%_test_protocols_SOURCES = %D%/test_protocols.c
%C%_test_protocols_LDADD = shared/libshared.la
%C%_test_routetext_SOURCES = %D%/test_routetext.c
%C%_test_routetext_LDADD = shared/libshared.la
%C%_test_numeral_SOURCES = %D%/test_numeral.c
%C%_test_numeral_LDADD = shared/libshared.la
%C%_test_origin_SOURCES = %D%/test_origin.c
%C%_test_origin_LDADD = shared/libshared.la
%C%_test_path_SOURCES = %D%/test_path.c
%C%_test_path_LDADD = shared/libshared.la
%C%_test_redisurl_SOURCES = %D%/test_redisurl.c
%C%_test_redisurl_LDADD = shared/libshared.la
%C%_test_setting_SOURCES = %D%/test_setting.c
%C%_test_setting_LDADD = shared/libshared.la
%C%_test_span_SOURCES = %D%/test_span.c
%C%_test_span_LDADD = shared/libshared.la
%C%_test_token_SOURCES = %D%/test_token.c
%C%_test_token_LDADD = shared/libshared.la $(CRYPTO_LIBS) $(CJSON_LIBS)
%C%_test_url_SOURCES = %D%/test_url.c
%C%_test_url_LDADD = shared/libshared.la
%C%_test_utf8_SOURCES = %D%/test_utf8.c
%C%_test_utf8_LDADD = shared/libshared.la
%C%_test_valid_SOURCES = %D%/test_valid.c
%C%_test_valid_LDADD = shared/libshared.la
%C%_test_wire_SOURCES = %D%/test_wire.c
%C%_test_wire_LDADD = shared/libshared.la
