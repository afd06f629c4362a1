EXTRA_DIST += \
	%D%/ask \
	%D%/build.py \
	%D%/clock.c \
	%D%/diary.py \
	%D%/faults.py \
	%D%/ledger.py \
	%D%/results.md \
	%D%/roam \
	%D%/roamers.py \
	%D%/run \
	%D%/traffic.py
