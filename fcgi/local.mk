lib_LTLIBRARIES += %D%/libtina4.la
noinst_LTLIBRARIES += %D%/libapp.la # all of libtina4, for tests of its inside
include_HEADERS += %D%/tina4.h %D%/tina4_test.h
pkgconfig_DATA += %D%/libtina4.pc

%C%_libapp_la_SOURCES = \
	%D%/app.c %D%/app.h \
	%D%/applog.c \
	%D%/crash.c %D%/crash.h \
	%D%/convert.c %D%/convert.h \
	%D%/error.c \
	%D%/fields.c %D%/fields.h \
	%D%/format.c %D%/format.h \
	%D%/hooks.c %D%/hooks.h \
	%D%/joined.c %D%/joined.h \
	%D%/jsonf.c %D%/jsonf.h \
	%D%/listing.c %D%/listing.h \
	%D%/place.c %D%/place.h \
	%D%/prepare.c %D%/prepare.h \
	%D%/reserved.h \
	%D%/role.c %D%/role.h \
	%D%/run.c %D%/run.h \
	%D%/sink.h \
	%D%/signals.c %D%/signals.h \
	%D%/tina4.h \
	%D%/tina4_test.h \
	%D%/version.c \
	%D%/writeall.c %D%/writeall.h \
	%D%/http/cgi.c %D%/http/cgi.h \
	%D%/http/conditional.c %D%/http/conditional.h \
	%D%/http/connections.c %D%/http/connections.h \
	%D%/http/cors.c %D%/http/cors.h \
	%D%/http/dispatch.c %D%/http/dispatch.h \
	%D%/http/fastcgi.c %D%/http/fastcgi.h \
	%D%/http/file.c %D%/http/file.h \
	%D%/http/form.c \
	%D%/http/httpdate.c %D%/http/httpdate.h \
	%D%/http/management.c %D%/http/management.h \
	%D%/http/multipart.c %D%/http/multipart.h \
	%D%/http/outlet.h \
	%D%/http/page.c %D%/http/page.h \
	%D%/http/ranges.c %D%/http/ranges.h \
	%D%/http/request.c %D%/http/request.h \
	%D%/http/response.c %D%/http/response.h \
	%D%/http/router.c %D%/http/router.h \
	%D%/http/settle.c %D%/http/settle.h \
	%D%/http/stream.c %D%/http/stream.h \
	%D%/http/visitor.c \
	%D%/ws/attributes.c %D%/ws/attributes.h \
	%D%/ws/command.c %D%/ws/command.h \
	%D%/ws/conn.c %D%/ws/conn.h \
	%D%/ws/conns.c %D%/ws/conns.h \
	%D%/ws/events.c %D%/ws/events.h \
	%D%/ws/exchange.c %D%/ws/exchange.h \
	%D%/ws/change.c %D%/ws/change.h \
	%D%/ws/child.c %D%/ws/child.h \
	%D%/ws/hand.c %D%/ws/hand.h \
	%D%/ws/hello.c %D%/ws/hello.h \
	%D%/ws/link.c %D%/ws/link.h \
	%D%/ws/meta.c %D%/ws/meta.h \
	%D%/ws/presence.c %D%/ws/presence.h \
	%D%/ws/reach.c %D%/ws/reach.h \
	%D%/ws/remote.h \
	%D%/ws/mark.c %D%/ws/mark.h \
	%D%/ws/past.c \
	%D%/ws/push.c %D%/ws/push.h \
	%D%/ws/user.c %D%/ws/user.h \
	%D%/ws/supervisor.c %D%/ws/supervisor.h \
	%D%/ws/verdict.c %D%/ws/verdict.h \
	%D%/ws/worker.c %D%/ws/worker.h \
	%D%/session/auth.c %D%/session/auth.h \
	%D%/session/csrf.c %D%/session/csrf.h \
	%D%/session/session.c %D%/session/session.h \
	%D%/session/store.h \
	%D%/session/store_file.c \
	%D%/session/store_redis.c \
	%D%/template/arena.c %D%/template/arena.h \
	%D%/template/arrow.c \
	%D%/template/ast.h \
	%D%/template/budget.c %D%/template/budget.h \
	%D%/template/callee.c %D%/template/callee.h \
	%D%/template/case.c %D%/template/case.h \
	%D%/template/chars.c %D%/template/chars.h \
	%D%/template/check.c %D%/template/check.h \
	%D%/template/date.c %D%/template/date.h \
	%D%/template/eval.c \
	%D%/template/expr.c %D%/template/expr.h \
	%D%/template/expression.c \
	%D%/template/filter.c %D%/template/filter.h \
	%D%/template/filter_list.c \
	%D%/template/filter_part.c \
	%D%/template/filter_number.c \
	%D%/template/filter_text.c \
	%D%/template/form.c \
	%D%/template/function.c %D%/template/function.h \
	%D%/template/json.c %D%/template/json.h \
	%D%/template/lexer.c %D%/template/lexer.h \
	%D%/template/limits.h \
	%D%/template/loader.c %D%/template/loader.h \
	%D%/template/macro.c %D%/template/macro.h \
	%D%/template/number.c %D%/template/number.h \
	%D%/template/operand.c \
	%D%/template/parser.c %D%/template/parser.h \
	%D%/template/print.c %D%/template/print.h \
	%D%/template/render.c %D%/template/render.h \
	%D%/template/scope.c %D%/template/scope.h \
	%D%/template/tags.c \
	%D%/template/template.c %D%/template/template.h \
	%D%/template/templates.c %D%/template/templates.h \
	%D%/template/text.c %D%/template/text.h \
	%D%/template/value.c %D%/template/value.h \
	%D%/test/body.c %D%/test/body.h \
	%D%/test/client.c \
	%D%/test/environment.c %D%/test/environment.h \
	%D%/test/http.c \
	%D%/test/inbox.c %D%/test/inbox.h \
	%D%/test/past.c %D%/test/past.h \
	%D%/test/jar.c %D%/test/jar.h \
	%D%/test/memory.c %D%/test/memory.h \
	%D%/test/standin.c %D%/test/standin.h \
	%D%/test/test.c %D%/test/test.h
