"""Clients of frond.1 that are cut off all the time, and come back to any host with their position."""

import heapq
import itertools
import select
import socket
import struct
import threading
import time
from collections import Counter

from diary import Diary, Talk
from frond import Position
from wire import OK, PUSH, REPLY, REQUEST, UNKNOWN, Peer, command, request

AWAY, COMING, HERE = range(3)
PATIENCE = 0.3  # seconds until one tries again where nobody is
RESET = struct.pack("ii", 1, 0)  # of SO_LINGER
RESETS = 0.8  # of all cuts; the others end without a close frame
SPEAKS = 0.5  # seconds between words of a speaker
NAMES = 4  # that the sidecar remembers of a client


class Room:
    def __init__(self, path):
        self.path = path
        self.talks = {}  # by name

    def begin_talk(self, who):
        """In the next run of a sidecar; the one of before is over."""
        begun = [talk for name, talk in self.talks.items() if name.startswith(f"{who}.")]
        for talk in begun:
            talk.over = True
        name = f"{who}.{len(begun)}"
        self.talks[name] = Talk(name)
        return self.talks[name]


class Roamer:
    """One client, which lives through many connections."""

    def __init__(self, crowd, number, room, speaks):
        self.crowd, self.number, self.room, self.speaks = crowd, number, room, speaks
        self.state = AWAY
        self.connection = 0  # its number, for timers
        self.named = 0  # connections on which it was told what it is called
        self.is_named = False  # this is one of them
        self.words = 0
        self.position = Position()
        self.position.last = None
        self.diary = None  # until it knows where it is
        self.sock = None
        self.inbox = b""
        self.verdict_due = False

    # --- connections ---------------------------------------------------------------------

    def come(self):
        ports = [host.port for host in self.crowd.hosts if host.port]
        self.connection += 1
        if not ports:
            self.crowd.later(self, PATIENCE, self.come)
            return
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.connect_ex(("127.0.0.1", self.crowd.chance.choice(ports)))
        self.state, self.is_named, self.inbox, self.position.next = COMING, False, b"", []
        self.crowd.watch(self, select.EPOLLOUT)
        if not self.crowd.staying:
            self.crowd.later(self, self.crowd.chance.uniform(0, 2 * self.crowd.life), self.cut)

    def go(self, wait):
        self.crowd.unwatch(self)
        self.sock.close()
        self.sock, self.state = None, AWAY
        self.connection += 1  # so that timers of the last one mean nothing
        self.crowd.later(self, wait, self.come)

    def cut(self):
        if self.crowd.staying:
            return
        self.crowd.cuts += 1
        if self.crowd.chance.random() < RESETS:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.go(self.crowd.chance.uniform(0, self.crowd.life))

    def lost(self, why):
        self.crowd.ends[why] += 1
        self.go(self.crowd.chance.uniform(0, PATIENCE))

    def ready(self, events):
        try:
            if self.state == COMING and events & select.EPOLLOUT:
                self.ask()
            elif events & ~select.EPOLLOUT:
                data = self.sock.recv(1 << 18)
                if not data:
                    self.lost("closed")
                    return
                self.inbox += data
                self.read()
        except OSError as error:
            self.lost(type(error).__name__)

    def ask(self):
        offers = "frond.1"
        self.verdict_due = bool(self.position.head)
        if self.verdict_due:
            offers += f", frond.at.{self.position}"
        self.sock.sendall(f"GET {self.room.path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                          f"Sec-WebSocket-Protocol: {offers}\r\n\r\n".encode())
        self.crowd.watch(self, select.EPOLLIN)

    # --- what comes -----------------------------------------------------------------------

    def read(self):
        if self.state == COMING and not self.read_head():
            return
        data, at = self.inbox, 0
        while len(data) - at >= 2:
            opcode, size, head = data[at] & 15, data[at + 1], 2
            if size == 126:
                head = 4
                size = int.from_bytes(data[at + 2:at + 4], "big")
            if len(data) - at < head + size:
                break
            if opcode == 8:
                self.lost(f"closed with {int.from_bytes(data[at + head:at + head + 2], 'big')}")
                return
            if opcode == 9:
                self.frame(10, data[at + head:at + head + size])
            else:
                self.message(data[at + head:at + head + size].decode())
            at += head + size
        self.inbox = data[at:]

    def read_head(self):
        head, end, rest = self.inbox.partition(b"\r\n\r\n")
        if not end:
            return False
        status = int(head[9:12])
        if status != 101:
            self.lost(f"refused with {status}")
            return False
        self.state, self.inbox = HERE, rest
        return True

    def message(self, text):
        if text.startswith("\0"):
            self.obey(text[1:])
            return
        self.position.message()
        name, _, number = text.rpartition(" ")
        if name in self.diary.talks:
            self.diary.hear(name, int(number))
        elif name.startswith(f"c{self.number}."):
            ago = self.named - int(name.partition(".")[2]) + (not self.is_named)
            self.diary.complain("own" if ago <= NAMES else "own of long ago", text, ago)
        else:
            self.diary.hear_word(text)

    def obey(self, text):
        verb, _, words = text.partition(" ")
        now = time.monotonic()
        if verb == "p":
            self.position.take(words)
            self.diary = self.diary or Diary(self.room.talks, now)
            self.learn_name()
        elif verb == "n":
            self.position.announce(words)
        elif verb == "r":
            self.crowd.verdicts[words] += self.verdict_due
            self.verdict_due = False
            if words == "0":
                self.diary.gap(now)

    def learn_name(self):
        """From now on it may speak: what it says comes back only to who does not know his name."""
        if self.is_named:
            return
        self.is_named = True
        self.named += 1
        if self.speaks:
            self.crowd.later(self, self.crowd.chance.uniform(0, SPEAKS), self.speak)

    # --- what goes --------------------------------------------------------------------------

    def frame(self, opcode, data):
        self.sock.sendall(bytes([128 | opcode, 128 | len(data), 0, 0, 0, 0]) + data)

    def speak(self):
        """To all others of the room; what becomes of that is no promise to this one."""
        if self.state != HERE or self.crowd.quiet:
            return
        self.words += 1
        try:
            self.frame(1, f"others c{self.number}.{self.named} {self.words}".encode())
        except OSError as error:
            self.lost(type(error).__name__)
            return
        self.crowd.words += 1
        self.crowd.later(self, SPEAKS, self.speak)


class Crowd(threading.Thread):
    """All of them, in one loop. Life is how many seconds a connection lasts, on the average."""

    def __init__(self, hosts, rooms, clients, life, chance):
        super().__init__(daemon=True)
        self.hosts, self.life, self.chance = hosts, life, chance
        self.epoll = select.epoll()
        self.watched = {}
        self.timers = []
        self.serial = itertools.count()
        self.cuts = self.words = 0
        self.ends, self.verdicts = Counter(), Counter()
        self.quiet = self.staying = self.over = False
        self.error = None
        # In rooms that have a handler, one of four speaks.
        self.roamers = []
        for number in range(clients):
            room = rooms[number % len(rooms)]
            speaks = "/ws/archive/" in room.path and number // len(rooms) % 4 == 0
            self.roamers.append(Roamer(self, number, room, speaks))

    def later(self, roamer, seconds, do):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.serial), roamer, roamer.connection, do))

    def watch(self, roamer, events):
        number = roamer.sock.fileno()
        (self.epoll.modify if number in self.watched else self.epoll.register)(number, events)
        self.watched[number] = roamer

    def unwatch(self, roamer):
        number = roamer.sock.fileno()
        self.epoll.unregister(number)
        del self.watched[number]

    def run(self):
        try:
            for roamer in self.roamers:
                self.later(roamer, self.chance.uniform(0, self.life), roamer.come)
            while not self.over:
                self.turn()
        except Exception as error:  # a mistake in here is no fault of theirs: it ends everything
            self.error = error

    def turn(self):
        for number, events in self.epoll.poll(0.02):
            if number in self.watched:
                self.watched[number].ready(events)
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            *_, roamer, connection, do = heapq.heappop(self.timers)
            if connection == roamer.connection:
                do()

    def check(self):
        if self.error:
            raise self.error

    def everybody_knows(self):
        self.check()
        return all(roamer.diary for roamer in self.roamers)

    def everybody_has_all(self):
        """Once nobody talks any more, nor is cut off."""
        self.check()
        return all(roamer.state == HERE and not roamer.verdict_due and roamer.diary.has_all()
                   for roamer in self.roamers)

    def stop(self):
        self.over = True
        self.join()
        for roamer in list(self.watched.values()):
            roamer.sock.close()


