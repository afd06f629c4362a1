"""People who talk and listen on three hosts, through nginx, and what became of each message.

Speakers say numbered messages over their WebSockets, which a worker broadcasts;
pushers have them pushed by requests of HTTP. Everybody hears everybody of his
room. What is owed to a connection is decided at the end of a round, when nobody
talks: see Round.
"""

import asyncio
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import websockets

ROOMS = ("a", "b")
LISTENERS = 2  # of each room and host, beside its speaker
SPEAKS, PUSHES = 30, 15  # times a second, each
PATIENCE = 60  # seconds until what is owed must have come
HTTP_PATIENCE = 15
COMES_BACK = 0.1  # seconds that a closed one waits, as a browser would for longer


class Talker:
    """Who says numbers, and which of them were taken for certain."""

    def __init__(self, name, host, room):
        self.name, self.host, self.room = name, host, room
        self.number = 0
        self.sent = {}  # of this round: number -> when
        self.taken = set()
        self.told = []  # numbers of which the talker knows that they may be missing

    def next(self):
        self.number += 1
        self.sent[self.number] = time.monotonic()
        return self.number

    def forget(self):
        self.sent, self.taken, self.told = {}, set(), []


@dataclass
class Connection:
    """One WebSocket, and what came over it in this round."""
    host: int
    room: str
    joined: float = 0.0
    closed: float = 0.0
    code: int = 0
    got: dict = field(default_factory=dict)  # talker -> its numbers, as they came
    doubled: int = 0
    reordered: int = 0
    last: dict = field(default_factory=dict)  # talker -> its highest number ever

    def hear(self, name, number):
        numbers = self.got.setdefault(name, {})
        last = self.last.get(name, 0)
        if number > last:
            self.last[name] = number
        elif number in numbers:
            self.doubled += 1
        else:
            self.reordered += 1
        numbers[number] = None


class Listener:
    """A page: it comes back whenever its connection ends."""

    def __init__(self, traffic, host, room, talker=None):
        self.traffic, self.host, self.room, self.talker = traffic, host, room, talker
        self.conn = None  # while it has joined
        self.socket = None
        self.away_since = time.monotonic()

    async def live(self):
        while not self.traffic.over:
            conn = Connection(self.host, self.room)
            try:
                await self.attend(conn)
            except (OSError, websockets.WebSocketException, asyncio.TimeoutError) as error:
                close = getattr(error, "rcvd", None)
                conn.code = close.code if close else 1006
            self.leave(conn)
            await asyncio.sleep(COMES_BACK)

    async def attend(self, conn):
        # The socket's own pings are off: the sidecar's are answered.
        async with websockets.connect(
                f"ws://127.0.0.1:{self.traffic.ports[self.host]}/ws/script/{self.room}?open=send%20here",
                compression=None, ping_interval=None, open_timeout=HTTP_PATIENCE, close_timeout=1,
                max_queue=None) as socket:
            if await socket.recv() != "here":
                raise AssertionError("something came before open was handled")
            self.join(conn, socket)
            async for text in socket:
                self.hear(conn, text)
            conn.code = socket.close_code

    def join(self, conn, socket):
        conn.joined = time.monotonic()
        self.conn, self.socket = conn, socket
        self.traffic.round.connections.append(conn)
        self.traffic.round.wait(conn.joined - self.away_since, f"host {self.host} was without {self.room}")

    def hear(self, conn, text):
        name, number = text.split(" ")
        conn.hear(name, int(number))
        talker = self.traffic.talkers[name]
        if int(number) in talker.sent:
            self.traffic.round.wait(time.monotonic() - talker.sent[int(number)], f"{text} at host {self.host}")
        if talker is self.talker:
            talker.taken.add(int(number))

    def leave(self, conn):
        if not conn.joined:
            return
        conn.closed = self.away_since = time.monotonic()
        self.conn = self.socket = None
        if not self.traffic.over:
            self.traffic.round.closes[self.host, conn.code] += 1

    async def speak(self):
        """What was said on a connection that ended, and not heard, may be missing: as a page, it knows that."""
        while not self.traffic.over:
            await asyncio.sleep(1 / SPEAKS)
            if self.traffic.quiet or self.conn is None:
                continue
            number = self.talker.next()
            self.talker.conns[number] = self.conn
            try:
                await self.socket.send(f"broadcast {self.talker.name} {number}")
            except websockets.WebSocketException:
                pass


