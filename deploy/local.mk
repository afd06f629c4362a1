# What `tina4 serve` runs, and the web servers' configuration, which it takes from beside it.
deploydir = $(datadir)/tina4/deploy

dist_deploy_SCRIPTS = %D%/tina4-new %D%/tina4-serve
dist_deploy_DATA = \
	%D%/apache-own.conf.in \
	%D%/apache.conf.in \
	%D%/lighttpd-cgi.conf.in \
	%D%/lighttpd-own.conf.in \
	%D%/lighttpd.conf.in \
	%D%/nginx-own.conf.in \
	%D%/nginx.conf.in

# What `tina4 new` begins with.
skeletondir = $(deploydir)/skeleton
skeleton_jsdir = $(skeletondir)/static/js
skeleton_cssdir = $(skeletondir)/static/css
skeleton_templatesdir = $(skeletondir)/templates
dist_skeleton_DATA = \
	%D%/skeleton/Makefile \
	%D%/skeleton/app.c \
	%D%/skeleton/app.h \
	%D%/skeleton/app_test.c \
	%D%/skeleton/env \
	%D%/skeleton/gitignore \
	%D%/skeleton/main.c
dist_skeleton_css_DATA = %D%/skeleton/static/css/app.css
dist_skeleton_js_DATA = %D%/skeleton/static/js/app.js
dist_skeleton_templates_DATA = %D%/skeleton/templates/base.html %D%/skeleton/templates/index.html

EXTRA_DIST += \
	%D%/apache.md \
	%D%/build \
	%D%/containers.md \
	%D%/containers/Containerfile \
	%D%/containers/Containerfile.dockerignore \
	%D%/containers/app.Containerfile \
	%D%/containers/compose.yml \
	%D%/containers/kubernetes.yml \
	%D%/debian \
	%D%/handlers.md \
	%D%/install-missing \
	%D%/install.md \
	%D%/lighttpd.md \
	%D%/monitoring/alerts.yml \
	%D%/monitoring/alerts_test.yml \
	%D%/monitoring/dashboard.json \
	%D%/monitoring/monitoring.md \
	%D%/monitoring/prometheus.yml \
	%D%/nginx.md \
	%D%/package \
	%D%/packages \
	%D%/patience \
	%D%/php.md \
	%D%/redis.md \
	%D%/serve \
	%D%/tutorial.md

include %D%/systemd/local.mk
