"""Throws attempts at an address, many at once, and judges what comes back."""

import errno
import heapq
import json
import select
import socket
import struct
import time

from mutate import finished
from raw import split_frame

PATIENCE = 30  # seconds for one connection's whole life, on a machine that is busy
AFTER_CLOSE = 1  # seconds that are waited for the end of a WebSocket, which need not come
AFTER_HEAD = 0.2  # the same where the head was what mattered
STATUSES = {101, 400, 401, 403, 404, 405, 408, 414, 426, 429, 431, 501, 503, 505}


class Target:
    """Where attempts go: the sidecar's own listeners, or a web server that has errors of its own."""

    def __init__(self, port, unix=None, web=False):
        self.port = port
        self.unix = unix
        self.web = web

    def connect(self, way):
        """A connection under way; directly from one of many addresses, or as from a web server."""
        if self.unix and way % 4 == 0:
            sock = socket.socket(socket.AF_UNIX)
            sock.setblocking(False)
            sock.connect(str(self.unix))
            return sock
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.web:
            sock.bind((f"127.{1 + way % 200}.{way // 200 % 250}.{1 + way // 50000 % 250}", 0))
        if (error := sock.connect_ex(("127.0.0.1", self.port))) not in (0, errno.EINPROGRESS):
            raise OSError(error, "connect")
        return sock


# --- what is right -------------------------------------------------------------------------------


def is_head(attempt):
    return attempt.sent.lstrip(b"\r\n").startswith(b"HEAD ")


def is_stream(fields):
    return fields.get("content-type") == "text/event-stream"


def split_answer(attempt, data):
    """Status, fields and body of a whole HTTP answer, and what is behind it; None when it is not whole."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    line, *lines = head.decode("latin-1").split("\r\n")
    status = int(line.split(" ")[1])
    fields = {name.lower(): value.strip() for name, _, value in (text.partition(":") for text in lines)}
    if status == 101 or is_stream(fields) or is_head(attempt):
        return status, fields, b"", rest
    length = int(fields.get("content-length", len(rest)))
    return None if len(rest) < length else (status, fields, rest[:length], rest[length:])


def judge_refusal(attempt, fields, body, rest):
    """Of the sidecar itself."""
    if "close" not in fields.get("connection", "").lower().replace(" ", "").split(","):
        return "a refusal without Connection: close"
    if is_head(attempt):  # what is wrong with it may have been said before its method was known
        body, rest = rest, b""
    if rest:
        return "bytes after a refusal"
    if body or not is_head(attempt):
        try:
            if not json.loads(body)["error"]:
                return "a refusal without a reason"
        except (ValueError, KeyError, TypeError):
            return "a refusal that is no JSON"
    return None


def judge_frames(data, compressed):
    """Of those after 101: no more than that each is one of a server's."""
    while data:
        if data[0] & 0x30 or data[0] & 0x40 and not compressed or data[0] & 0xf not in (0, 1, 2, 8, 9, 10):
            return f"no frame of a server: {data[:20]!r}"
        if len(data) > 1 and data[1] & 0x80:
            return "a masked frame"
        found = split_frame(data)
        if found is None:
            return None
        data = found[2]
    return None


def judge_stream(data):
    """Of an event stream: that it begins with our words, and has lines and no second answer."""
    if not b"retry: ".startswith(data[:7]):
        return f"no beginning of a stream: {data[:20]!r}"
    for line in data.split(b"\n")[:-1]:
        if line.partition(b": ")[0] not in (b"", b"retry", b"id", b"event", b"data", b"data:"):
            return f"no line of a stream: {line[:40]!r}"
    return None


def judge(attempt, web, data, ended, seconds):
    """What is wrong with the outcome of an attempt, or None; ended is None when it had to be given up."""
    if attempt.end == "cut" or attempt.end == "half" and not data:
        return None
    if not data:
        if web and (seconds > 4 or not finished(attempt.sent)):
            return None  # nginx says nothing to who is too slow
        return f"no answer, but {ended or 'silence'}"
    if not data.startswith(b"HTTP/1."):
        return None if web else f"no HTTP: {data[:40]!r}"
    answer = split_answer(attempt, data)
    if answer is None:
        return f"half an answer, and {ended or 'silence'}"
    status, fields, body, rest = answer
    if web:
        if status in (500, 502, 504):
            return f"the web server says {status}"
    elif is_stream(fields) and status == 200:
        return judge_stream(rest)
    elif status not in STATUSES:
        return f"status {status}"
    elif status != 101 and (complaint := judge_refusal(attempt, fields, body, rest)):
        return complaint
    elif status != 101 and ended is None:
        return "a refusal whose connection stays"
    if attempt.frames and status not in (101, 429, 503):
        return f"{status} to a good upgrade"
    return judge_frames(rest, "sec-websocket-extensions" in fields) if status == 101 else None


# --- one connection -------------------------------------------------------------------------------


