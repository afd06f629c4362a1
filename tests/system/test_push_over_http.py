"""POST /push/PATH on the admin listener, for programs without ZeroMQ."""

import socket
import time

import pytest

from client import http
from stack import eventually

TOKEN = "a token of the tests, with more than 32 bytes"
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def desk(make_stack_for_session):
    return make_stack_for_session(admin_token=TOKEN).start("sidecar", "worker")


def post(stack, path, body, method="POST", query="", **headers):
    changes = {name.replace("_", "-"): value for name, value in headers.items()}
    return http(stack.admin, method, f"/push{path}{query}", {**ALLOWED, "Content-Type": "text/plain", **changes}, body)


def test_it_reaches_the_browsers_and_says_so(desk, room):
    path = f"/ws/watch/{room}"
    assert post(desk, path, "nobody there").json["connections"] == 0
    with desk.ws(path, direct=True) as one, desk.ws(path, direct=True) as two:
        eventually(lambda: desk.count(path) == 2, "both are there")
        receipts = [post(desk, path, f"message {n}").json for n in range(3)]
        for client in (one, two):
            assert [client.receive() for _ in range(3)] == [f"message {n}" for n in range(3)]
    assert [(receipt["connections"], receipt["offset"]) for receipt in receipts] == [(2, 1), (2, 2), (2, 3)]
    assert len({receipt["id"] for receipt in receipts}) == 3 and int(receipts[0]["epoch"], 16)


def test_the_type_says_whether_it_is_text(desk, room):
    path = f"/ws/watch/{room}"
    with desk.ws(path, direct=True) as client:
        for kind, data, expected in [("application/octet-stream", b"\xff\x00", b"\xff\x00"),
                                     ("application/json", b'{"a":1}', '{"a":1}'),
                                     ("text/html; charset=utf-8", "<b>é</b>", "<b>é</b>"),
                                     (None, "no type", "no type"), ("text/plain", b"", "")]:
            assert post(desk, path, data, Content_Type=kind).status == 200
            assert client.receive() == expected


def test_an_id_is_applied_once(desk, room):
    path, query = f"/ws/watch/{room}", "?id=" + "0123456789abcdef" * 2
    with desk.ws(path, direct=True) as client:
        first = post(desk, path, "once", query=query)
        assert first.json["id"] == query[4:]
        assert post(desk, path, "once", query=query).json == first.json
        post(desk, path, "end")
        assert [client.receive(), client.receive()] == ["once", "end"]


def test_before_its_app_is_back_a_push_is_to_try_again(make_stack):
    stack = make_stack(admin_token=TOKEN, ws_routes="/ws/static/{x}", ws_settle_seconds=600).start("sidecar", "worker")
    assert post(stack, "/ws/nothing", "x").status == 404
    stack.sidecar.kill()
    stack.worker.kill()
    stack.start("sidecar")
    answer = post(stack, "/ws/watch/x", "x")
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert post(stack, "/ws/static/x", "x").status == 200


def test_a_path_is_decoded_once(desk):
    with desk.ws("/ws/watch/caf%C3%A9%2520x", direct=True) as client:
        post(desk, "/ws/watch/caf%C3%A9%2520x", "found")
        assert client.receive() == "found"
    assert post(desk, "/ws/watch/a%2Fb", "x").status == 400


def test_the_largest_message(desk, room):
    path = f"/ws/watch/{room}"
    with desk.ws(path, direct=True) as client:
        # As curl sends what is large: it waits for 100 before the body.
        with admin_socket(desk) as conn:
            conn.sendall(head(path, 1048576, "Expect: 100-continue\r\n"))
            assert conn.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
            conn.sendall(b"x" * 1048576)
            assert conn.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert len(client.receive()) == 1048576


@pytest.mark.parametrize("status, change", [
    (401, {"Authorization": None}), (401, {"Authorization": "Bearer " + TOKEN[:-1] + "x"}),
    (401, {"Authorization": f"Basic {TOKEN}"}), (405, {"method": "PUT"}), (405, {"method": "GET"}),
    (404, {"path": "/ws/nothing"}), (404, {"path": "/"}), (413, {"body": b"x" * 1048577}),
    (415, {"Content_Type": "application/x-www-form-urlencoded"}), (400, {"body": b"\xff"}),
    (400, {"query": "?id=1234"}),
])
def test_what_is_refused_says_why(desk, status, change):
    answer = post(desk, **{"path": "/ws/watch/x", "body": "x", **change})
    assert answer.status == status
    assert answer.json["error"] and answer.headers["content-type"] == "application/json"
    if status == 405:
        assert answer.headers["allow"] == "POST"
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    assert TOKEN not in desk.sidecar.tail()


def test_a_refused_body_does_not_cost_the_answer(desk):
    for _ in range(20):
        assert post(desk, "/ws/watch/x", b"x" * 3000000).status == 413


def admin_socket(stack):
    conn = socket.socket(socket.AF_UNIX)
    conn.settimeout(20)
    conn.connect(str(stack.admin))
    return conn


def head(path, length, more=""):
    size = "" if length is None else f"Content-Length: {length}\r\n"
    return (f"POST /push{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
            f"Content-Type: text/plain\r\n{size}{more}\r\n").encode()


@pytest.mark.parametrize("more", ["", "Transfer-Encoding: chunked\r\n"])
def test_a_body_without_a_length_is_refused(desk, more):
    with admin_socket(desk) as conn:
        conn.sendall(head("/ws/watch/x", None, more))
        assert conn.recv(1000).startswith(b"HTTP/1.1 411 ")


def test_a_body_that_never_comes_is_cut_off(desk):
    begin = time.monotonic()
    with admin_socket(desk) as conn:
        conn.sendall(head("/ws/watch/x", 100) + b"x")
        got = b"".join(iter(lambda: conn.recv(1000), b""))
    assert got.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begin < 60  # after 10, and what a busy machine adds


def test_a_body_that_drips_is_cut_off(desk):
    begin = time.monotonic()
    with admin_socket(desk) as conn:
        conn.settimeout(0.5)
        conn.sendall(head("/ws/watch/x", 100))
        got = b""
        try:
            while True:
                conn.sendall(b"x")
                try:
                    data = conn.recv(1000)
                except TimeoutError:
                    continue
                if not data:
                    break
                got += data
        except ConnectionError:
            pass
    assert got.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begin < 60  # after 10, and what a busy machine adds


def test_a_client_that_leaves_in_mid_body_sends_nothing(desk, room):
    path = f"/ws/watch/{room}"
    with desk.ws(path, direct=True) as client:
        with admin_socket(desk) as conn:
            conn.sendall(head(path, 100) + b"half of it")
        assert post(desk, path, "end").status == 200
        assert client.receive() == "end"


def test_without_a_token_in_the_settings_it_is_off(lab):
    answer = http(lab.admin, "POST", "/push/ws/watch/x", {**ALLOWED, "Content-Type": "text/plain"}, "x")
    assert answer.status == 403 and "TINA4_ADMIN_TOKEN" in answer.json["error"]
    answer = http(lab.admin, "POST", "/push/ws/watch/x", {"Authorization": "Bearer "}, "x")
    assert answer.status == 403


def test_browsers_cannot_reach_it(desk):
    assert http(desk.port, "POST", "/push/ws/watch/x", {**ALLOWED, "Content-Type": "text/plain"}, "x").status == 426
