# Pages and what they load, as a web server finds them: the folder moves as one.
templatesdir = $(datadir)/tina4/templates
templatescssdir = $(templatesdir)/static/css
templatesjsdir = $(templatesdir)/static/js

dist_templates_DATA = \
	%D%/base.html \
	%D%/chat.html \
	%D%/conversation.html \
	%D%/error.html \
	%D%/home.html \
	%D%/room.html
dist_templatescss_DATA = %D%/static/css/site.css
dist_templatesjs_DATA = \
	%D%/static/js/chat.js \
	%D%/static/js/conversation.js \
	%D%/static/js/frond.d.mts \
	%D%/static/js/frond.d.ts \
	%D%/static/js/frond.js \
	%D%/static/js/frond.mjs \
	%D%/static/js/home.js \
	%D%/static/js/room.js \
	%D%/static/js/status.js

dist_man_MANS += %D%/frond.3

# Every page pays for frond.js, so the build says how large it is.
noinst_DATA = %D%/frond-size.log
CLEANFILES += %D%/frond-size.log

%D%/frond-size.log: %D%/static/js/frond.js
	@$(MKDIR_P) $(@D)
	@js=$(srcdir)/templates/static/js/frond.js; \
	echo "frond.js: $$(wc -c <$$js) bytes, $$(gzip -9c $$js | wc -c) gzipped" | tee $@
