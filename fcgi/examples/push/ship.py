#!/usr/bin/python3
"""A classic CGI script: POST user_id=42&order=7 tells user 42's browsers.

It speaks to the sidecar over ZeroMQ, at TINA4_BUS, as tina4-wire(7) describes.
"""

import json
import os
import struct
import sys
import time
from urllib.parse import parse_qs

import zmq

VERSION, PUSH, REQUEST, REPLY, OK = 1, 3, 5, 18, 0


def blob(data):
    return struct.pack("!I", len(data)) + data


def push(path, text, timeout=2):
    """Returns how many connections it was queued to."""
    command = struct.pack("!BBH", PUSH, 0, 0) + blob(path.encode()) + blob(text.encode())
    deadline = int((time.time() + timeout) * 1000)
    request = struct.pack("!BBHQ", VERSION, REQUEST, 0, 1) + os.urandom(16) + struct.pack("!Q", deadline) + blob(command)

    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(os.environ.get("TINA4_BUS", "ipc:///run/tina4/bus"))
    socket.send(request)
    if not socket.poll(timeout * 1000):
        raise TimeoutError("no receipt in time")
    answer = socket.recv()
    _, kind, _, _ = struct.unpack_from("!BBHQ", answer)
    if kind != REPLY:
        raise LookupError("no route matches the path")
    status, _, connections = struct.unpack_from("!BBI", answer, 12)
    if status != OK:
        raise ValueError(f"refused with status {status}")
    return connections


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
    push(f"/ws/notifications/{user}",
         json.dumps({"type": "notification", "title": "Order Shipped", "action_url": f"/orders/{order}"}))
except (OSError, LookupError, ValueError, zmq.ZMQError) as error:
    print(f"not pushed: {error}", file=sys.stderr)  # to the web server's log
    answer("503 Service Unavailable", {"error": "not pushed"})
answer("200 OK", {"message": "Order shipped, user notified"})