class Pusher(threading.Thread):
    """A program beside one sidecar: pushes to one room after the other, and waits for each receipt."""

    def __init__(self, host, rooms, rate):
        super().__init__(daemon=True)
        self.host, self.rooms, self.rate = host, rooms, rate
        self.over = threading.Event()
        self.pushed = self.taken = 0
        self.talks = []  # of this run: (path, talk)
        self.latest = None  # (talk, number) that has a receipt of this run of the sidecar
        self.error = None
        self.start()

    def run(self):
        try:
            while not self.over.is_set():
                self.serve()
        except Exception as error:
            self.error = error

    def serve(self):
        """As long as this run of the sidecar goes on."""
        run = self.host.sidecar.popen
        if run is None or self.host.port is None:
            time.sleep(0.02)
            return
        with Peer(self.host.bus) as peer:
            try:
                self.push_all(peer, run)
            except TimeoutError:
                pass
        if self.latest and self.host.killed:
            talk, number = self.latest
            talk.killed = number
        self.latest, self.host.killed = None, False

    def push_all(self, peer, run):
        peer.hello()
        self.talks = [(room.path, room.begin_talk(f"p{self.host.number}")) for room in self.rooms]
        turns = itertools.cycle(self.talks)
        begin, pushed = time.monotonic(), 0
        while not self.over.is_set() and self.host.sidecar.popen is run:
            self.push(peer, run, *next(turns))
            pushed += 1
            time.sleep(max(0.0, begin + pushed / self.rate - time.monotonic()))

    def push(self, peer, run, path, talk):
        number = talk.next(time.monotonic())
        asked = peer.send(REQUEST, request(command(PUSH, f"{talk.name} {number}", key=path)))
        self.pushed += 1
        reply = self.answer(peer, run, asked)
        if reply is not None and reply[0] == OK and reply[1]:
            talk.taken.add(number)
            self.taken += 1
            self.latest = talk, number

    def answer(self, peer, run, asked):
        """The body of the reply; None when there is none, and what was pushed is uncertain."""
        while self.host.sidecar.popen is run:
            try:
                kind, number, body = peer.receive(timeout=0.1)
            except TimeoutError:
                continue
            if kind == UNKNOWN:
                peer.hello()
                return None
            if kind == REPLY and number == asked:
                return body
        return None

    def finish(self):
        """One more to each room, so that everybody knows what was the last."""
        self.over.set()
        self.join()
        if self.error:
            raise self.error
        with Peer(self.host.bus) as peer:
            peer.hello()
            for path, talk in self.talks:
                self.push(peer, self.host.sidecar.popen, path, talk)
                assert talk.last in talk.taken, "a push is taken when all is well"
