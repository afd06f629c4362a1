"""Who is connected, and ending that: by the command, over HTTP and over the bus, on one host and on several."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import time

import pytest

from client import http
from redis import Host, Redis
from stack import BUILD, eventually
from test_auth import token
from wire import (BUSY, CONNS, INVALID, KICK, NO_ROUTE, OK, PUSH, REQUEST, Peer, ask_conns, command, conns_asked,
                  read_conns, request)

ADMIN = "a token of the tests, with more than 32 bytes"
ALLOWED = {"Authorization": f"Bearer {ADMIN}"}
USAGE, NO_ANSWER, NOBODY = 2, 4, 8
POLICY, RESTART = 1008, 1012


def tina4(stack, *arguments, status=0):
    """Runs it to its end, which must have this status; returns what it printed."""
    done = subprocess.run([BUILD / "tina4", *arguments], env={**os.environ, **stack.env}, cwd=stack.dir,
                          capture_output=True, timeout=60, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr if status else done.stdout


def listed(stack, *arguments, **more):
    return [json.loads(line) for line in tina4(stack, "conns", "--json", *arguments, **more).splitlines()]


def admin(stack, target, method="GET", headers=ALLOWED):
    return http(stack.admin, method, target, headers)


def pages(stack, query=""):
    """All pages of GET /conns."""
    cursor, found = "", []
    while cursor is not None:
        answer = admin(stack, f"/conns?{query}{'&cursor=' + cursor if cursor else ''}")
        assert answer.status == 200, answer.body
        found.append(answer.json)
        cursor = answer.json["cursor"]
    return found


def ident(client):
    return client.ask("tell id")[1:]


@pytest.fixture(scope="module")
def desk(make_stack_for_session):
    return make_stack_for_session(admin_token=ADMIN).start()


# --- one host ----------------------------------------------------------------------------


def test_a_connection_is_told_with_all_that_is_known_of_it(desk, room):
    path = f"/ws/script/{room}"
    before = time.time() * 1000
    with desk.ws(path, direct=True) as client:
        conn = ident(client)
        for client_says in ("one", "two"):
            client.send(f"send {client_says}")
            assert client.receive() == client_says
        row, = listed(desk, "--path", path)
        assert before - 1 <= row.pop("since_ms") <= time.time() * 1000
        assert row == {"id": conn, "host": conn[:8], "path": path, "user": None, "address": "127.0.0.1", "queued": 0,
                       "messages": 3}
        line = tina4(desk, "conns", "--path", path).splitlines()[1].split()
        assert line[:2] == [conn, conn[:8]] and line[4:] == ["0", "3", "127.0.0.1", "-", path]
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", line[2]) and re.fullmatch(r"\d+s", line[3])
    eventually(lambda: listed(desk, "--path", path) == [], "it is gone")


def test_the_user_is_that_of_the_token(desk, room):
    with desk.ws(f"/ws/secret?token={token(sub='alice é')}", direct=True), \
            desk.ws(f"/ws/secret?token={token(sub='bob')}", direct=True):
        eventually(lambda: len(listed(desk, "--path", "/ws/secret")) == 2, "both are there")
        assert [row["user"] for row in listed(desk, "--user", "bob")] == ["bob"]
        assert [row["user"] for row in listed(desk, "--user", "alice é", "--path", "/ws/secret")] == ["alice é"]
        assert listed(desk, "--user", "alice") == listed(desk, "--user", "bob", "--path", "/ws/other") == []


def test_a_slow_reader_shows_what_waits_for_it(desk, room):
    path = f"/ws/watch/{room}"
    with desk.ws(path, direct=True) as client:
        eventually(lambda: desk.count(path) == 1, "it is there")
        with Peer(desk.bus) as peer:
            peer.hello()
            for _ in range(3):
                peer.push(path, b"x" * 1000000, flags=1)
        eventually(lambda: listed(desk, "--path", path)[0]["queued"] > 500000, "it waits")
        assert [len(client.receive()) for _ in range(3)] == [1000000] * 3
        eventually(lambda: listed(desk, "--path", path)[0]["queued"] == 0, "it has been read")


def test_a_listener_of_events_is_listed_too(desk, room):
    path = f"/ws/watch/{room}"
    with socket.create_connection(("127.0.0.1", desk.port)) as stream:
        stream.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".encode())
        eventually(lambda: [row["path"] for row in listed(desk, "--path", path)] == [path], "it is listed")
        assert tina4(desk, "kick", "--path", path) == "closed 1 here\n"
        got = b""
        while piece := stream.recv(1000):
            got += piece
        assert b"1008" in got


def test_pages_hold_each_connection_once(desk, room):
    path = f"/ws/watch/{room}"
    clients = [desk.ws(path, direct=True) for _ in range(300)]
    eventually(lambda: desk.count(path) == 300, "all are there")
    rows = listed(desk, "--path", path)
    assert len(rows) == len({row["id"] for row in rows}) == 300
    found = pages(desk, f"path={path}&max=7")
    assert sorted(row["id"] for page in found for row in page["conns"]) == sorted(row["id"] for row in rows)
    assert max(len(page["conns"]) for page in found) == 7 and all(page["answered"] for page in found)
    assert len(pages(desk, f"path={path}")) > 1
    assert tina4(desk, "kick", "--path", path, "--code", "4000", "--reason", "over") == "closed 300 here\n"
    assert {client.closed() for client in clients} == {(4000, "over")}


def test_kick_by_id(desk, room):
    path = f"/ws/script/{room}"
    with desk.ws(path, direct=True) as one, desk.ws(path, direct=True) as other:
        conn = ident(one)
        assert tina4(desk, "kick", conn) == "closed 1 here\n"
        assert one.closed() == (POLICY, "")
        assert "no such connection" in tina4(desk, "kick", conn, status=NOBODY)
        assert tina4(desk, "kick", "--code", "1012", "--reason", "grüße", ident(other)) == "closed 1 here\n"
        assert other.closed() == (RESTART, "grüße")
    eventually(lambda: f"connections closed on request path=- conn={conn} code=1008 connections=1" in
               desk.sidecar.tail(100), "the log names it")


def test_kick_of_a_path_closes_all_and_no_others(desk, room):
    path, other = f"/ws/script/{room}", f"/ws/script/{room}-2"
    clients = [desk.ws(f"{path}?open=send%20here&close=push%20{other}%20left", direct=True) for _ in range(5)]
    assert [client.receive() for client in clients] == ["here"] * 5
    with desk.ws(f"{other}?open=send%20here", direct=True) as witness:
        assert witness.receive() == "here"
        assert tina4(desk, "kick", "--path", path) == "closed 5 here\n"
        assert [client.closed() for client in clients] == [(POLICY, "")] * 5
        assert [witness.receive() for _ in range(5)] == ["left"] * 5  # each closes once
        assert witness.ask("send still here") == "still here"
    assert desk.count(path) == 0
    assert "no such connection" in tina4(desk, "kick", "--path", path, status=NOBODY)
    eventually(lambda: f"connections closed on request path={path} conn=- code=1008 connections=5" in
               desk.sidecar.tail(200), "the log names it")


def test_what_was_sent_before_a_kick_comes_before_its_end(desk, room):
    path = f"/ws/watch/{room}"
    clients = [desk.ws(path, direct=True) for _ in range(3)]
    eventually(lambda: desk.count(path) == 3, "all are there")
    with Peer(desk.bus) as peer:
        peer.hello()
        for i in range(5):
            peer.send(REQUEST, request(command(PUSH, f"{i}", key=path)))
        assert peer.ask(command(KICK, "enough", key=path, code=4001)).connections == 3
    for client in clients:
        assert [client.receive() for _ in range(5)] == ["0", "1", "2", "3", "4"]
        assert client.closed() == (4001, "enough")


def test_a_kick_that_is_asked_again_is_done_once(desk, room):
    path, again = f"/ws/watch/{room}", os.urandom(16)
    with Peer(desk.bus) as peer:
        peer.hello()
        with desk.ws(path, direct=True) as client:
            eventually(lambda: desk.count(path) == 1, "it is there")
            first = peer.ask(command(KICK, key=path, code=1000), ident=again)
            assert (first.status, first.connections, client.closed()) == (OK, 1, (1000, ""))
        with desk.ws(path, direct=True) as client:
            eventually(lambda: desk.count(path) == 1, "another is there")
            assert peer.ask(command(KICK, key=path, code=1000), ident=again) == first
            assert peer.push(path, "still here").connections == 1 and client.receive() == "still here"


def test_handlers_close_a_path(desk, room):
    path = f"/ws/script/{room}"
    clients = [desk.ws(f"{path}?open=send%20here", direct=True) for _ in range(3)]
    assert [client.receive() for client in clients] == ["here"] * 3
    clients[0].send(f"send first|close_path {path} 4002 over|send no more")
    assert clients[0].receive() == "first"
    assert [client.closed() for client in clients] == [(4002, "over")] * 3
    with desk.ws(f"{path}?open=send%20here", direct=True) as client:
        assert client.receive() == "here"
        assert desk.http("POST", f"/close?path={path}&code=4003&reason=by%20http").json["result"] == 0
        assert client.closed() == (4003, "by http")
    assert desk.http("POST", "/close?path=/nowhere&code=4003").json["error"].startswith("no such route")


def last_frame(sock):
    """A short frame which no other follows, but for pings before it; nothing is answered."""
    got = b""
    while not got or got[0] == 0x89:
        got = (got + sock.recv(100)).removeprefix(b"\x89\x05tina4")
    return got


def test_many_are_kicked_at_once_though_some_do_not_answer(desk, room):
    """More than may be in the closing handshake together: each gets its code, and nobody else waits for that."""
    path = f"/ws/watch/{room}"
    crowd = [desk.ws(path, direct=True) for _ in range(700)]
    eventually(lambda: desk.count(path) == 700, "all are there")
    with desk.ws(f"/ws/script/{room}?open=send%20here", direct=True) as other:
        assert other.receive() == "here"
        assert tina4(desk, "kick", "--path", path) == "closed 700 here\n"
        assert listed(desk, "--path", path) == []
        begin = time.monotonic()
        assert other.ask("send still here") == "still here"
        assert time.monotonic() - begin < 1
        assert {last_frame(client.ws.sock) for client in crowd} == {b"\x88\x02" + struct.pack("!H", POLICY)}


# --- HTTP ----------------------------------------------------------------------------------


def test_the_same_over_http(desk, room):
    path = f"/ws/script/{room}"
    with desk.ws(path, direct=True) as one, desk.ws(path, direct=True) as other:
        conns = sorted([ident(one), ident(other)])
        rows = [row for page in pages(desk, f"path={path}") for row in page["conns"]]
        assert sorted(row["id"] for row in rows) == conns
        assert rows == listed(desk, "--path", path)
        assert admin(desk, f"/conns/{ident(one)}?code=4000&reason=b%C3%A4h+1", "DELETE").json == \
            {"connections": 1, "relayed": False}
        assert one.closed() == (4000, "bäh 1")
        assert admin(desk, f"/path{path}", "DELETE").json == {"connections": 1, "relayed": False}
        assert other.closed() == (POLICY, "")
    assert admin(desk, f"/path{path}", "DELETE").json == {"connections": 0, "relayed": False}
    head = admin(desk, "/conns", "HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize("status, target, method", [
    (404, "/conns/" + "0" * 32, "DELETE"), (400, "/conns/12", "DELETE"), (400, "/conns/" + "x" * 32, "DELETE"),
    (400, "/conns/", "DELETE"), (405, "/conns/" + "0" * 32, "GET"), (405, "/conns", "DELETE"), (405, "/conns", "POST"),
    (405, "/path/ws/watch/x", "GET"), (404, "/path/nowhere", "DELETE"), (404, "/path/", "DELETE"),
    (400, f"/conns/{'0' * 32}?code=1006", "DELETE"), (400, f"/conns/{'0' * 32}?code=x", "DELETE"),
    (400, f"/conns/{'0' * 32}?code=", "DELETE"), (400, f"/conns/{'0' * 32}?code=70000", "DELETE"),
    (400, f"/conns/{'0' * 32}?reason=" + "x" * 124, "DELETE"), (400, f"/conns/{'0' * 32}?reason=%ff", "DELETE"),
    (400, "/conns?max=0", "GET"), (400, "/conns?max=-1", "GET"), (400, "/conns?max=many", "GET"),
    (400, "/conns?cursor=x", "GET"), (400, "/conns?cursor=00000000.-1", "GET"), (400, "/conns?cursor=0000000.1", "GET"),
    (400, "/conns?cursor=00000000.4294967295", "GET"), (400, "/conns?cursor=00000000.1%20", "GET"),
    (400, "/conns?host=0", "GET"), (400, "/conns?host=0123456X", "GET"), (400, "/conns?host=0123456789", "GET"),
    (400, "/conns?host=00000000&cursor=00000001.0", "GET"), (400, "/conns?user=" + "u" * 256, "GET"),
    (400, "/conns?path=/" + "p" * 1024, "GET"), (404, "/connsx", "GET"),
])
def test_what_is_refused_over_http_says_why(desk, status, target, method):
    answer = admin(desk, target, method)
    assert answer.status == status and answer.json["error"]
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("target, method", [("/conns", "GET"), ("/conns/" + "0" * 32, "DELETE"),
                                            ("/path/ws/watch/x", "DELETE"), ("/user/42", "DELETE")])
def test_nobody_is_told_without_the_token(desk, make_stack, target, method):
    assert admin(desk, target, method, {}).status == 401
    assert admin(desk, target, method, {"Authorization": "Bearer wrong"}).status == 401
    assert ADMIN not in desk.sidecar.tail(1000)
    assert admin(make_stack().start("sidecar"), target, method, {}).status == 403


def test_options_say_what_can_be_asked(desk):
    for target, allowed in [("/conns", "GET, HEAD"), ("/conns/1", "DELETE"), ("/path/a", "DELETE"), ("/push/a", "POST"),
                            ("/user/a", "POST, DELETE"), ("/history/a", "GET, HEAD"), ("/healthz", "GET, HEAD"), ("*", "GET, HEAD, POST, DELETE")]:
        answer = admin(desk, target, "OPTIONS")
        assert (answer.status, answer.headers["allow"]) == (204, allowed)


# --- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments, says", [
    (("conns", "x"), "usage"), (("conns", "--nonsense"), "usage"), (("conns", "--host", "12"), "eight"),
    (("conns", "--user", "u" * 256), "user"), (("conns", "--path", "/" + "p" * 1024), "path"),
    (("kick",), "usage"), (("kick", "a", "b"), "usage"), (("kick", "--path", "/a", "b"), "usage"),
    (("kick", "--code", "1006", "--path", "/a"), "--code"), (("kick", "--code", "x", "--path", "/a"), "--code"),
    (("kick", "12"), "32"), (("kick", "--path", "a"), "slash"), (("kick", "--reason", "x" * 124, "0" * 32), "123"),
])
def test_wrong_usage_is_told(desk, arguments, says):
    assert says in tina4(desk, *arguments, status=USAGE)


def test_no_byte_of_a_filter_does_harm(desk):
    """Every byte in a path, a user, a host and a cursor: an answer, and one that makes sense."""
    with Peer(desk.bus) as peer:
        peer.hello()
        for byte in range(256):
            odd = bytes([byte])
            for path in (b"/" + odd, odd * 1024):
                reply = peer.ask(ask_conns(path))
                assert reply.status == OK and read_conns(reply.text).rows == []
            for asked in (dict(user=odd), dict(user=odd * 255), dict(cursor=odd), dict(cursor=b"0" * 8 + odd + b"1"), dict(host=odd * 8),
                          dict(cursor=b"0" * 8 + b"." + odd)):
                reply = peer.ask(ask_conns(**asked))
                assert reply.status == INVALID and reply.text or reply.status == OK and not read_conns(reply.text).rows
        for cut in range(len(conns_asked())):
            assert peer.ask(command(CONNS, conns_asked()[:cut])).status == INVALID
        for code in (0, 999, 1004, 1005, 1006, 1010, 1015, 2999, 5000, 65535):
            assert peer.ask(command(KICK, key="/ws/watch/x", code=code)).status == INVALID
        assert peer.ask(command(KICK, b"\xff", key="/ws/watch/x", code=1000)).status == INVALID
        assert peer.ask(command(KICK, b"x" * 124, key="/ws/watch/x", code=1000)).status == INVALID
        assert peer.ask(command(KICK, key="", code=1000)).status == NO_ROUTE
        assert desk.stats()["malformed"] == 0


def test_what_a_client_chose_cannot_forge_a_line(desk):
    with desk.ws("/ws/watch/a%20b%c3%a9", direct=True):
        eventually(lambda: "/ws/watch/a bé" in tina4(desk, "conns"), "it is listed")
        assert [row["path"] for row in listed(desk, "--path", "/ws/watch/a bé")] == ["/ws/watch/a bé"]


# --- several hosts ------------------------------------------------------------------------------

N = 3


@pytest.fixture(scope="module")
def redis():
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hosts(redis, make_stack_for_session):
    hosts = [make_stack_for_session(kind=Host, redis=redis, admin_token=ADMIN).start("sidecar", "worker")
             for _ in range(N)]
    for host in hosts:
        host.settled(N)
    return hosts


def join(hosts, path):
    clients = [host.ws(f"{path}?open=send%20here", direct=True) for host in hosts]
    assert [client.receive() for client in clients] == ["here"] * len(hosts)
    return clients


def test_a_person_is_found_and_removed_in_two_commands_on_any_host(hosts, room):
    path = f"/ws/script/{room}"
    for host in hosts:
        clients = join(hosts, path)
        conns = [ident(client) for client in clients]
        rows = listed(host, "--path", path)
        assert [row["id"] for row in rows] == sorted(conns)  # by host
        for client, conn in zip(clients, conns):
            here = listed(host, "--host", conn[:8], "--path", path)
            assert [row["id"] for row in here] == [conn]
            said = tina4(host, "kick", conn, "--reason", "out")
            assert said in ("closed 1 here\n", f"handed on to host {conn[:8]}\n")
            assert client.closed() == (POLICY, "out")


def test_a_path_is_kicked_on_all_hosts(hosts, room):
    path = f"/ws/script/{room}"
    for host in hosts:
        clients = join(hosts, path)
        eventually(lambda: host.count(path) == N, "it knows of all")
        assert tina4(host, "kick", "--path", path, "--code", "1012") == "closed 1 here, handed on to other hosts, which had 2\n"
        assert [client.closed() for client in clients] == [(RESTART, "")] * N
    assert "no such connection" in tina4(hosts[0], "kick", "--path", path, status=NOBODY)


def test_a_path_is_kicked_from_a_host_without_connections(hosts, room):
    path = f"/ws/script/{room}"
    clients = join(hosts[1:], path)
    assert tina4(hosts[0], "kick", "--path", path) == "closed 0 here, handed on to other hosts, which had 2\n"
    assert [client.closed() for client in clients] == [(POLICY, "")] * 2


def test_a_handler_closes_a_path_on_all_hosts(hosts, room):
    path = f"/ws/script/{room}"
    clients = join(hosts, path)
    clients[0].send(f"close_path {path} 4002 over")
    assert [client.closed() for client in clients] == [(4002, "over")] * N


def test_http_pages_go_on_at_any_host(hosts, room):
    """A cursor means the same everywhere: pages may be asked of hosts in turn."""
    path = f"/ws/script/{room}"
    clients = [client for _ in range(4) for client in join(hosts, path)]
    cursor, found, i = "", [], 0
    while cursor is not None:
        page = admin(hosts[i % N], f"/conns?path={path}&max=1{'&cursor=' + cursor if cursor else ''}").json
        found += [row["id"] for row in page["conns"]]
        cursor, i = page["cursor"], i + 1
    assert found == sorted(found, key=lambda conn: conn[:8])
    assert sorted(found) == sorted(ident(client) for client in clients)


def test_a_host_that_hangs_is_named_and_skipped(hosts, room):
    path = f"/ws/script/{room}"
    clients = join(hosts, path)
    conns = [ident(client) for client in clients]
    os.kill(hosts[1].sidecar.pid, signal.SIGSTOP)
    try:
        begin = time.monotonic()
        done = subprocess.run([BUILD / "tina4", "conns", "--json", "--path", path], env={**os.environ, **hosts[0].env},
                              capture_output=True, timeout=60, text=True)
        assert time.monotonic() - begin < 3
    finally:
        os.kill(hosts[1].sidecar.pid, signal.SIGCONT)
    assert done.returncode == NO_ANSWER and f"host {conns[1][:8]} does not answer" in done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"host": conns[1][:8], "answered": False} in rows
    assert {row["id"] for row in rows if "id" in row} == {conns[0], conns[2]}
    eventually(lambda: hosts[0].status() == ("ready", None) and len(listed(hosts[0], "--path", path)) == N, "it is back")


def test_an_unknown_host_does_not_answer(hosts):
    assert "host 00000000 does not answer" in tina4(hosts[0], "conns", "--host", "00000000", status=NO_ANSWER)
    page = admin(hosts[0], "/conns?host=00000000").json
    assert page == {"host": "00000000", "answered": False, "cursor": None, "conns": []}


def test_many_ask_at_once(hosts, room):
    """More than may wait for other hosts: some are told so, each is answered."""
    path = f"/ws/script/{room}"
    clients = join(hosts, path)
    others = [ident(client)[:8] for client in clients[1:]]
    with Peer(hosts[0].bus) as peer:
        peer.hello()
        asked = {peer.send(REQUEST, request(ask_conns(path=path, host=others[i % 2]))) for i in range(1000)}
        statuses = {OK: 0, BUSY: 0}
        for _ in range(len(asked)):
            reply = peer.reply()
            statuses[reply.status] += 1
            if reply.status == OK:
                page = read_conns(reply.text)
                assert page.answered and len(page.rows) == 1
    assert statuses[OK] >= 256


def test_without_redis_this_host_is_still_listed(make_stack, room):
    server = Redis().start()
    pair = [make_stack(kind=Host, redis=server).start("sidecar", "worker") for _ in range(2)]
    for host in pair:
        host.settled(2)
    path = f"/ws/script/{room}"
    clients = join(pair, path)
    conns = [ident(client) for client in clients]
    server.kill()
    eventually(lambda: pair[0].status()[0] == "degraded", "it is noticed")
    begin = time.monotonic()
    said = tina4(pair[0], "conns", "--path", path, status=NO_ANSWER)
    assert f"host {conns[1][:8]} does not answer" in said and time.monotonic() - begin < 3
    assert [row["id"] for row in listed(pair[0], "--host", conns[0][:8])] == [conns[0]]
    # What is kicked while the hosts are apart is told once they are not.
    assert tina4(pair[0], "kick", "--path", path).startswith("closed 1 here")
    assert clients[0].closed() == (POLICY, "")
    server.start()
    assert clients[1].closed() == (POLICY, "")
    server.stop()


def test_a_host_dies_in_the_middle_of_its_pages(make_stack, redis, room):
    """Nobody waits for it, it is named once, and the others are listed whole."""
    three = [make_stack(kind=Host, redis=redis, ws_backplane_prefix="dies").start("sidecar", "worker")
             for _ in range(3)]
    for host in three:
        host.settled(3)
    path = f"/ws/watch/{room}"
    for host in three:
        for _ in range(20):
            host.ws(path, direct=True)
    eventually(lambda: all(host.count(path) == 60 for host in three), "all are there")
    by_host = {}
    for row in listed(three[0], "--path", path):
        by_host.setdefault(row["host"], set()).add(row["id"])
    order = sorted(by_host)
    number = {}
    for host in three:
        with host.ws(f"/ws/script/{room}", direct=True) as client:
            number[ident(client)[:8]] = host
    victim = order[1]
    asked = number[order[2]]
    rows, absent = [], []
    with Peer(asked.bus) as peer:
        peer.hello()
        cursor = b""
        while True:
            page = read_conns(peer.ask(ask_conns(path=path, cursor=cursor, max=3)).text)
            rows += [row["id"] for row in page.rows]
            if not page.answered:
                absent.append(page.host)
            if page.host == victim and page.answered and page.rows:
                if number[victim].sidecar.popen is not None:
                    number[victim].sidecar.kill()
            if not page.cursor:
                break
            cursor = page.cursor
    assert absent == [victim]
    assert set(rows) >= by_host[order[0]] | by_host[order[2]] and len(rows) == len(set(rows))
    number[victim].sidecar.start()
