# Tests of frond.js, on Node's own runner.
TEST_EXTENSIONS = .js
JS_LOG_DRIVER = $(LOG_DRIVER)
JS_LOG_COMPILER = $(srcdir)/%D%/run

frond_tests = \
	%D%/test_address.js \
	%D%/test_control.js \
	%D%/test_events.js \
	%D%/test_fallback.js \
	%D%/test_file.js \
	%D%/test_position.js \
	%D%/test_presence.js \
	%D%/test_reconnect.js \
	%D%/test_request.js \
	%D%/test_send.js \
	%D%/test_silence.js

TESTS += $(frond_tests)
EXTRA_DIST += %D%/run %D%/world.js $(frond_tests)
