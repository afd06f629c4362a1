# The manual: its pages, and whether they say what the programs do.
AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; CPPFLAGS='$(AM_CPPFLAGS) $(CPPFLAGS)'; CFLAGS='$(AM_CFLAGS) $(CFLAGS)'; \
	CJSON_LIBS='$(CJSON_LIBS)'; MANUAL='$(dist_man_MANS)'; \
	export CC CPPFLAGS CFLAGS CJSON_LIBS MANUAL;

manual_tests = \
	%D%/test_examples \
	%D%/test_frond \
	%D%/test_lint \
	%D%/test_prototypes \
	%D%/test_settings \
	%D%/test_template

TESTS += $(manual_tests)
EXTRA_DIST += %D%/page.awk %D%/tap.sh $(manual_tests)

check_PROGRAMS += %D%/render
%C%_render_LDADD = fcgi/libapp.la $(CJSON_LIBS)
