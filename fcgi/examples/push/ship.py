#!/usr/bin/python3
"""A classic CGI script: POST user_id=42&order=7 tells user 42's browsers.

tina4.py pushes, to the sidecar that TINA4_ADMIN names, with the token
TINA4_ADMIN_TOKEN. PYTHONPATH says where tina4.py is, when it is elsewhere.
"""

import json
import os
import sys
from urllib.parse import parse_qs

sys.path.append("/usr/local/share/tina4/python")
import tina4


def answer(status, content):
    print(f"Status: {status}\r\nContent-Type: application/json\r\n\r\n{json.dumps(content)}")
    sys.exit()


if os.environ["REQUEST_METHOD"] != "POST":
    answer("405 Method Not Allowed", {"error": "POST only"})
form = parse_qs(sys.stdin.read(int(os.environ.get("CONTENT_LENGTH") or 0)))
user, order = (form.get(name, [""])[0] for name in ("user_id", "order"))
if not (user.isdecimal() and order.isdecimal()):
    answer("400 Bad Request", {"error": "user_id and order are numbers"})

# ... the order's row would change here ...

try:
    tina4.push_to_websocket(
        f"/ws/notifications/{user}",
        json.dumps({"type": "notification", "title": "Order Shipped", "action_url": f"/orders/{order}"}))
except tina4.PushFailed as failure:
    print(f"not pushed: {failure}", file=sys.stderr)  # to the web server's log
    answer("503 Service Unavailable", {"error": "not pushed"})
answer("200 OK", {"message": "Order shipped, user notified"})
