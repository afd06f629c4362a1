# How the tree is laid out: which folder sees which, and what a file looks like.
layout_tests = \
	%D%/test_format \
	%D%/test_functions \
	%D%/test_includes \
	%D%/test_map

TESTS += $(layout_tests)
EXTRA_DIST += %D%/sources.py $(layout_tests)
