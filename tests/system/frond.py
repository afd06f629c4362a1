"""What frond.js does to come back, for tests that look at every byte."""

import json
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
        self.members = {}  # what it knows of them, by their ids
        self.number = None  # how many they are, where only that is told
        self.key = ""  # "0" * 16 once it has heard of members, and its own once it is one
        self.changes = []  # ("+", id), ("-", id), ("was", id): what it was told of one at a time
        self.open()

    def open(self):
        at = str(self.position) if self.position and self.position.head else ""
        at += f"!{self.key}" if self.key else ""
        offered = [f"frond.at.{at}"] if at else []
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
        elif verb and verb in "=+-k":
            self.hear_of_members(verb, words)

    def hear_of_members(self, verb, words):
        self.key = self.key or "0" * 16
        if verb == "k":
            self.key = words.split(" ")[0]
        elif verb == "-":
            del self.members[words]
            self.changes.append(("-", words))
        elif verb == "+":
            member = json.loads(words)
            if member.get("was") in self.members and member["id"] not in self.members:
                del self.members[member["was"]]
                self.changes.append(("was", member["id"]))
            else:
                self.changes.append(("+", member["id"]))
            self.members[member["id"]] = member
        else:
            told = json.loads(words)
            self.number = None if isinstance(told, list) else told
            self.members = {member["id"]: member for member in told} if isinstance(told, list) else {}

    def names(self):
        """What the members call themselves, in order; or how many they are."""
        return sorted(m["data"]["name"] for m in self.members.values()) if self.number is None else self.number

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
