"""The admin listener behind the same gate: whom it answers, and what every method and bad request gets."""

import time

import pytest

from client import http
from raw import PATH, Raw, accepted, alive, head, is_refusal
from stack import eventually, free_ports
from test_push_over_http import ALLOWED, TOKEN


@pytest.fixture(scope="module")
def desk(make_stack_for_session):
    """Its admin listener is one that a browser on this host can reach."""
    port = free_ports()
    stack = make_stack_for_session(admin=f"127.0.0.1:{port}", admin_token=TOKEN, admin_hosts="metrics.example")
    stack.admin = port
    return stack.start("sidecar", "worker")


@pytest.fixture(autouse=True)
def bystander(desk):
    with desk.ws(PATH, direct=True) as client:
        yield
        assert client.ask("send here") == "here"
    assert http(desk.admin, "GET", "/healthz").status == 200


def plain(target="/healthz", method="GET", version="HTTP/1.1", host="localhost", lines=(), body=b""):
    fields = ([] if host is None else [f"Host: {host}"]) + list(lines)
    text = "".join(f"{line}\r\n" for line in [f"{method} {target} {version}", *fields, ""])
    return text.encode("latin-1") + body


def ask(desk, *pieces, method="GET"):
    with Raw(desk.admin) as conn:
        answer = conn.send(*pieces).answer(method)
        assert conn.rest() == b"" and conn.ended == ""
        return answer


# --- whom it answers ------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:7147", "localhost.attacker.example", "evil",
                                  "127.0.0.1.attacker.example", "localhostx", "metrics.example.attacker.example"])
def test_a_host_that_is_not_ours_is_refused(desk, host):
    """A page whose name is made to point here (DNS rebinding) must read nothing."""
    for target in ("/healthz", "/readyz", "/metrics"):
        answer = ask(desk, plain(target, host=host))
        is_refusal(answer, (400, 403, 421))
        assert b"tina4_" not in answer.body
    push = [f"Authorization: Bearer {TOKEN}", "Content-Length: 1"]
    is_refusal(ask(desk, plain("/push/ws/watch/x", "POST", host=host, lines=push, body=b"x")), (400, 403, 421))


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:7147", "127.0.0.1", "127.0.0.1:7147", "[::1]", "[::1]:7147",
                                  "192.0.2.7:80", "metrics.example", "Metrics.Example:7147"])
def test_loopback_names_addresses_and_the_settings_are_ours(desk, host):
    assert ask(desk, plain(host=host)).json == {"status": "alive"}


def test_a_load_balancer_of_old_needs_no_host(desk):
    assert ask(desk, plain(version="HTTP/1.0", host=None)).status == 200


# --- methods -----------------------------------------------------------------------------------


@pytest.mark.parametrize("target, status", [("/healthz", 200), ("/readyz", 200), ("/metrics", 200), ("/nothing", 404)])
def test_head_is_get_without_a_body(desk, target, status):
    whole, bare = ask(desk, plain(target)), ask(desk, plain(target, "HEAD"), method="HEAD")
    assert (whole.status, bare.status) == (status, status)
    assert bare.headers["content-type"] == whole.headers["content-type"]
    if target != "/metrics":  # which are others each time
        assert bare.headers["content-length"] == whole.headers["content-length"] == str(len(whole.body))


@pytest.mark.parametrize("target, methods", [("/healthz", {"GET", "HEAD"}), ("/readyz", {"GET", "HEAD"}),
                                             ("/metrics", {"GET", "HEAD"}), ("/push/ws/watch/x", {"POST"})])
def test_options_and_405_say_what_is_allowed(desk, target, methods):
    def allowed(answer):
        return {word.strip() for word in answer.headers["allow"].split(",")}

    options = ask(desk, plain(target, "OPTIONS"))
    assert options.status in (200, 204) and methods <= allowed(options) <= methods | {"OPTIONS"}
    for method in ("PUT", "DELETE", "PATCH", "get", *({"POST", "GET"} - methods)):
        answer = ask(desk, plain(target, method))
        is_refusal(answer, 405)
        assert methods <= allowed(answer)


# --- bad requests --------------------------------------------------------------------------------


