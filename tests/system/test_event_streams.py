"""A path's messages for who cannot have a WebSocket: GET with Accept: text/event-stream."""

import os
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

from eventsource import EventSource, Parser, message_of
from frond import Frond
from raw import Raw, figures, refusals
from stack import eventually
from test_auth import token
from test_history import KEPT, history, path_of, say
from wire import BINARY, OK, TRANSIENT, Peer

STREAM = "Accept: text/event-stream"


def stream(stack, path, direct=True, **options):
    return EventSource(stack.port if direct else stack.web, path, **options)


def listen(stack, path, **options):
    """A stream that has joined its path."""
    source = stream(stack, path + ("&" if "?" in path else "?") + "open=send%20hello", **options)
    assert source.receive() == "hello"
    return source


def push(stack, path, *messages):
    with Peer(stack.bus) as peer:
        peer.hello()
        for message in messages:
            binary = BINARY if isinstance(message, bytes) else 0
            assert peer.push(path, message, flags=binary).status == OK


# --- what it shows ----------------------------------------------------------------------

def test_curl_shows_a_room(lab, room):
    path = f"/ws/watch/{room}"
    with subprocess.Popen(["curl", "-sN", "-H", STREAM, f"http://127.0.0.1:{lab.port}{path}"],
                          stdout=subprocess.PIPE, text=True) as curl:
        eventually(lambda: lab.count(path) == 1, "curl is there")
        lines = iter(curl.stdout.readline, "")
        assert re.fullmatch(r"retry: [1-4]\d\d\d\n", next(lines)) and next(lines) == "\n"
        for message in ("first", "second"):  # each before the next is sent
            push(lab, path, message)
            line = next(line for line in lines if line.startswith("data: "))
            assert line == f"data: {message}\n" and next(lines) == "\n"
        curl.terminate()
    eventually(lambda: lab.count(path) == 0, "and has left")


TEXTS = ["", "a", " a", ":a", "a\n", "\n", "\n\n", "a\nb", "a\rb", "a\r\nb\r\n", "\r", "data: x\n\nid: 1\n", "\0", "\0n x",
         "{\"a\": \"\\n\"}", "é€😀\u2028\u2029\ufeff", "\ufeff", "x" * 50000, "\r" * 1000, "event: close\ndata: {}"]


def test_every_text_and_all_bytes_arrive_as_they_are(lab, room):
    path = path_of(room)
    messages = [*TEXTS, *(text.encode() for text in TEXTS), bytes(range(256))]
    with listen(lab, path) as source, lab.ws(path, direct=True) as other:
        for message in messages:
            push(lab, path, message)
            assert source.receive() == message
            assert other.receive() == message
        base = source.last_id
    with Peer(lab.bus) as peer:
        peer.hello()
        for message in messages[:KEPT]:
            assert peer.push(path, message).status == OK
    with stream(lab, path, last_id=base) as source:
        assert source.settle() == (messages[:KEPT], True)


def test_streams_and_websockets_stand_side_by_side(lab, room):
    path = path_of(room)
    with listen(lab, path) as one, listen(lab, path) as two, lab.ws(path, direct=True) as talker, \
            Frond(lambda offers: lab.ws(path, direct=True, subprotocols=offers)) as frond:
        frond.settle()
        talker.send("broadcast to all\nothers to others\nsend private\ntransient passing\nbroadcast last")
        assert [talker.receive() for _ in range(4)] == ["to all", "private", "passing", "last"]
        for client in (one, two, frond):
            assert [client.receive() for _ in range(4)] == ["to all", "to others", "passing", "last"]
        assert one.last_id.partition("~")[0] == two.last_id.partition("~")[0]
        assert lab.count(path) == 4


def test_a_push_only_path_needs_no_worker(make_stack):
    stack = make_stack(ws_routes="/ws/only/{x}").start("sidecar")
    with stream(stack, "/ws/only/a") as source:
        push(stack, "/ws/only/a", "it comes")
        assert source.receive() == "it comes"
        assert source.last_id == "", "nothing is kept, so there is nothing to come back to"


# --- who comes back ---------------------------------------------------------------------

def test_what_was_missed_comes_once_and_in_order(lab, room):
    with listen(lab, path_of(room)) as source:
        say(lab, room, "before")
        assert source.receive() == "before"
        last_id = source.last_id
    say(lab, room, "a", "b")
    with stream(lab, path_of(room), last_id=last_id) as source:
        assert source.settle() == (["a", "b"], True)
        say(lab, room, "live")
        assert source.receive() == "live"
        last_id = source.last_id
    with stream(lab, f"{path_of(room)}?last-event-id={last_id}") as source:
        assert source.settle() == ([], True), "a page says it in the query"
    say(lab, room, *(str(i) for i in range(KEPT + 1)))
    with stream(lab, path_of(room), last_id=last_id) as source:
        assert source.settle() == ([], False), "that was too much"


