# What `tina4 serve` runs, and the web servers' configuration, which it takes from beside it.
deploydir = $(datadir)/tina4/deploy

dist_deploy_SCRIPTS = %D%/tina4-serve
dist_deploy_DATA = \
	%D%/apache-own.conf.in \
	%D%/apache.conf.in \
	%D%/lighttpd-cgi.conf.in \
	%D%/lighttpd-own.conf.in \
	%D%/lighttpd.conf.in \
	%D%/nginx-own.conf.in \
	%D%/nginx.conf.in

EXTRA_DIST += \
	%D%/apache.md \
	%D%/build \
	%D%/install-missing \
	%D%/install.md \
	%D%/lighttpd.md \
	%D%/nginx.md \
	%D%/packages \
	%D%/redis.md \
	%D%/serve

include %D%/systemd/local.mk
