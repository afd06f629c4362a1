"""Event streams as a browser reads them: WHATWG HTML section 9.2."""

import http.client
import json
from base64 import b64decode

from client import TIMEOUT

OURS = ("heartbeat", "position")  # may come at any time, and say no more than an id


class Parser:
    """Bytes in, events out, whatever pieces they come in."""

    def __init__(self, last_id=""):
        self.last_id = last_id  # of the latest event that came whole
        self.retry = None
        self.rest = b""
        self._begin()

    def _begin(self):
        self.type, self.lines, self.id = "", [], None

    def feed(self, data):
        """The events that are whole now: each its type, its data and the id behind it."""
        *lines, self.rest = (self.rest + data).split(b"\n")
        assert b"\r" not in data, "the sidecar ends lines in one way"
        return [event for line in lines for event in self._line(line.decode())]

    def _line(self, line):
        if line == "":
            yield from self._dispatch()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self.type = value
        elif name == "data":
            self.lines.append(value)
        elif name == "id":
            self.id = value
        elif name == "retry":
            self.retry = int(value)

    def _dispatch(self):
        if self.id is not None:
            self.last_id = self.id
        if self.lines:
            yield self.type or "message", "\n".join(self.lines), self.last_id
        self._begin()


def message_of(event):
    """What a WebSocket would have brought: str or bytes; None for what is no message."""
    kind, data, _ = event
    if kind == "binary":
        return b64decode(data, validate=True)
    if kind == "text":
        return json.loads(data)
    return data if kind == "message" else None


class EventSource:
    """A stream whose every surprise is an error. Its last_id is that of what has been taken from it."""

    def __init__(self, port, target, last_id="", headers=None, method="GET"):
        self.parser = Parser(last_id)
        self.last_id = last_id
        self.events = []
        self.conn = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        lines = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {}), **(headers or {})}
        self.conn.request(method, target, headers={name: value for name, value in lines.items() if value is not None})
        self.sock = self.conn.sock
        self.answer = self.conn.getresponse()
        self.status = self.answer.status
        if self.status == 200:
            assert self.answer.headers["Content-Type"] == "text/event-stream"

    def _more(self):
        data = self.answer.read1(65536)
        self.events += self.parser.feed(data)
        return data

    def event(self, skip=OURS):
        """The next one."""
        while True:
            while self.events:
                event = self.events.pop(0)
                self.last_id = event[2]
                if event[0] not in skip:
                    return event
            assert self._more(), "the stream has ended"

    def receive(self):
        """The next message."""
        event = self.event()
        message = message_of(event)
        assert message is not None, f"got {event}, not a message"
        return message

    def closed(self):
        """Code and reason of the last event, which must be the next, and the end behind it."""
        kind, data, _ = self.event()
        assert kind == "close", f"got {kind} {data}, not the end"
        assert self._more() == b"", "nothing follows"
        said = json.loads(data)
        return said["code"], said["reason"]

    def settle(self):
        """What it comes back to: the messages, and True when that is all, False for a gap."""
        got = []
        while (event := self.event(skip=("heartbeat",)))[0] not in ("resumed", "gap", "position"):
            got.append(message_of(event))
        if event[0] == "position":
            return got, None
        while (after := self.event(skip=("heartbeat",)))[0] != "position":
            got.append(message_of(after))
        return got, event[0] == "resumed"

    def cut(self):
        self.answer.close()
        self.conn.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