@pytest.mark.parametrize("status, data", [
    (400, plain(host=None)), (400, plain(lines=["Host: localhost"])), (400, plain(lines=["NoColon"])),
    (400, plain(lines=["X: a\0b"])), (400, plain(lines=[" folded"])), (400, plain(version="HTTP/9.9")),
    (400, b"\x16\x03\x01\x02\x00" * 20), (400, b"GET /healthz\r\n\r\n"),
    ((400, 505), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (431, plain(lines=["X: " + "x" * 20000])), (431, plain(lines=["X: y"] * 200)), (414, plain("/" + "x" * 20000)),
    (404, plain("/")), (404, plain("/healthz/")), (404, plain("/healthz/x")), ((400, 404), plain("/../healthz")),
    ((400, 404), plain("/%2e/healthz")), ((400, 405), plain("localhost:80", "CONNECT")),
    (400, plain(lines=["Content-Length: 1", "Transfer-Encoding: chunked"])), (400, plain(lines=["Content-Length: x"])),
], ids=lambda value: repr(value)[:60])
def test_what_makes_no_sense_hears_why(desk, status, data):
    is_refusal(ask(desk, data), status)


def test_targets_in_other_forms(desk):
    assert ask(desk, plain("/healthz?x=y")).status == 200
    assert ask(desk, plain("http://localhost/healthz")).status == 200
    assert ask(desk, b"\r\n" + plain()).status == 200


def test_an_absolute_target_hides_no_foreign_host(desk):
    is_refusal(ask(desk, plain("http://attacker.example/healthz")), (400, 403, 421))


@pytest.mark.parametrize("upgrade", ["websocket", "h2c"])
def test_there_is_no_websocket_here(desk, upgrade):
    for target in (PATH, "/healthz"):
        request = head(f"GET {target} HTTP/1.1", Upgrade=upgrade, HTTP2_Settings="AA")
        with Raw(desk.admin) as conn:
            conn.send(request)
            answer = conn.answer()
            assert answer.status != 101
            conn.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 100)
    assert alive(desk)


def test_nor_is_the_admin_listener_elsewhere(desk):
    accepted(desk, head())
    for target in ("/healthz", "/metrics"):
        with Raw(desk.port) as conn:
            assert conn.send(plain(target)).answer().status in (404, 426)


# --- bodies -----------------------------------------------------------------------------------------


def push(length, *lines):
    return plain("/push/ws/watch/x", "POST", lines=[f"Authorization: Bearer {TOKEN}", "Content-Type: text/plain",
                                                    f"Content-Length: {length}", *lines])


def test_a_body_that_stalls_is_408(desk):
    begin = time.monotonic()
    conns = [Raw(desk.admin) for _ in range(4)]
    for conn, data in zip(conns, [push(100), push(100) + b"x", push(1000000) + b"x" * 500000,
                                  push(5, "Expect: 100-continue")]):
        conn.send(data)
    for i, conn in enumerate(conns):
        if i == 3:
            assert conn.answer().status == 100
        is_refusal(conn.answer(), 408)
        assert conn.rest() == b"" and conn.ended == ""
        conn.sock.close()
    assert 1 < time.monotonic() - begin < 15


def test_http_1_0_knows_no_100_continue(desk):
    """RFC 9110 section 10.1.1: it would take that for the answer."""
    with Raw(desk.admin) as conn:
        conn.send(push(5, "Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert conn.send(b"hello").answer().status == 200


def test_a_body_in_any_pieces(desk):
    for sizes in ([1] * 300, [1, 299], [299, 1], [300]):
        pieces = [b"x" * size for size in sizes]
        with desk.ws("/ws/watch/x", direct=True) as client:
            eventually(lambda: desk.count("/ws/watch/x") == 1, "it is there")
            assert ask(desk, push(300), *pieces).json["connections"] == 1
            assert client.receive() == "x" * 300


def test_a_body_in_the_packet_of_its_head(desk):
    assert ask(desk, push(5) + b"hello").status == 200
    assert ask(desk, push(0)).status == 200
    assert ask(desk, push(100000) + b"x" * 100000).status == 200


def test_what_comes_after_a_body_is_nothing_to_it(desk):
    with desk.ws("/ws/watch/x", direct=True) as client:
        eventually(lambda: desk.count("/ws/watch/x") == 1, "it is there")
        ask_all = push(5) + b"hello" + plain("/nothing") + push(5) + b"again"
        with Raw(desk.admin) as conn:
            assert conn.send(ask_all).answer().status == 200
        assert client.receive() == "hello"
        client.nothing_for(0.2)


def test_many_pushes_at_once(desk):
    conns = [Raw(desk.admin) for _ in range(50)]
    for conn in conns:
        conn.send(push(5) + b"he")
    for conn in conns:
        assert conn.send(b"llo").answer().status == 200
        conn.sock.close()


def test_the_wrong_token_in_two_lines(desk):
    answer = ask(desk, plain("/push/ws/watch/x", "POST", lines=[
        "Authorization: Bearer wrong", f"Authorization: Bearer {TOKEN}", "Content-Length: 1"], body=b"x"))
    assert answer.status in (400, 401)
    assert ALLOWED["Authorization"] not in desk.sidecar.tail()
