"""What stands in front of libwebsockets: heads, deadlines, budgets, and what both listeners say to strangers."""

import json
import socket
import time

import pytest

from client import UPGRADE, http
from stack import eventually
from test_admin import metrics
from wire import Peer

PATH = "/ws/script/gate"
LINES = [f"{name}: {value}" for name, value in UPGRADE.items()]
FRAME = b"\x81\x89\0\0\0\0send here"


def head(*lines, request=f"GET {PATH} HTTP/1.1", host="Host: localhost", end="\r\n"):
    """A good upgrade with further lines."""
    return "\r\n".join([request, *([host] if host else []), *LINES, *lines]).encode("latin-1") + end.encode() * 2


def connect(address):
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    conn = socket.socket(family)
    conn.settimeout(20)
    conn.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
    return conn


def read_answer(conn):
    """All up to the end of the connection; it must be an answer."""
    data = b""
    while True:
        more = conn.recv(65536)
        if not more:
            break
        data += more
        if data.startswith(b"HTTP/1.1 101"):
            break
    top, _, body = data.partition(b"\r\n\r\n")
    lines = top.decode().split("\r\n")
    assert lines[0].startswith("HTTP/1.1 "), data
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    return int(lines[0].split()[1]), fields, body


def ask(address, data):
    with connect(address) as conn:
        conn.sendall(data)
        return read_answer(conn)


def status(stack, data):
    code, fields, body = ask(stack.port, data)
    if code != 101:
        assert "close" in fields["connection"].lower() and int(fields["content-length"]) == len(body)
        assert json.loads(body)["error"]
    return code


def test_another_protocol_is_no_upgrade(lab):
    h2c = [f"GET {PATH} HTTP/1.1", "Host: localhost", "Upgrade: h2c", "HTTP2-Settings: AA",
           "Connection: Upgrade, HTTP2-Settings", *LINES[2:]]
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    with lab.ws(PATH, direct=True) as bystander:
        assert status(lab, "\r\n".join(h2c).encode() + b"\r\n\r\n" + preface) == 426
        assert status(lab, preface) == 505
        assert status(lab, head(request="CONNECT /ws/echo HTTP/1.1")) == 405
        assert status(lab, head(request="CONNECT localhost:80 HTTP/1.1")) == 400
        assert bystander.ask("send here") == "here"


@pytest.mark.parametrize("line", ["Hos: x", "X-Forwarded: x", "If: x", "Coo: x", "User: x", "Get: x", "Connect: x"])
def test_a_name_that_begins_like_another_hides_nothing(lab, line):
    assert status(lab, head(line, "Origin: http://evil.example")) == 403
    assert status(lab, head(line)) == 101


@pytest.mark.parametrize("lines", [
    ["Hos"], ["X : y"], ["X y: z"], [": x"], ["X: a", " b"], ["X: a\0b"], ["X: a\rb"], ["X: a\x01"], ["X\xe9: a"],
    ["Content-Length: 1"], ["Transfer-Encoding: chunked"], ["Content-Length: 0", "Content-Length: 0"],
    ["Host: localhost"], ["Sec-WebSocket-Key: " + UPGRADE["Sec-WebSocket-Key"]], ["Origin: http://a", "Origin: http://a"],
])
def test_what_could_mean_two_things_is_400(lab, lines):
    assert status(lab, head(*lines)) == 400


@pytest.mark.parametrize("request_line, expected", [
    (f"GET {PATH} HTTP/1.0", 400), (f"GET {PATH} HTTP/9.9", 400), (f"GET {PATH} HTTP/2.0", 505), (f"GET {PATH}", 400),
    (f"GET  {PATH} HTTP/1.1", 400), (f"G@T {PATH} HTTP/1.1", 400), (f"get {PATH} HTTP/1.1", 405), ("GET * HTTP/1.1", 400),
    (f"POST {PATH} HTTP/1.1", 405), ("GET /ws/script/../script/x HTTP/1.1", 400), ("GET /ws/script/%2e%2E HTTP/1.1", 400),
    ("GET //ws/script/x HTTP/1.1", 404), (f"GET {PATH}?{'x' * 9000} HTTP/1.1", 414), ("GET /" + "x" * 2000 + " HTTP/1.1", 414),
    (f"GET http://localhost{PATH} HTTP/1.1", 101), (f"\r\n\r\nGET {PATH} HTTP/1.1", 101),
    (f"GET {PATH}?{'&'.join(f'p{i}=1' for i in range(100))} HTTP/1.1", 101),
])
def test_request_lines(lab, request_line, expected):
    assert status(lab, head(request=request_line)) == expected


def test_hosts_and_line_ends(lab):
    assert status(lab, head(host=None)) == 400
    assert status(lab, head(host="Host:")) == 400
    assert status(lab, head(host="Host: a b")) == 400
    assert status(lab, head().replace(b"\r\n", b"\n")) == 400


