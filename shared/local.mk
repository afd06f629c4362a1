noinst_LTLIBRARIES += %D%/libshared.la

%C%_libshared_la_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/authority.c %D%/authority.h \
	%D%/base64.c %D%/base64.h \
	%D%/base64url.c %D%/base64url.h \
	%D%/buf.c %D%/buf.h \
	%D%/clock.c %D%/clock.h \
	%D%/bus.c %D%/bus.h \
	%D%/closecode.c %D%/closecode.h \
	%D%/connjson.c %D%/connjson.h \
	%D%/conf.c %D%/conf.h \
	%D%/credentials.c %D%/credentials.h \
	%D%/dotenv.c %D%/dotenv.h \
	%D%/endpoint.c %D%/endpoint.h \
	%D%/hash.c %D%/hash.h \
	%D%/hex.c %D%/hex.h \
	%D%/take.c %D%/take.h \
	%D%/jsonprint.c %D%/jsonprint.h \
	%D%/jsonput.c %D%/jsonput.h \
	%D%/jsontext.c %D%/jsontext.h \
	%D%/keys.c %D%/keys.h \
	%D%/list.c %D%/list.h \
	%D%/listener.c %D%/listener.h \
	%D%/log.c %D%/log.h \
	%D%/logfmt.c %D%/logfmt.h \
	%D%/loglimit.c %D%/loglimit.h \
	%D%/logqueue.c %D%/logqueue.h \
	%D%/notify.c %D%/notify.h \
	%D%/numeral.c %D%/numeral.h \
	%D%/protocols.c %D%/protocols.h \
	%D%/routetext.c %D%/routetext.h \
	%D%/origin.c %D%/origin.h \
	%D%/path.c %D%/path.h \
	%D%/redisurl.c %D%/redisurl.h \
	%D%/setting.c %D%/setting.h \
	%D%/span.c %D%/span.h \
	%D%/token.c %D%/token.h \
	%D%/url.c %D%/url.h \
	%D%/username.c %D%/username.h \
	%D%/utf8.c %D%/utf8.h \
	%D%/valid.c %D%/valid.h \
	%D%/wire.c %D%/wire.h
%C%_libshared_la_LIBADD = $(ZMQ_LIBS) $(CRYPTO_LIBS) $(CJSON_LIBS) -lm

dist_man_MANS += %D%/tina4-conf.5 %D%/tina4-wire.7
EXTRA_DIST += %D%/chat.png %D%/parts.svg %D%/settings-page
