"""Thirty people who talk to each other meanwhile, and notice whatever goes wrong."""

import selectors
import threading
import time
import traceback

from client import handshake, http
from raw import Raw, frame, head, split_frame

ROOMS = 3
PEOPLE = 30
PAUSE = 0.1  # seconds between the messages of one
PATIENCE = 30  # seconds until a message must have come back


class Person:
    def __init__(self, number, address):
        self.number = number
        self.room = number % ROOMS
        self.conn = Raw(address)
        answer = self.conn.send(head(f"GET /ws/script/bystanders-{self.room} HTTP/1.1", Host="127.0.0.1")).answer()
        assert answer.status == 101, answer.status
        self.conn.sock.setblocking(False)
        self.buffer = self.conn.got
        self.said = 0
        self.own_back = 0
        self.speak_at = 0.0
        self.spoke_at = 0.0
        self.heard = {}  # the latest number of each
        self.order = 0  # a hash of all that was heard, in its order

    def speak(self, now):
        self.said += 1
        self.spoke_at = now
        self.speak_at = float("inf")
        data = frame(f"broadcast {self.number} {self.said}")
        assert self.conn.sock.send(data) == len(data)

    def hear(self, now):
        try:
            data = self.conn.sock.recv(1 << 20)
        except BlockingIOError:
            return
        assert data, f"bystander {self.number} was thrown out"
        self.buffer += data
        while (found := split_frame(self.buffer)) is not None:
            first, data, self.buffer = found
            if first == 0x89:
                self.conn.sock.send(frame(data, 10))
                continue
            assert first == 0x81, f"bystander {self.number} got {first:#x} {data[:100]!r}"
            speaker, n = map(int, data.split())
            expected = self.heard.get(speaker, 0) + 1
            assert n == expected, f"bystander {self.number} got message {n} of {speaker}, not {expected}"
            self.heard[speaker] = n
            self.order = hash((self.order, speaker, n))
            if speaker == self.number:
                self.own_back = n
                self.speak_at = now + PAUSE


def _talk(people, is_over):
    """Returns the longest time until somebody heard himself."""
    longest = 0.0
    with selectors.DefaultSelector() as selector:
        for person in people:
            selector.register(person.conn.sock, selectors.EVENT_READ, person)
        ending = None
        while True:
            now = time.monotonic()
            if ending is None and is_over():
                ending = now
            for person in people:
                if person.own_back < person.said:
                    longest = max(longest, now - person.spoke_at)
                    assert now < person.spoke_at + PATIENCE, f"bystander {person.number} never heard himself"
                elif ending is None and now >= person.speak_at:
                    person.speak(now)
            said = [{p.number: p.said for p in people if p.room == room and p.said} for room in range(ROOMS)]
            if ending is not None and all(person.heard == said[person.room] for person in people):
                return longest
            assert ending is None or now < ending + PATIENCE, "some bystanders did not hear everything"
            for key, _ in selector.select(0.02):
                key.data.hear(time.monotonic())


def _newcomers(stack_admin, port, is_over, complaints):
    """Somebody comes, and somebody asks how it is, once in a while."""
    while not is_over():
        begin = time.monotonic()
        try:
            assert http(stack_admin, "GET", "/healthz").status == 200, "/healthz is not 200"
            status = handshake(port, "/ws/watch/newcomers").status
            assert status == 101, f"a newcomer got {status}"
            assert time.monotonic() - begin < 10, "a newcomer waited for 10 seconds"
        except (OSError, AssertionError) as error:
            complaints.append(f"newcomer: {error!r}")
            return
        time.sleep(0.2)


def live(pipe, admin, port, addresses):
    """A process of their own. The pipe tells it to come to an end, and is told how it was."""
    complaints = []
    over = threading.Event()
    try:
        people = [Person(i, addresses[i % len(addresses)]) for i in range(PEOPLE)]
        newcomers = threading.Thread(target=_newcomers, args=(admin, port, over.is_set, complaints), daemon=True)
        newcomers.start()
        pipe.send("ready")
        longest = _talk(people, lambda: pipe.poll() or complaints)
        over.set()
        newcomers.join(20)
        orders = [{person.order for person in people if person.room == room} for room in range(ROOMS)]
        if any(len(order) != 1 for order in orders):
            complaints.append("bystanders of one room heard things in different orders")
        heard = sum(sum(person.heard.values()) for person in people)
        pipe.send((complaints, heard, longest))
    except (OSError, AssertionError, ValueError) as error:
        text = str(error) or traceback.format_exc()
        pipe.send(([*complaints, text], 0, 0.0))
    except (KeyboardInterrupt, EOFError):
        pass
