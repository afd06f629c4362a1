# What the build made: whether it is as configure was asked to make it.
build_tests = %D%/test_hardening

TESTS += $(build_tests)
EXTRA_DIST += $(build_tests)