def test_the_header_counts_when_a_browser_comes_back_by_itself(lab, room):
    with listen(lab, path_of(room)) as source:
        old = source.last_id
        say(lab, room, "a", "b")
        assert source.receive() == "a"
        newer = source.last_id
    with stream(lab, f"{path_of(room)}?last-event-id={old.replace('~', '%7E')}", last_id=newer) as source:
        assert source.settle() == (["b"], True)
    with stream(lab, f"{path_of(room)}?last-event-id={old.replace('~', '%7E')}") as source:
        assert source.settle() == (["a", "b"], True)


@pytest.mark.parametrize("bad", ["x", "0" * 4096, "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.x", "%", "~"])
def test_what_is_no_position_is_a_gap(lab, room, bad):
    say(lab, room, "kept")
    with stream(lab, path_of(room, open="replay 1"), last_id=bad) as source:
        assert source.settle() == (["kept"], False)


def test_a_page_and_a_websocket_hand_over_their_position(lab, room):
    page = history(lab, room)
    say(lab, room, "a")
    with stream(lab, path_of(room), last_id=page["position"]) as source:
        assert source.settle() == (["a"], True)
        offers = ["frond.1", f"frond.at.{source.last_id}"]
    say(lab, room, "b")
    with lab.ws(path_of(room), direct=True, subprotocols=offers) as client:
        assert client.receive().startswith("\0n ") and client.receive() == "b" and client.receive() == "\0r 1"


def raw_stream(stack, target, last_id, until):
    """The bytes of a stream up to some of them."""
    with Raw(stack.port) as conn:
        conn.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{STREAM}\r\nLast-Event-ID: {last_id}\r\n\r\n".encode())
        while until not in conn.got:
            assert conn._more(), "the stream has ended"
        return conn.got.partition(b"\r\n\r\n")[2]


def test_each_cut_between_two_bytes_loses_and_doubles_nothing(lab, room):
    with listen(lab, path_of(room)) as source:
        base = source.last_id
    push(lab, path_of(room), "a", "b\nb", "c\rc")
    whole = raw_stream(lab, path_of(room), base, b"event: position\ndata:\n\n")
    for length in range(len(whole) + 1):
        parser = Parser(base)
        got = [message for event in parser.feed(whole[:length]) if (message := message_of(event)) is not None]
        with stream(lab, path_of(room), last_id=parser.last_id) as again:
            more, is_whole = again.settle()
        assert (got + more, is_whole) == (["a", "b\nb", "c\rc"], True), f"cut after {length} bytes"


def test_each_cut_in_a_burst_too(lab, room):
    """Messages of one turn go out in one write, while the page is there."""
    with Raw(lab.port) as conn, lab.ws(path_of(room), direct=True) as talker:
        conn.send(f"GET {path_of(room)} HTTP/1.1\r\nHost: localhost\r\n{STREAM}\r\n\r\n".encode())
        while b"event: position\ndata:\n\n" not in conn.got:
            conn._more()
        base, conn.got = re.search(rb"id: (\S+)", conn.got)[1].decode(), b""
        talker.send("broadcast a\ntransient typing\nbroadcast b\nbroadcast c")
        while b"data: c\n\n" not in conn.got:
            conn._more()
        whole = conn.got
    for length in range(len(whole) + 1):
        parser = Parser(base)
        got = [event[1] for event in parser.feed(whole[:length]) if event[0] == "message" and event[1] != "typing"]
        with stream(lab, path_of(room), last_id=parser.last_id) as again:
            more, is_whole = again.settle()
        assert (got + more, is_whole) == (["a", "b", "c"], True), f"cut after {length} bytes"


def test_a_cut_in_a_replay_doubles_nothing(lab, room):
    path = path_of(room, open="replay 3")
    say(lab, room, *"abcd")
    with stream(lab, path) as source:
        assert source.receive() == "b"
        last_id = source.last_id
    with stream(lab, path, last_id=last_id) as source:
        assert source.settle() == (["c", "d"], True)


