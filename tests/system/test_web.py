"""Each web server in each of its ways, with the configuration that deploy/ ships."""

import json
import socket
import subprocess

import pytest

from client import UPGRADE, http
from stack import eventually, free_ports
from test_auth import token
from web import SERVERS

SOMEBODY = "127.0.0.2"  # an address that no part has itself


def ask_from_somewhere_else(stack, path):
    """What a WebSocket handler and an HTTP handler know of a client that claims to be a proxy."""
    forged = {"X-Forwarded-For": "203.0.113.9"}
    sock = socket.create_connection(("127.0.0.1", stack.web), source_address=(SOMEBODY, 0))
    with stack.ws(path, socket=sock, header=forged) as client:
        websocket = client.ask("tell ip").removeprefix("=")
    return websocket, http(stack.web, "GET", "/mirror/x", forged, source=SOMEBODY).json["ip"]


def test_it_is_the_server_that_is_meant(site):
    server = site.http("GET", "/js/frond.js").headers["server"].lower()
    assert server.startswith(site.way.name)


def test_handlers_see_the_clients_address(site, room):
    assert ask_from_somewhere_else(site, f"/ws/script/{room}") == (SOMEBODY, SOMEBODY)


def test_handlers_see_the_request_as_the_client_sent_it(site, room):
    with site.ws(f"/ws/script/{room}%20%C3%BC%26?token=a%2Bb+c", cookie="session=s1") as client:
        assert client.ask("tell path") == f"=/ws/script/{room} ü&"
        assert client.ask("param token") == "=a+b c"
        assert client.ask("cookie session") == "=s1"
        assert client.ask("header host") == f"=127.0.0.1:{site.web}"


def test_a_token_in_the_header_reaches_both(site):
    bearer = {"Authorization": f"Bearer {token(sub='carol')}"}
    assert site.http("GET", "/me", bearer).json["sub"] == "carol"
    with site.ws("/ws/secret", header=bearer) as client:
        assert client.receive() == "hello carol"


def test_a_refused_upgrade_stays_what_it_is(site, room):
    def status(target, **changes):
        return site.handshake(target, direct=False, **changes).status

    assert status(f"/ws/script/{room}") == 101
    assert status("/ws/nothing") == 404
    assert status("/ws/secret") == 401
    assert status(f"/ws/script/{room}", Origin="http://evil.example") == 403
    assert status(f"/ws/script/{room}", Origin=f"http://localhost:{site.web}", Host=f"localhost:{site.web}") == 101


def post(site, body, header):
    """The status, and the JSON if it is some."""
    done = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", "-H", header, "-H", "Content-Type: text/plain",
                           "--data-binary", "@-", f"http://127.0.0.1:{site.web}/mirror/x"], input=body,
                          capture_output=True, text=True)
    answer, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(answer) if answer.startswith("{") else None


def test_a_chunked_body_arrives_whole_or_not_at_all(site):
    for size in (9, 300000):
        answer = post(site, "x" * size, "Transfer-Encoding: chunked")
        if site.way.name == "apache" and site.way.how == "cgi":
            assert answer == (411, {"error": "The Content-Length is missing."})
        else:
            assert (answer[0], answer[1]["bytes"]) == (200, size)


@pytest.mark.parametrize("header", ["Expect:", "Transfer-Encoding: chunked"])
def test_a_body_that_is_too_large_is_413(site, header):
    """Nor does a handler get what is left of it, which may be nothing. mod_fcgid has one answer for all failures."""
    expected = 500 if site.way.how == "fcgid" and "chunked" in header else 413
    assert post(site, "x" * 11000000, header)[0] == expected


def test_an_encoded_slash_makes_no_other_room(site):
    assert site.handshake("/ws/script/a%2Fb", direct=False).status in (400, 404)


def test_a_push_from_a_request_reaches_browsers(site, room):
    path = f"/ws/watch/{room}"
    with site.ws(path) as one, site.ws(path) as two:
        eventually(lambda: site.count(path) == 2, "both are there")
        for i in range(3):
            receipt = site.http("POST", f"/push?path={path}", body=f"message {i}").json
            assert (receipt["result"], receipt["connections"]) == (0, 2)
        for client in (one, two):
            assert [client.receive() for _ in range(3)] == ["message 0", "message 1", "message 2"]


def test_large_messages_pass_both_ways(site, room):
    with site.ws(f"/ws/script/{room}") as client:
        message = "x" * ((1 << 20) - len("send "))
        assert client.ask(f"send {message}") == message


def test_closes_pass_both_ways(site, room):
    with site.ws(f"/ws/script/{room}") as client:
        client.send("close 4321 enough")
        assert client.closed() == (4321, "enough")


def test_files_are_fresh_and_typed(site):
    for target in ("/js/frond.js", "/js/frond.mjs"):
        answer = site.http("GET", target)
        assert answer.status == 200, target
        assert "javascript" in answer.headers["content-type"], target
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert site.http("GET", "/css/site.css").headers["content-type"].startswith("text/css")
    for target in ("/js/", "/js/../base.html", "/js/%2e%2e/base.html", "/js/nothing.js"):
        assert site.http("GET", target).status in (400, 403, 404), target


@pytest.mark.parametrize("web", [*SERVERS, "lighttpd-cgi"])
def test_an_app_with_files_of_its_own_has_frond_too(make_stack, web):
    stack = make_stack(web=web)
    (stack.dir / "static" / "js").mkdir(parents=True)
    (stack.dir / "static" / "js" / "shop.js").write_text("// the shop's\n")
    for folder in (stack.dir, stack.dir / "static", stack.dir / "static" / "js"):
        folder.chmod(0o755)
    stack.way.static = stack.dir / "static"
    stack.start()
    assert stack.http("GET", "/js/shop.js").body == b"// the shop's\n"
    answer = stack.http("GET", "/js/frond.js")
    assert answer.status == 200 and b"frond.ws" in answer.body
    assert answer.headers["cache-control"] == "no-cache" and answer.headers["x-content-type-options"] == "nosniff"
    assert b"export default" in stack.http("GET", "/js/frond.mjs").body
    assert stack.http("GET", "/js/chat.js").status == 404


