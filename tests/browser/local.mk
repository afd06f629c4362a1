EXTRA_DIST += \
	%D%/browser.py \
	%D%/conftest.py \
	%D%/test_chat_in_php.py \
	%D%/test_chat_over_http2.py \
	%D%/test_chat_page.py \
	%D%/test_compression.py \
	%D%/test_frond_in_a_browser.py \
	%D%/test_gap.py \
	%D%/test_history_in_a_page.py \
	%D%/test_hostile_words.py \
	%D%/test_other_origins.py \
	%D%/test_room_page.py \
	%D%/test_start_page.py \
	%D%/test_where_websockets_are_blocked.py