def test_a_restart_of_the_sidecar_is_no_gap(make_stack):
    stack = make_stack(app="app").start("sidecar", "worker")
    with listen(stack, path_of("room")) as source:
        push(stack, path_of("room"), "before")
        assert source.receive() == "before"
        last_id = source.last_id
        stack.sidecar.term()
        assert source.closed() == (1001, "")
    stack.start("sidecar")
    stack.worker.wait_ready()
    eventually(lambda: stack.stats()["workers"] == 1, "the worker is back")
    push(stack, path_of("room"), "meanwhile")
    with stream(stack, path_of("room"), last_id=last_id) as source:
        assert source.settle() == (["meanwhile"], True)


# --- its handler ----------------------------------------------------------------------------

def test_open_and_close_reach_the_handler(lab, room):
    with listen(lab, f"/ws/script/{room}-watch") as watcher:
        path = f"/ws/script/{room}?open=report%20/ws/script/{room}-watch&close=report%20/ws/script/{room}-watch"
        with stream(lab, path):
            ident, count, code = watcher.receive().split()
            assert (count, code) == ("count=1", "code=0")
        assert watcher.receive().split() == [ident, "count=0", "code=1005"]


def test_a_handler_closes_it(lab, room):
    with stream(lab, f"/ws/script/{room}?open=send%20first|close%204001%20enough") as source:
        assert source.receive() == "first"
        assert source.closed() == (4001, "enough")
    eventually(lambda: lab.count(f"/ws/script/{room}") == 0, "it has left")


def test_another_handler_sends_to_it_and_closes_it(lab, room):
    path, watched = f"/ws/script/{room}", f"/ws/script/{room}-watch"
    with lab.ws(watched, direct=True) as talker, stream(lab, f"{path}?open=report%20{watched}") as source:
        ident = talker.receive().split()[0]
        assert lab.http("POST", f"/send?conn={ident}", body="for you").status == 200
        assert source.receive() == "for you"
        assert lab.http("POST", f"/close?conn={ident}&code=4002&reason=go").status == 200
        assert source.closed() == (4002, "go")


def test_a_worker_that_dies_is_not_noticed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with listen(stack, "/ws/script/room") as source:
        first = stack.worker.worker_pid()
        os.kill(first, signal.SIGKILL)
        eventually(lambda: stack.worker.workers() not in ([], [first]), "another one is there")
        with stack.ws("/ws/script/room", direct=True) as talker:
            talker.send("broadcast after")
            assert source.receive() == "after"


# --- who may ---------------------------------------------------------------------------------

def test_tokens_count_as_for_a_websocket(make_stack):
    stack = make_stack(ws_close_expired="true").start("sidecar", "worker")
    assert stream(stack, "/ws/secret").status == 401
    assert stream(stack, "/ws/secret?token=x").status == 401
    with stream(stack, "/ws/secret", headers={"Authorization": f"Bearer {token()}"}) as source:
        assert source.receive() == "hello alice"
    with stream(stack, f"/ws/secret?token={token(exp=int(time.time()) + 2)}") as source:
        assert source.receive() == "hello alice"
        assert source.closed() == (4401, "token expired")


