# unit tests of fcgi/
unit_tests += \
	%D%/test_attributes \
	%D%/test_auth \
	%D%/test_chars \
	%D%/test_conn \
	%D%/test_cors \
	%D%/test_demo \
	%D%/test_error \
	%D%/test_exchange \
	%D%/test_form \
	%D%/test_format \
	%D%/test_hand \
	%D%/test_header \
	%D%/test_hello \
	%D%/test_jar \
	%D%/test_jsonf \
	%D%/test_link \
	%D%/test_listener \
	%D%/test_listing \
	%D%/test_multipart \
	%D%/test_page \
	%D%/test_push \
	%D%/test_reach \
	%D%/test_request \
	%D%/test_conditional \
	%D%/test_place \
	%D%/test_ranges \
	%D%/test_response \
	%D%/test_role \
	%D%/test_router \
	%D%/test_session \
	%D%/test_template_errors \
	%D%/test_template_expressions \
	%D%/test_template_files \
	%D%/test_template_filters \
	%D%/test_template_tags \
	%D%/test_testkit \
	%D%/test_turns \
	%D%/test_verdict \
	%D%/test_worker \
	%D%/test_writeall

%C%_test_attributes_SOURCES = %D%/test_attributes.c
%C%_test_attributes_LDADD = fcgi/libapp.la
%C%_test_auth_SOURCES = %D%/test_auth.c
%C%_test_auth_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_chars_SOURCES = %D%/test_chars.c
%C%_test_chars_LDADD = fcgi/libapp.la
%C%_test_conn_SOURCES = %D%/test_conn.c
%C%_test_conn_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_demo_SOURCES = %D%/test_demo.c
%C%_test_demo_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_test_demo_LDADD = fcgi/examples/libdemo.la fcgi/libtina4.la $(CJSON_LIBS)
%C%_test_error_SOURCES = %D%/test_error.c
%C%_test_error_LDADD = fcgi/libapp.la
%C%_test_exchange_SOURCES = %D%/test_exchange.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_exchange_LDADD = fcgi/libapp.la $(ZMQ_LIBS)
%C%_test_format_SOURCES = %D%/test_format.c
%C%_test_format_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_hand_SOURCES = %D%/test_hand.c
%C%_test_hand_LDADD = fcgi/libapp.la
%C%_test_header_SOURCES = %D%/test_header.c
%C%_test_header_LDADD = fcgi/libapp.la
%C%_test_hello_SOURCES = %D%/test_hello.c
%C%_test_hello_LDADD = fcgi/libapp.la
%C%_test_jar_SOURCES = %D%/test_jar.c
%C%_test_jar_LDADD = fcgi/libapp.la
%C%_test_jsonf_SOURCES = %D%/test_jsonf.c
%C%_test_jsonf_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_link_SOURCES = %D%/test_link.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_link_LDADD = fcgi/libapp.la $(ZMQ_LIBS)
%C%_test_listener_SOURCES = %D%/test_listener.c
%C%_test_listener_LDADD = fcgi/libapp.la
%C%_test_listing_SOURCES = %D%/test_listing.c
%C%_test_listing_LDADD = fcgi/libapp.la
%C%_test_multipart_SOURCES = %D%/test_multipart.c
%C%_test_multipart_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_page_SOURCES = %D%/test_page.c
%C%_test_page_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_push_SOURCES = %D%/test_push.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_push_LDADD = fcgi/libapp.la $(CJSON_LIBS) $(ZMQ_LIBS)
%C%_test_reach_SOURCES = %D%/test_reach.c
%C%_test_reach_LDADD = fcgi/libapp.la
%C%_test_request_SOURCES = %D%/test_request.c
%C%_test_request_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_conditional_SOURCES = %D%/test_conditional.c
%C%_test_conditional_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_test_conditional_LDADD = fcgi/libtina4.la $(CJSON_LIBS)
%C%_test_place_SOURCES = %D%/test_place.c
%C%_test_place_LDADD = fcgi/libapp.la
%C%_test_ranges_SOURCES = %D%/test_ranges.c
%C%_test_ranges_LDADD = fcgi/libapp.la
%C%_test_response_SOURCES = %D%/test_response.c
%C%_test_response_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_role_SOURCES = %D%/test_role.c
%C%_test_role_LDADD = fcgi/libapp.la
%C%_test_router_SOURCES = %D%/test_router.c
%C%_test_router_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_session_SOURCES = %D%/test_session.c
%C%_test_session_LDADD = fcgi/libapp.la $(HIREDIS_LIBS) $(CJSON_LIBS)
%C%_test_template_errors_SOURCES = %D%/test_template_errors.c %D%/shelf.c %D%/shelf.h
%C%_test_template_errors_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_template_expressions_SOURCES = %D%/test_template_expressions.c %D%/shelf.c %D%/shelf.h
%C%_test_template_expressions_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_template_files_SOURCES = %D%/test_template_files.c
%C%_test_template_files_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_template_filters_SOURCES = %D%/test_template_filters.c %D%/shelf.c %D%/shelf.h
%C%_test_template_filters_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_template_tags_SOURCES = %D%/test_template_tags.c %D%/shelf.c %D%/shelf.h
%C%_test_template_tags_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_form_SOURCES = %D%/test_form.c
%C%_test_form_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_test_form_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_cors_SOURCES = %D%/test_cors.c
%C%_test_cors_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_test_cors_LDADD = fcgi/libtina4.la $(CJSON_LIBS)
%C%_test_testkit_SOURCES = %D%/test_testkit.c
%C%_test_testkit_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/fcgi
%C%_test_testkit_LDADD = fcgi/libtina4.la $(CJSON_LIBS)
%C%_test_turns_SOURCES = %D%/test_turns.c
%C%_test_turns_LDADD = fcgi/bridge/libbridge.la
%C%_test_verdict_SOURCES = %D%/test_verdict.c
%C%_test_verdict_LDADD = fcgi/libapp.la
%C%_test_worker_SOURCES = %D%/test_worker.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_worker_LDADD = fcgi/libapp.la $(ZMQ_LIBS)
%C%_test_writeall_SOURCES = %D%/test_writeall.c
%C%_test_writeall_LDADD = fcgi/libapp.la
