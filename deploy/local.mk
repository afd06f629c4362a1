EXTRA_DIST += \
	%D%/build \
	%D%/install-missing \
	%D%/nginx-own.conf.in \
	%D%/nginx.conf.in \
	%D%/packages \
	%D%/serve
