# What deploy/package has built is tried in roots of Debian's releases.
EXTRA_DIST += \
	%D%/boot \
	%D%/run \
	%D%/test_packages.py \
	%D%/within
