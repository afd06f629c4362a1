# What `tina4 worker` is made of, a library so that tests can look inside.
noinst_LTLIBRARIES += %D%/libbridge.la

%C%_libbridge_la_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/bridge.c %D%/bridge.h \
	%D%/call.c %D%/call.h \
	%D%/cgianswer.c %D%/cgianswer.h \
	%D%/description.c %D%/description.h \
	%D%/guard.c %D%/guard.h \
	%D%/handler.c %D%/handler.h \
	%D%/lines.c %D%/lines.h \
	%D%/merged.c %D%/merged.h \
	%D%/params.c %D%/params.h \
	%D%/program.c %D%/program.h \
	%D%/question.c %D%/question.h \
	%D%/record.c %D%/record.h \
	%D%/requests.c %D%/requests.h \
	%D%/turns.c %D%/turns.h \
	%D%/waiting.c %D%/waiting.h
%C%_libbridge_la_LIBADD = fcgi/libapp.la $(CRYPTO_LIBS) $(CJSON_LIBS)

# One file for each language, which is found where its users are told to look.
phpdir = $(datadir)/tina4/php
pythonsdir = $(datadir)/tina4/python
perldir = $(datadir)/tina4/perl

dist_php_DATA = %D%/autoload.php %D%/tina4.php
dist_pythons_DATA = %D%/tina4.py
dist_perl_DATA = %D%/Tina4.pm

dist_man_MANS += %D%/tina4-handler.7 %D%/tina4-languages.7
