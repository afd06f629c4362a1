# The manual: its pages, and whether they say what the programs do.
AM_TESTS_ENVIRONMENT = \
	CC='$(CC)'; CPPFLAGS='$(AM_CPPFLAGS) $(CPPFLAGS)'; CFLAGS='$(AM_CFLAGS) $(CFLAGS)'; \
	CJSON_LIBS='$(CJSON_LIBS)'; MANUAL='$(dist_man_MANS)'; \
	HARDENING='$(HARDENING_CFLAGS)'; FORTIFY='$(HARDENING_CPPFLAGS)'; \
	export CC CPPFLAGS CFLAGS CJSON_LIBS MANUAL HARDENING FORTIFY;

manual_tests = \
	%D%/test_examples \
	%D%/test_frond \
	%D%/test_header \
	%D%/test_lint \
	%D%/test_prototypes \
	%D%/test_reload \
	%D%/test_settings \
	%D%/test_template

TESTS += $(manual_tests)
EXTRA_DIST += %D%/page.awk %D%/tap.sh $(manual_tests)

# README's application again, as its reader builds it: from what was installed.
installcheck-local:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	awk '/^```/ { shown = $$0 == "```c"; next } shown' $(srcdir)/README.md >$$folder/shop.c && \
	PKG_CONFIG_PATH='$(DESTDIR)$(pkgconfigdir)' $(PKG_CONFIG) --cflags --libs libtina4 >$$folder/flags && \
	$(CC) $(CFLAGS) -o $$folder/shop $$folder/shop.c $$(cat $$folder/flags) && \
	LD_LIBRARY_PATH='$(DESTDIR)$(libdir)' $$folder/shop --routes

check_PROGRAMS += %D%/render
%C%_render_LDADD = fcgi/libapp.la $(CJSON_LIBS)