@pytest.mark.parametrize("web", SERVERS)
def test_a_query_that_may_hold_a_token_is_in_no_log(make_stack, web, room):
    stack = make_stack(web=web)
    log = stack.dir / "access.log"  # as the administrator has it; Apache's is there
    stack.way.own = stack.way.own.replace("access_log off;", f"access_log {log};")
    if web == "lighttpd":
        stack.way.site = f'server.modules += ( "mod_accesslog" )\naccesslog.filename = "{log}"\n' + stack.way.site
    stack.start()
    with stack.ws(f"/ws/script/{room}?token=must-not-be-logged"):
        pass
    stack.http("GET", "/mirror/is-logged")
    stack.web_server.term()
    assert "/mirror/is-logged" in log.read_text()
    for log in stack.dir.glob("*.log"):
        assert "must-not-be-logged" not in log.read_text(errors="replace"), log


@pytest.mark.parametrize("web", [*SERVERS, *(f"{server}-tcp" for server in SERVERS)])
def test_what_was_restarted_is_used_again(make_stack, web, room):
    stack = make_stack(web=web)
    stack.env["TINA4_LISTEN"] = stack.env["TINA4_LISTEN"].replace(":0,", f":{free_ports()},")
    stack.start()
    stack.app.term()
    stack.sidecar.term()
    for _ in range(3):
        assert stack.http("GET", "/mirror/x").status in (502, 503)
        assert stack.handshake(f"/ws/script/{room}", direct=False).status in (502, 503)
    stack.start()
    seconds = 3 if stack.way.name == "lighttpd" else 0.1  # which looks once a second
    eventually(lambda: stack.http("GET", "/mirror/x").status == 200, "the app is used", seconds)
    eventually(lambda: stack.handshake("/ws/script/x", direct=False).status == 101, "the sidecar is used", seconds)
    with stack.ws(f"/ws/script/{room}") as client:
        assert client.ask("tell ip") == "=127.0.0.1"


@pytest.mark.parametrize("web, impatience", [
    ("nginx", "proxy_read_timeout 1s; proxy_send_timeout 1s; send_timeout 1s; keepalive_timeout 1s;\n"),
    ("apache", "Timeout 1\nProxyTimeout 1\n"),
    ("lighttpd", "server.max-read-idle = 1\nserver.max-write-idle = 1\n"),
], ids=SERVERS)
def test_silence_ends_no_connection(make_stack, web, impatience, room):
    stack = make_stack(web=web, ws_ping_seconds=0)
    stack.way.site = impatience + stack.way.site
    stack.start()
    with stack.ws(f"/ws/script/{room}") as client:
        assert client.ask("tell count") == "1"
        client.nothing_for(4)
        assert client.ask("tell count") == "1"


def test_a_request_may_be_slow(site):
    """The head in pieces, and an upgrade that shares its packet with the first frame."""
    with socket.create_connection(("127.0.0.1", site.web), timeout=20) as conn:
        for piece in ("GET /mirror/x HTTP/1.1\r\nHo", "st: localhost\r\nConnection: close\r\n", "\r\n"):
            conn.sendall(piece.encode())
        answer = b"".join(iter(lambda: conn.recv(65536), b""))
    assert b'"word":"x"' in answer

    head = "".join(f"{name}: {value}\r\n" for name, value in UPGRADE.items())
    with socket.create_connection(("127.0.0.1", site.web), timeout=20) as conn:
        frame = b"\x81\x87\0\0\0\0tell ip"
        conn.sendall(f"GET /ws/script/slow HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode() + frame)
        got = b""
        while b"=127.0.0.1" not in got:
            data = conn.recv(65536)
            assert data, got
            got += data


def passed_on(listener, port, **fields):
    """The fields of the head that reaches the sidecar's socket, by their names in lower case."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in {**UPGRADE, **fields}.items())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET /ws/x HTTP/1.1\r\nHost: localhost\r\n{head}\r\n".encode())
        conn, _ = listener.accept()
        with conn:
            conn.settimeout(20)
            got = b""
            while b"\r\n\r\n" not in got:
                got += conn.recv(65536)
            conn.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 426 ")
    lines = got.decode().partition("\r\n\r\n")[0].split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.parametrize("web", SERVERS)
def test_only_websocket_is_passed_on(make_stack, web):
    stack = make_stack(web=web)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(stack.dir / "ws.sock"))
        (stack.dir / "ws.sock").chmod(0o777)
        listener.listen()
        listener.settimeout(20)
        stack.start(stack.web_server.name)
        for upgrade in ("websocket", "WebSocket", "foo, websocket"):
            head = passed_on(listener, stack.web, Upgrade=upgrade)
            assert "websocket" in head["upgrade"].lower() and "upgrade" in head["connection"].lower(), upgrade
        for upgrade in ("h2c", "websockets", "h3, x-websocket", "raw"):
            if (web, upgrade) == ("lighttpd", "h2c"):
                continue  # it speaks that itself, and passes nothing of it on
            head = passed_on(listener, stack.web, Upgrade=upgrade, Connection="Upgrade, HTTP2-Settings",
                             HTTP2_Settings="AAMAAABkAAQAAP__")
            assert "upgrade" not in head and "http2-settings" not in head, upgrade
            assert "upgrade" not in head.get("connection", "").lower(), upgrade