%C%_libapp_la_LIBADD = shared/libshared.la $(FCGI_LIBS) $(HIREDIS_LIBS) $(CRYPTO_LIBS) $(CJSON_LIBS) -lm

# -version-info: see "Releases" in CONTRIBUTING.md.
%C%_libtina4_la_SOURCES =
%C%_libtina4_la_LIBADD = %D%/libapp.la
%C%_libtina4_la_LDFLAGS = $(AM_LDFLAGS) -export-symbols-regex '^tina4_' -version-info 0:0:0 -no-undefined

bin_PROGRAMS += tina4

tina4_SOURCES = \
	%D%/cli/cli.c %D%/cli/cli.h \
	%D%/cli/check.c \
	%D%/cli/conns.c \
	%D%/cli/count.c \
	%D%/cli/history.c \
	%D%/cli/kick.c \
	%D%/cli/main.c \
	%D%/cli/members.c \
	%D%/cli/push.c \
	%D%/cli/script.c \
	%D%/cli/served.c %D%/cli/served.h \
	%D%/cli/status.c \
	%D%/cli/token.c \
	%D%/cli/worker.c
tina4_CPPFLAGS = $(AM_CPPFLAGS) -DCLI_DEPLOYDIR='"$(datadir)/tina4/deploy"' \
	-DCLI_INSTALLED_ENV='"$(sysconfdir)/tina4/tina4.env"'
tina4_LDFLAGS = $(AM_LDFLAGS) $(PIE_LDFLAGS)
tina4_LDADD = %D%/bridge/libbridge.la %D%/libapp.la $(CJSON_LIBS)

dist_man_MANS += \
	%D%/template/tina4-template.7 \
	%D%/tina4.1 \
	%D%/tina4_app.3 \
	%D%/tina4_auth.3 \
	%D%/tina4_conn.3 \
	%D%/tina4_form.3 \
	%D%/tina4_history.3 \
	%D%/tina4_log.3 \
	%D%/tina4_push.3 \
	%D%/tina4_request.3 \
	%D%/tina4_response.3 \
	%D%/tina4_route.3 \
	%D%/tina4_session.3 \
	%D%/tina4_test.3 \
	%D%/tina4_user.3

include %D%/bridge/local.mk
include %D%/examples/local.mk
