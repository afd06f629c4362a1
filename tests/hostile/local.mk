EXTRA_DIST += \
	%D%/bystanders.py \
	%D%/corpus.py \
	%D%/mutate.py \
	%D%/run \
	%D%/shrink.py \
	%D%/throw.py