def test_pages_of_other_sites(make_stack):
    stack = make_stack(ws_allowed_origins="https://friend.example").start("sidecar", "worker")
    path = "/ws/script/room"
    with listen(stack, path, headers={"Origin": "https://friend.example"}) as source:
        headers = source.answer.headers
        assert headers["Access-Control-Allow-Origin"] == "https://friend.example"
        assert headers["Access-Control-Allow-Credentials"] == "true"
        assert headers["Vary"] == "Origin"
    for lines in ({"Origin": "https://foe.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = stream(stack, path, headers=lines)
        assert refused.status == 403 and refused.answer.headers["Access-Control-Allow-Origin"] is None
    with listen(stack, path, headers={"Sec-Fetch-Site": "same-origin"}) as source:
        assert source.answer.headers["Access-Control-Allow-Origin"] is None


def test_refusals_are_answers(lab, room):
    path = f"/ws/script/{room}"
    before = refusals(lab)
    assert stream(lab, path, method="HEAD").status == 405
    post = stream(lab, path, method="POST")
    assert post.status == 405 and post.answer.headers["Allow"] == "GET"
    assert stream(lab, "/nowhere").status == 404
    assert stream(lab, path, headers={"Accept": "text/event-stream;q=0"}).status == 426
    assert stream(lab, path, headers={"Accept": "*/*"}).status == 426
    assert stream(lab, path, headers={"Content-Length": "1"}).status == 400
    eventually(lambda: refusals(lab) == before + 6, "each is counted")
    with Raw(lab.port) as conn:
        answer = conn.send(f"GET {path}?open=send%20hi HTTP/1.0\r\n{STREAM}\r\n\r\n".encode()).answer()
        assert answer.status == 200 and answer.headers["connection"] == "close"


def test_quotas_count_all_connections(make_stack):
    stack = make_stack(ws_max_per_address=2, ws_max_connections=3, trusted_proxies="127.0.0.1").start("sidecar", "worker")
    path = "/ws/script/room"
    one, two = (listen(stack, path, headers={"X-Forwarded-For": "192.0.2.1"}) for _ in range(2))
    assert stream(stack, path, headers={"X-Forwarded-For": "192.0.2.1"}).status == 429
    with listen(stack, path, headers={"X-Forwarded-For": "192.0.2.2"}):
        full = stream(stack, path, headers={"X-Forwarded-For": "192.0.2.3"})
        assert full.status == 503 and full.answer.headers["Retry-After"] == "1"
        assert figures(stack)["tina4_event_streams"] == figures(stack)["tina4_connections"] == 3
        assert stack.stats()["event_streams"] == 3
    one.cut()
    two.cut()
    eventually(lambda: figures(stack)["tina4_event_streams"] == 0, "they have left")
    with listen(stack, path, headers={"X-Forwarded-For": "192.0.2.1"}):
        pass


# --- hostile and broken ones -------------------------------------------------------------------

def request(path, *lines):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", STREAM, *lines, "", ""]).encode()


def test_a_second_request_is_none(lab, room):
    path = f"/ws/script/{room}"
    with Raw(lab.port) as conn:
        conn.send(request(f"{path}?open=send%20hi") + request(path) + b"\0\xff\r\n" * 100)
        answer = conn.answer()
        assert answer.status == 200
        while b"data: hi\n\n" not in conn.got:
            assert conn._more()
        assert lab.count(path) == 1
        conn.send(request(path))
        push(lab, path, "go on")
        while b"data: go on\n\n" not in conn.got:
            assert conn._more()
        assert b"HTTP/" not in conn.got


def test_who_goes_on_talking_is_dropped(lab, room):
    path = f"/ws/script/{room}"
    with Raw(lab.port) as conn, listen(lab, path) as other:
        conn.send(request(path), *[b"x" * 4096] * 32)
        conn.rest()
        push(lab, path, "others do not notice")
        assert other.receive() == "others do not notice"
    eventually(lambda: lab.count(path) == 0, "all have left")
    assert any("why=talks" in line for line in lab.sidecar.lines())


@pytest.mark.parametrize("end", ["half", "reset", "close"])
def test_each_way_to_leave_is_seen(lab, room, end):
    path = f"/ws/script/{room}"
    with Raw(lab.port) as conn:
        conn.send(request(path))
        eventually(lambda: lab.count(path) == 1, "it is there")
        if end == "half":
            conn.sock.shutdown(socket.SHUT_WR)
            conn.rest()
            assert conn.ended == ""
        elif end == "reset":
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    eventually(lambda: lab.count(path) == 0, "it has left")


def test_who_leaves_before_its_handler_has_answered(make_stack):
    stack = make_stack().start("sidecar", "worker")
    path, gate = "/ws/script/room", stack.dir / "gate"
    with listen(stack, path) as witness:
        with stream(stack, f"{path}?open=wait%20{gate}&close=broadcast%20left"):
            eventually(lambda: stack.count(path) == 2, "it is opening")
        eventually(lambda: stack.count(path) == 1, "it has left")
        gate.touch()
        assert witness.receive() == "left"


def test_a_slow_reader_is_dropped_and_nobody_else_notices(make_stack):
    stack = make_stack(ws_queue_bytes=262144, ws_send_buffer=16384, ws_max_message=65536,
                       ws_ping_seconds=0).start("sidecar", "worker")
    path = "/ws/watch/w"
    with Raw(stack.port) as slow, stream(stack, path) as fast:
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.send(request(path))
        eventually(lambda: stack.count(path) == 2, "both are there")
        message = "x" * 16384
        with Peer(stack.bus) as peer:
            peer.hello()
            for n in range(2000):
                if peer.push(path, message).connections == 1:
                    break
                assert fast.receive() == message
            assert fast.receive() == message
        eventually(lambda: any("queue-full" in line for line in stack.sidecar.lines()), "the log says so")
        rest = slow.rest()
        assert rest.count(b"data: ") <= n + 1 and b"event: close" not in rest


def test_who_takes_nothing_is_lost(make_stack):
    """It may be dead: the kernel finds out, since there is no pong to wait for."""
    stack = make_stack(ws_ping_seconds=1, ws_send_buffer=16384, ws_queue_bytes=8 << 20).start("sidecar", "worker")
    path = "/ws/script/room"
    with listen(stack, path) as witness, Raw(stack.port) as dead:
        dead.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        dead.send(request(f"{path}?close=report%20{path}"))
        eventually(lambda: stack.count(path) == 2, "both are there")
        push(stack, path, "x" * 1000000)
        assert len(witness.receive()) == 1000000
        assert witness.receive().endswith(" count=1 code=1006")


def test_a_slow_reader_that_comes_back_gets_everything(make_stack):
    stack = make_stack(ws_queue_bytes=4 << 20, ws_send_buffer=16384).start("sidecar", "worker")
    with stream(stack, "/ws/watch/w") as slow:
        eventually(lambda: stack.count("/ws/watch/w") == 1, "it is there")
        push(stack, "/ws/watch/w", *(f"{n} " + "x" * 10000 for n in range(200)))
        for n in range(200):
            assert slow.receive() == f"{n} " + "x" * 10000


def test_a_quiet_one_stays_and_hears_that_we_are_there(make_stack):
    stack = make_stack(ws_ping_seconds=1).start("sidecar", "worker")
    with listen(stack, path_of("room")) as source, listen(stack, "/ws/script/room") as other:
        before = source.last_id
        for _ in range(3):
            assert source.event(skip=("position",))[:2] == ("heartbeat", "")
            assert other.event(skip=())[:2] == ("heartbeat", "")
        assert source.last_id > before and other.last_id == "", "time goes on where messages are kept"
        push(stack, path_of("room"), "still here")
        assert source.receive() == "still here"


def test_a_crowd_comes_and_goes(lab, room):
    path = path_of(room)
    sources = [stream(lab, path) for _ in range(100)]
    eventually(lambda: lab.count(path) == 100, "all are there")
    say(lab, room, *"abc")
    for source in sources:
        assert [source.receive() for _ in range(3)] == ["a", "b", "c"]
        source.cut()
    eventually(lambda: lab.count(path) == 0, "all have left")
    eventually(lambda: figures(lab)["tina4_memory_bytes"] < 1 << 20, "and left nothing")


# --- behind the web servers -----------------------------------------------------------------------

def leave(site, path):
    """Apache and lighttpd notice that a client has left when there is something for it: at the latest, heartbeats."""
    with Peer(site.bus) as peer:
        peer.hello()

        def is_empty():
            return peer.push(path, "is anybody there?", flags=TRANSIENT).connections == 0

        eventually(is_empty, "that it has left reaches the sidecar")


def test_no_web_server_keeps_anything_back(site, room):
    path = path_of(room)
    with stream(site, path, direct=False) as source:
        assert source.event(skip=())[0] == "position", "the first one comes before anything is said"
        for message in ("a", "b\rb", "x" * 3):
            push(site, path, message)
            assert source.receive() == message  # before the next one is sent
        last_id = source.last_id
    leave(site, path)
    push(site, path, "missed")
    with stream(site, path, direct=False, last_id=last_id) as source:
        assert source.settle() == (["missed"], True)
    with stream(site, f"{path}?open=close%204001%20enough", direct=False) as source:
        assert source.closed() == (4001, "enough")


def test_web_servers_hand_on_what_is_refused(site, room):
    assert stream(site, "/ws/secret", direct=False).status == 401
    assert stream(site, "/ws/nowhere", direct=False).status == 404
    assert stream(site, f"/ws/script/{room}", direct=False, method="POST").status == 405


PLAIN = """server {
	listen @LISTEN@;
	gzip on;
	gzip_types text/event-stream;
	location / {
		proxy_pass http://@SIDECAR@;
	}
}
"""


def test_an_nginx_that_knows_nothing_of_it(make_stack, room):
    """It speaks HTTP/1.0 and buffers, as it does by default: the answer says that it must not."""
    stack = make_stack(web="nginx-tcp")
    stack.way.site = PLAIN
    stack.start("sidecar", "worker", "nginx")
    with stream(stack, path_of(room), direct=False) as source:
        assert source.event(skip=())[0] == "position"
        for message in ("a", "b"):
            push(stack, path_of(room), message)
            assert source.receive() == message


def test_clients_close_with_the_sidecar_behind_a_web_server(make_stack, room):
    stack = make_stack().start()
    with stream(stack, path_of(room), direct=False) as source:
        assert source.event(skip=())[0] == "position"
        stack.sidecar.term()
        assert source.closed() == (1001, "")


def test_without_a_worker_for_too_long_it_is_1013(make_stack):
    stack = make_stack(worker_wait=1).start("sidecar", "worker")
    stack.worker.term()
    with stream(stack, "/ws/script/room") as source:
        assert source.closed()[0] == 1013
