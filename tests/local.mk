LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
EXTRA_DIST += %D%/tap.h %D%/bundlers/package.json %D%/bundlers/package-lock.json %D%/bundlers/run

unit_tests =
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

include %D%/unit/shared.mk
include %D%/unit/fcgi.mk
include %D%/unit/sidecar.mk
include %D%/unit/bench.mk
include %D%/frond/local.mk
include %D%/layout/local.mk
include %D%/manual/local.mk
include %D%/build/local.mk
include %D%/system/local.mk
include %D%/browser/local.mk
include %D%/fuzz/local.mk
include %D%/hostile/local.mk
include %D%/packages/local.mk
include %D%/chaos/local.mk
include %D%/bench/local.mk
