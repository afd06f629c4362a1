# unit tests of fcgi/
unit_tests += \
	%D%/test_conn \
	%D%/test_jsonf \
	%D%/test_listener \
	%D%/test_multipart \
	%D%/test_push \
	%D%/test_request \
	%D%/test_response \
	%D%/test_role \
	%D%/test_router \
	%D%/test_worker

%C%_test_conn_SOURCES = %D%/test_conn.c
%C%_test_conn_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_jsonf_SOURCES = %D%/test_jsonf.c
%C%_test_jsonf_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_listener_SOURCES = %D%/test_listener.c
%C%_test_listener_LDADD = fcgi/libapp.la
%C%_test_multipart_SOURCES = %D%/test_multipart.c
%C%_test_multipart_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_push_SOURCES = %D%/test_push.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_push_LDADD = fcgi/libapp.la $(CJSON_LIBS) $(ZMQ_LIBS)
%C%_test_request_SOURCES = %D%/test_request.c
%C%_test_request_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_response_SOURCES = %D%/test_response.c
%C%_test_response_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_role_SOURCES = %D%/test_role.c
%C%_test_role_LDADD = fcgi/libapp.la
%C%_test_router_SOURCES = %D%/test_router.c
%C%_test_router_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_worker_SOURCES = %D%/test_worker.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_worker_LDADD = fcgi/libapp.la $(ZMQ_LIBS)
