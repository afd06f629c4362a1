EXTRA_DIST += \
	%D%/clock.c \
	%D%/faults.py \
	%D%/ledger.py \
	%D%/results.md \
	%D%/run \
	%D%/traffic.py
