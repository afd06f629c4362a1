# unit tests of tests/bench/
unit_tests += \
	%D%/test_ledger \
	%D%/test_letter

%C%_test_ledger_SOURCES = %D%/test_ledger.c tests/bench/ledger.c tests/bench/ledger.h
%C%_test_letter_SOURCES = %D%/test_letter.c tests/bench/letter.c tests/bench/letter.h
