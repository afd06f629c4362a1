"""What frond.js does to come back, for tests that look at every byte."""

import time


class Position:
    """Where a client is on a path, as the sidecar has told it."""

    def __init__(self, text=""):
        self.head = ""  # tag and time
        self.told = self.heard = 0.0  # when it was told that, and the latest word
        self.placed = False  # until it has been told on this connection, what it gets is what it has missed
        self.marks = {}
        self.ident = ""
        self.next = []
        if text:
            self.take(text)

    def take(self, words):
        words, _, ident = words.partition("~")
        first, *rest = words.split("_")
        if ident or first.count(".") == 1 and len(first.split(".")[0]) == 8:
            self.head, self.ident, self.marks = first, ident, {}
            self.told = self.heard = time.monotonic()
            self.placed = True
        else:
            rest.insert(0, first)
        for mark in rest:
            origin, number = mark.split(".")
            self.marks[origin] = int(number)

    def announce(self, words):
        if not words:
            origin, number = self.last
            self.next.append((origin, number + 1))
        for mark in words.split("_") if words else ():
            origin, number = mark.split(".")
            self.next.append((origin, int(number)))
        self.last = self.next[-1]

    def message(self):
        if self.next:
            origin, number = self.next.pop(0)
            self.marks[origin] = number

    def hear(self):
        """Something has come: so long it was there."""
        if self.placed:
            self.heard = time.monotonic()

    def until(self):
        """Tag and time, by the server's clock."""
        tag, at = self.head.split(".")
        return f"{tag}.{int(at, 16) + int(1000 * (self.heard - self.told)):012x}"

    def __str__(self):
        text = "_".join([self.until(), *(f"{origin}.{number}" for origin, number in self.marks.items())])
        return f"{text}~{self.ident}" if self.ident else text


class Frond:
    """A client of frond.1; connect is called with the subprotocols to offer."""

    def __init__(self, connect, position=None):
        self.position = position
        self.verdicts = []  # True for "r 1", False for "r 0"
        self.connect = connect
        self.client = None
        self.open()

    def open(self):
        offered = [f"frond.at.{self.position}"] if self.position and self.position.head else []
        self.client = self.connect(["frond.1", *offered])
        assert self.client.headers["sec-websocket-protocol"] == "frond.1"
        self.position = self.position or Position()
        self.position.next = []
        self.position.placed = False

    def cut(self):
        """Without a close frame, as when a phone enters a tunnel."""
        if self.client.ws.sock:
            self.client.ws.sock.close()

    def obey(self, text):
        verb, _, words = text.partition(" ")
        if verb == "p":
            self.position.take(words)
        elif verb == "n":
            self.position.announce(words)
        elif verb == "r":
            self.verdicts.append(words == "1")

    def receive(self):
        """The next message."""
        while True:
            message = self.client.receive()
            self.position.hear()
            if not isinstance(message, str) or not message.startswith("\0") or message.startswith("\0\0"):
                self.position.message()
                return message
            self.obey(message[1:])

    def receive_until(self, message):
        """All messages up to this one, which must come."""
        got = []
        while (latest := self.receive()) != message:
            got.append(latest)
        return got

    def back(self):
        """Cut off, it comes back and asks who is there: what it gets before the answer, and whether it lacks nothing."""
        self.cut()
        self.verdicts.clear()
        self.open()
        return self.settle(), self.verdicts

    def settle(self):
        """Asks the handler who obeys: until it answers, the sidecar has said where this client is."""
        self.client.send("send settled")
        return self.receive_until("settled")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.cut()
