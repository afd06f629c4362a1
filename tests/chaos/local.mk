EXTRA_DIST += \
	%D%/clock.c \
	%D%/faults.py \
	%D%/ledger.py \
	%D%/run \
	%D%/traffic.py