class Pusher:
    """A program that posts to the site, and reads the answer."""

    def __init__(self, traffic, talker):
        self.traffic, self.talker = traffic, talker
        self.busy = False

    async def push(self):
        while not self.traffic.over:
            await asyncio.sleep(1 / PUSHES)
            if self.traffic.quiet:
                continue
            self.busy = True
            number = self.talker.next()
            try:
                why = await asyncio.wait_for(self.post(f"{self.talker.name} {number}"), HTTP_PATIENCE)
            except (OSError, ValueError, asyncio.TimeoutError) as error:
                why = type(error).__name__
            if why is None:
                self.talker.taken.add(number)
            else:
                self.talker.told.append(number)
                self.traffic.round.refusals[self.talker.host, why] += 1
            self.busy = False

    async def post(self, text):
        """Returns None, or why not."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.traffic.ports[self.talker.host])
        try:
            writer.write(f"POST /push?path=/ws/script/{self.talker.room} HTTP/1.1\r\nHost: localhost\r\n"
                         f"Connection: close\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if not head.startswith(b"HTTP/1.1 200 "):
            return head.split(b"\r\n")[0].decode(errors="replace") or "no answer"
        start, end = body.find(b"{"), body.rfind(b"}")  # whatever the transfer coding is
        answer = json.loads(body[start:end + 1])
        return answer.get("error")


class Round:
    """What happened around one fault.

    A message is owed to a connection that had joined when it was said, if it was
    certainly taken: a push by its receipt, what somebody said over a WebSocket when
    he heard it himself, or has kept the connection that it was said on. To one that
    ended in between, only what came before the last that it heard is owed.
    """

    def __init__(self, carried=()):
        self.begun = time.monotonic()
        self.connections = list(carried)
        self.closes = Counter()  # (host, code)
        self.refusals = Counter()  # (host, why)
        self.longest = 0.0
        self.longest_of = ""
        self.missing = []

    def wait(self, seconds, what):
        if seconds > self.longest:
            self.longest, self.longest_of = seconds, what

    def owed(self, conn, talker):
        got = conn.got.get(talker.name, {})
        last = max(got, default=0) if conn.closed else float("inf")
        return [n for n in talker.taken if n < last and talker.sent.get(n, 0) > conn.joined and n not in got]

    def all_missing(self, talkers):
        return [(conn, talker, number) for conn in self.connections for talker in talkers
                if talker.room == conn.room for number in self.owed(conn, talker)]


class Traffic(threading.Thread):
    """All of them, in a loop of their own."""

    def __init__(self, ports):
        super().__init__(daemon=True)
        self.ports = ports
        self.over = False
        self.error = None
        self.quiet = True
        self.round = Round()
        self.talkers = {}
        self.listeners, self.pushers = [], []
        self.loop = asyncio.new_event_loop()
        for host in range(len(ports)):
            for room in ROOMS:
                self.add(host, room)

    def add(self, host, room):
        speaker = self.talker(f"s{host}{room}", host, room)
        speaker.conns = {}  # number -> the connection that it was said on
        self.listeners.append(Listener(self, host, room, speaker))
        self.listeners += [Listener(self, host, room) for _ in range(LISTENERS)]
        self.pushers.append(Pusher(self, self.talker(f"p{host}{room}", host, room)))

    def talker(self, name, host, room):
        self.talkers[name] = Talker(name, host, room)
        return self.talkers[name]

    def run(self):
        asyncio.set_event_loop(self.loop)
        tasks = [self.loop.create_task(each.live()) for each in self.listeners]
        tasks += [self.loop.create_task(each.speak()) for each in self.listeners if each.talker]
        tasks += [self.loop.create_task(each.push()) for each in self.pushers]
        self.loop.run_until_complete(self.watch(tasks))

    async def watch(self, tasks):
        """A mistake in here is no fault of theirs: it ends everything."""
        while not self.over and self.error is None:
            done, _ = await asyncio.wait(tasks, timeout=0.1, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                self.error = task.exception() or RuntimeError("somebody went away")
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def do(self, function, *args):
        """Calls it in the loop, and returns what it returns."""
        async def call():
            return function(*args)
        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(PATIENCE)

    def everybody_is_there(self):
        if self.error:
            raise self.error
        return all(listener.conn for listener in self.listeners)

    def is_pausing(self):
        return not any(pusher.busy for pusher in self.pushers)

    def begin(self):
        """A new round; who is there stays."""
        def start():
            self.round = Round([listener.conn for listener in self.listeners if listener.conn])
            for conn in self.round.connections:
                conn.got, conn.doubled, conn.reordered = {}, 0, 0
            for talker in self.talkers.values():
                talker.forget()
            for listener in self.listeners:
                if listener.talker:
                    listener.talker.conns = {}
            self.quiet = False
        self.do(start)

    def hush(self):
        self.quiet = True

    def settle_accounts(self):
        """Only when nobody talks. What speakers said on connections that are open was taken."""
        for listener in self.listeners:
            if talker := listener.talker:
                talker.taken |= {n for n, conn in talker.conns.items() if not conn.closed}
                talker.told = [n for n in talker.sent if n not in talker.taken]
        return self.round.all_missing(self.talkers.values())

    def stop(self):
        self.over = True
        self.join(PATIENCE)
