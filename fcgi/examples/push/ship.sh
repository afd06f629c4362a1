#!/bin/sh
#
# A classic CGI script: POST user_id=42&order=7 tells user 42's browsers.
#
# It pushes with the command tina4, which finds the sidecar by TINA4_BUS or by
# the file that TINA4_ENV_FILE names.

answer() {
	printf 'Status: %s\r\nContent-Type: application/json\r\n\r\n%s\n' "$1" "$2"
	exit
}

# Prints the number under a name in the form.
number() {
	printf '%s' "$form" | tr '&' '\n' | sed -n "s/^$1=\([0-9]\{1,18\}\)\$/\1/p" | head -n 1
}

[ "$REQUEST_METHOD" = POST ] || answer '405 Method Not Allowed' '{"error":"POST only"}'
form=$(head -c "${CONTENT_LENGTH:-0}")
user=$(number user_id)
order=$(number order)
if [ -z "$user" ] || [ -z "$order" ]; then
	answer '400 Bad Request' '{"error":"user_id and order are numbers"}'
fi

# ... the order's row would change here ...

tina4 push --quiet "/ws/notifications/$user" \
	"{\"type\":\"notification\",\"title\":\"Order Shipped\",\"action_url\":\"/orders/$order\"}" ||
	answer '503 Service Unavailable' '{"error":"not pushed"}' # why is in the web server's log
answer '200 OK' '{"message":"Order shipped, user notified"}'
