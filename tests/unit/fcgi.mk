# unit tests of fcgi/
unit_tests += \
	%D%/test_conn \
	%D%/test_push \
	%D%/test_worker

%C%_test_conn_SOURCES = %D%/test_conn.c
%C%_test_conn_LDADD = fcgi/libapp.la $(CJSON_LIBS)
%C%_test_push_SOURCES = %D%/test_push.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_push_LDADD = fcgi/libapp.la $(CJSON_LIBS) $(ZMQ_LIBS)
%C%_test_worker_SOURCES = %D%/test_worker.c %D%/fake_sidecar.c %D%/fake_sidecar.h
%C%_test_worker_LDADD = fcgi/libapp.la $(ZMQ_LIBS)