class Flight:
    def __init__(self, attempt, target):
        self.attempt = attempt
        self.target = target
        self.sock = target.connect(attempt.way)
        self.begin = time.monotonic()
        self.next = 0  # piece
        self.rest = b""  # of the piece before
        self.due = self.begin
        self.got = bytearray()
        self.ended = None
        self.upgraded = False
        self.sent_all_at = None
        self.over = False

    @property
    def fd(self):
        return self.sock.fileno()

    def _may_send(self, now):
        return now >= self.due and (self.attempt.pipelined or self.next != 1 or b"\r\n\r\n" in self.got)

    def wants_to_write(self):
        return self.sent_all_at is None and bool(self.rest)

    def send(self, now):
        try:
            while self.sent_all_at is None:
                if not self.rest:
                    if self.next == len(self.attempt.pieces):
                        self._finish_sending(now)
                        return
                    if not self._may_send(now):
                        return
                    self.rest = self.attempt.pieces[self.next]
                    self.next += 1
                    if self.next < len(self.attempt.pieces):
                        self.due = now + self.attempt.pauses[self.next]
                self.rest = self.rest[self.sock.send(self.rest):] if self.rest else b""
        except BlockingIOError:
            pass
        except OSError:
            self.rest = b""
            self.sent_all_at = now  # the answer, if there is one, is still to be read

    def _finish_sending(self, now):
        self.sent_all_at = now
        if self.attempt.end == "cut":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.over = True
        elif self.attempt.end == "half":
            self.sock.shutdown(socket.SHUT_WR)

    def receive(self):
        try:
            while data := self.sock.recv(65536):
                self.got += data
                if len(self.got) > 1 << 26:
                    break
            self.ended = "EOF"
        except BlockingIOError:
            pass
        except OSError as error:
            self.ended = error.strerror
        self._look()

    def _look(self):
        if self.ended is not None:
            self.over = True
            return
        if not self.upgraded and b"\r\n\r\n" in self.got:
            answer = split_answer(self.attempt, bytes(self.got))
            if answer is None:
                return
            self.upgraded = answer[0] == 101 or is_stream(answer[1])
            # A web server may keep the connection for more requests.
            if not self.upgraded and self.target.web:
                self.over = True

    def timed_out(self, now):
        """True when it is given up; that may be all right for a WebSocket."""
        if self.upgraded and self.sent_all_at is not None:
            return now > self.sent_all_at + (AFTER_CLOSE if self.attempt.frames else AFTER_HEAD)
        return now > self.begin + PATIENCE

    def verdict(self, now):
        self.sock.close()
        self.attempt.data = bytes(self.got)
        return judge(self.attempt, self.target.web, self.attempt.data, self.ended, now - self.begin)


# --- many -----------------------------------------------------------------------------------------


class Thrower:
    """Keeps a number of flights in the air, until there are no more attempts or check() complains."""

    def __init__(self, target, at_once=100):
        self.target = target
        self.at_once = at_once
        self.epoll = select.epoll()
        self.flights = {}
        self.timers = []
        self.recent = []  # attempts, the latest last
        self.complaints = []  # pairs of attempt and sentence
        self.outcomes = {}
        self.thrown = 0

    def _launch(self, attempt):
        try:
            flight = Flight(attempt, self.target)
        except OSError as error:
            self.complaints.append((attempt, f"cannot connect: {error.strerror}"))
            return
        self.thrown += 1
        self.flights[flight.fd] = flight
        self.epoll.register(flight.fd, select.EPOLLIN | select.EPOLLOUT)
        flight.mask = select.EPOLLIN | select.EPOLLOUT

    def _land(self, flight, now):
        self.epoll.unregister(flight.fd)
        del self.flights[flight.fd]
        complaint = flight.verdict(now)
        data = flight.attempt.data
        outcome = "cut" if flight.attempt.end == "cut" else "-"
        if data.startswith(b"HTTP/1."):
            outcome = data[9:12].decode("latin-1")
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self.recent.append(flight.attempt)
        del self.recent[:-1000]
        if complaint:
            self.complaints.append((flight.attempt, complaint))

    def _turn(self, flight, now):
        if not flight.over:
            flight.send(now)
        if flight.over or flight.timed_out(now):
            self._land(flight, now)
            return
        mask = select.EPOLLIN | (select.EPOLLOUT if flight.wants_to_write() else 0)
        if mask != flight.mask:
            self.epoll.modify(flight.fd, mask)
            flight.mask = mask
        if flight.sent_all_at is None and not flight.rest and flight.due > now:
            heapq.heappush(self.timers, (flight.due, flight.fd))

    def run(self, attempts, check=lambda: None, max_complaints=5):
        """Returns what check() complained of, or None."""
        attempts = iter(attempts)
        more = True
        swept = checked = time.monotonic()
        while more or self.flights:
            while more and len(self.flights) < self.at_once:
                attempt = next(attempts, None)
                more = attempt is not None
                if more:
                    self._launch(attempt)
            now = time.monotonic()
            wait = 0.1 if not self.timers else min(0.1, max(0.0, self.timers[0][0] - now))
            for fd, events in self.epoll.poll(wait):
                flight = self.flights[fd]
                if events & ~select.EPOLLOUT:
                    flight.receive()
                self._turn(flight, time.monotonic())
            now = time.monotonic()
            while self.timers and self.timers[0][0] <= now:
                flight = self.flights.get(heapq.heappop(self.timers)[1])
                if flight:
                    self._turn(flight, now)
            if now > swept + 0.2:
                swept = now
                for flight in list(self.flights.values()):
                    self._turn(flight, now)
            if now > checked + 0.1:
                checked = now
                if (alarm := check()) or len(self.complaints) > max_complaints:
                    self._drop_all()
                    return alarm
        return check()

    def _drop_all(self):
        for flight in list(self.flights.values()):
            self.recent.append(flight.attempt)
            self.epoll.unregister(flight.fd)
            flight.sock.close()
        self.flights.clear()
