# Measurements, built with `make tests/bench/NAME` and run by hand.
EXTRA_PROGRAMS = %D%/template

%C%_template_SOURCES = %D%/template.c
%C%_template_LDADD = fcgi/libapp.la $(CJSON_LIBS)
CLEANFILES += $(EXTRA_PROGRAMS)
