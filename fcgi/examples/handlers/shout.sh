#!/bin/sh
# What somebody says, all others hear loudly. It needs jq.
#
#     tina4 worker --exec ./shout.sh
#
# Clients connect to /ws/shout/{place} and send text.
exec jq --unbuffered -c '
	if .event == "routes" then
		{ routes: [{ route: "/ws/shout/{place}" }] }
	elif .event == "message" and .text then
		{ id, commands: [{ command: "broadcast", text: (.text | ascii_upcase), exclude_sender: true }] }
	else
		{ id, commands: [] }
	end'