def test_large_heads_are_answered(lab):
    assert status(lab, head(*[f"X-{i}: {'y' * 200}" for i in range(50)])) == 101
    assert status(lab, head("X: " + "y" * 20000)) == 431
    assert status(lab, head(*["X: y"] * 100)) == 431
    assert status(lab, head("Sec-WebSocket-Extensions: " + ", ".join(["x-none; a=b"] * 100))) == 101


def test_unusual_forms_are_taken(lab):
    def with_lines(**changes):
        fields = {**UPGRADE, **{name.replace("_", "-"): value for name, value in changes.items()}}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return status(lab, f"GET {PATH} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())

    assert with_lines(Upgrade="foo, websocket") == 101
    assert with_lines(Upgrade=" ,websocket, ", Connection="keep-alive,,Upgrade\t") == 101
    assert with_lines(Sec_WebSocket_Version="13 ", Sec_WebSocket_Key=UPGRADE["Sec-WebSocket-Key"] + " \t") == 101
    assert with_lines(Connection="keep-alive") == 426


@pytest.mark.parametrize("cut", range(0, 220, 7))
def test_a_first_message_may_come_with_the_head(lab, cut):
    """At any split of head and message; several messages come in their order."""
    data = head() + FRAME + FRAME.replace(b"here", b"two!")
    with connect(lab.port) as conn:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn.sendall(data[:cut])
        time.sleep(0.002)  # so that it is a packet of its own
        conn.sendall(data[cut:])
        got = b""
        while not got.endswith(b"\x81\x04two!"):
            more = conn.recv(65536)
            assert more, got
            got += more
    assert got.startswith(b"HTTP/1.1 101 ") and got.endswith(b"\r\n\r\n\x81\x04here\x81\x04two!")


def test_the_chosen_subprotocol_is_answered(lab):
    code, fields, _ = ask(lab.port, head("Sec-WebSocket-Protocol: other", "Sec-WebSocket-Protocol: frond.1"))
    assert (code, fields["sec-websocket-protocol"]) == (101, "frond.1")
    code, fields, _ = ask(lab.port, head())
    assert code == 101 and "sec-websocket-protocol" not in fields


def test_a_client_behind_a_proxy_has_its_address(make_stack):
    stack = make_stack(trusted_proxies="127.0.0.1", ws_max_per_address=2).start("sidecar", "worker")

    def ip(*lines):
        with connect(stack.port) as conn:
            conn.sendall(head(*(f"X-Forwarded-For: {line}" for line in lines)) + b"\x81\x87\0\0\0\0tell ip")
            got = b""
            while b"\r\n\r\n\x81" not in got or b"=" not in got.partition(b"\r\n\r\n\x81")[2]:
                more = conn.recv(65536)
                assert more, got
                got += more
        return got.rpartition(b"=")[2].decode()

    assert ip("203.0.113.9:51008") == "203.0.113.9"
    assert ip("[2001:db8::1]:443") == "2001:db8::1"
    assert ip("1.1.1.1", "203.0.113.9") == "203.0.113.9"
    assert ip("1.1.1.1, " * 200 + "203.0.113.9") == "203.0.113.9"
    assert ip("203.0.113.9, hidden") == "unknown"
    hidden = [stack.ws(PATH, direct=True, header={"X-Forwarded-For": f"hidden-{i}"}) for i in range(2)]
    assert stack.handshake(PATH, X_Forwarded_For="hidden-3").status == 429
    assert stack.handshake(PATH, X_Forwarded_For="203.0.113.9").status == 101
    assert hidden[0].ask("send here") == "here"


def test_who_says_nothing_costs_nobody_his_place(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(PATH, direct=True) as bystander:
        silent = [connect(stack.port) for _ in range(600)]
        asking = [connect(stack.port) for _ in range(100)]
        for conn in asking:
            conn.sendall(b"CONNECT /ws/echo HTTP/1.1\r\n")
        assert stack.handshake(PATH).status == 101
        assert http(stack.admin, "GET", "/healthz").status == 200
        assert bystander.ask("send here") == "here"
        # Each of them hears why it has to go: some for others, the rest for their time.
        heard = [read_answer(conn)[0] for conn in silent + asking]
        assert set(heard) == {408, 503} and heard[0] == 503 and heard[-1] == 408
        for conn in silent + asking:
            conn.close()
        grown = metrics(stack)
        assert grown['tina4_refusals_total{reason="crowded-out"}'] == heard.count(503)
        assert grown['tina4_refusals_total{reason="head-too-slow"}'] == heard.count(408)
        refused = [line for line in stack.sidecar.lines() if "refused" in line]
        assert 0 < len(refused) < 200  # many at once are one line


def test_a_refusal_has_a_counter_and_a_line(make_stack):
    stack = make_stack().start("sidecar", "worker")
    assert status(stack, head("X: a\0b")) == 400
    assert status(stack, head("X: " + "y" * 20000)) == 431
    assert status(stack, head(request="GET /ws/nothing HTTP/1.1")) == 404
    figures = metrics(stack)
    for reason in ("bad-field-value", "head-too-large", "no-route"):
        assert figures[f'tina4_refusals_total{{reason="{reason}"}}'] == 1
        assert any(f"reason={reason}" in line for line in stack.sidecar.lines())
    assert [figures[f'tina4_upgrades_total{{status="{code}"}}'] for code in (400, 404, 431)] == [1, 1, 1]


def test_bytes_that_are_no_request_are_answered(lab):
    for data in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 100, b"A" * 1000, b"{}\r\n\r\n"):
        assert status(lab, data) == 400


def test_a_frame_that_breaks_the_protocol_is_counted_as_such(make_stack):
    stack = make_stack().start("sidecar", "worker")
    for raw in (b"\x83\x80\0\0\0\0", b"\xc1\x80\0\0\0\0", b"\x80\x80\0\0\0\0"):
        with stack.ws(PATH, direct=True) as client:
            assert client.ask("send here") == "here"
            client.raw(raw)
            assert client.closed()[0] == 1002
    eventually(lambda: metrics(stack)['tina4_closes_total{reason="protocol-error"}'] == 3, "they are counted")
    assert sum("by=sidecar why=protocol-error" in line for line in stack.sidecar.lines()) == 3


def test_after_such_a_frame_nothing_is_written_any_more(make_stack):
    stack = make_stack().start("sidecar", "worker")
    path = "/ws/watch/broken"
    with stack.ws(path, direct=True) as client, Peer(stack.bus) as peer:
        peer.hello()
        eventually(lambda: stack.count(path) == 1, "it is there")
        client.raw(b"\x83\x80\0\0\0\0")
        begin = time.monotonic()
        eventually(lambda: stack.count(path) == 0, "it has left its path")
        assert peer.push(path, "too late").connections == 0
        sock, got = client.ws.sock, b""
        while more := sock.recv(1000):  # without an answer to the close
            got += more
        assert got.startswith(b"\x88") and b"too late" not in got
        assert time.monotonic() - begin < 4


# --- the admin listener ---------------------------------------------------------------------


def admin(stack, request, *lines, body=b""):
    return ask(stack.admin, "\r\n".join([request, *lines, "", ""]).encode() + body)


def test_a_foreign_host_may_not_ask(make_stack):
    stack = make_stack(admin_hosts="tina4.internal").start("sidecar")
    for host in ("localhost", "localhost:7147", "127.0.0.1:7147", "[::1]", "10.1.2.3:7147", "Tina4.Internal:80"):
        assert admin(stack, "GET /healthz HTTP/1.1", f"Host: {host}")[0] == 200, host
    for host in ("attacker.example", "localhost.attacker.example", "tina4.internal.example"):
        assert admin(stack, "GET /healthz HTTP/1.1", f"Host: {host}")[0] == 403, host
    assert admin(stack, "GET /healthz HTTP/1.0")[0] == 200  # a load balancer's check
    assert metrics(stack)['tina4_refusals_total{reason="foreign-host"}'] == 3


def test_head_and_options(lab):
    code, fields, body = admin(lab, "HEAD /healthz HTTP/1.1", "Host: localhost")
    assert (code, body) == (200, b"") and int(fields["content-length"]) > 0
    assert admin(lab, "HEAD /nothing HTTP/1.1", "Host: localhost")[::2] == (404, b"")
    code, fields, body = admin(lab, "OPTIONS /healthz HTTP/1.1", "Host: localhost")
    assert (code, fields["allow"], body) == (204, "GET, HEAD", b"")
    assert admin(lab, "OPTIONS /push/x HTTP/1.1", "Host: localhost")[1]["allow"] == "POST"
    assert admin(lab, "OPTIONS * HTTP/1.1", "Host: localhost")[0] == 204
    code, fields, _ = admin(lab, "DELETE /healthz HTTP/1.1", "Host: localhost")
    assert (code, fields["allow"]) == (405, "GET, HEAD")


def test_silent_browsers_do_not_hold_up_the_admin_listener(make_stack):
    stack = make_stack().start("sidecar", "worker")
    silent = [connect(stack.admin) for _ in range(600)]
    assert http(stack.admin, "GET", "/healthz").status == 200
    assert stack.handshake(PATH).status == 101
    for conn in silent:
        conn.close()
    eventually(lambda: stack.handshake(PATH).status == 101, "and all is well")


def test_requests_cannot_be_smuggled(lab):
    push = ["POST /push/ws/x HTTP/1.1", "Host: localhost"]
    assert admin(lab, *push, "Content-Length: 1", "Content-Length: 2")[0] == 400
    assert admin(lab, *push, "Content-Length: 1", "Transfer-Encoding: chunked")[0] == 400
    assert admin(lab, *push, "Content-Length: +1")[0] == 400
    assert admin(lab, *push, "Transfer-Encoding: gzip")[0] == 501
