# Pages and what they load, as a web server finds them: the folder moves as one.
templatesdir = $(datadir)/tina4/templates
templatescssdir = $(templatesdir)/static/css
templatesjsdir = $(templatesdir)/static/js

dist_templates_DATA = %D%/chat.html
dist_templatescss_DATA = %D%/static/css/site.css
dist_templatesjs_DATA = %D%/static/js/chat.js
