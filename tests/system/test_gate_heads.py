"""Which request heads become a WebSocket, and what the others get: an HTTP answer, always."""

import random

import pytest

from raw import (EXTENDED_CONNECT, PATH, PREFACE, Raw, accepted, alive, asked, frame, head, http2, logged, refused,
                 refused_and_logged)
from stack import eventually
from web import SERVERS

KIB = 1024


@pytest.fixture(scope="module")
def gate(make_stack_for_session):
    return make_stack_for_session().start("sidecar", "worker")


@pytest.fixture(autouse=True)
def bystander(request):
    """Somebody whom all of it costs nothing."""
    if "gate" not in request.fixturenames:
        yield
        return
    gate = request.getfixturevalue("gate")
    with gate.ws(PATH, direct=True) as client:
        yield
        assert client.ask("send here") == "here"


def bytes_in_all(n):
    """A head of that size."""
    rest = n - len(head(X_Filler=""))
    return head(X_Filler="x" * rest)


# --- accepted, though unusual -----------------------------------------------------------------


@pytest.mark.parametrize("changes", [
    {"Upgrade": "websocket \t"}, {"Connection": "Upgrade "}, {"Sec_WebSocket_Version": "13\t "},
    {"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==  "}, {"Host": "localhost "}, {"Upgrade": "\twebsocket"},
    {"Upgrade": "WEBsocket"}, {"Upgrade": "foo, websocket"}, {"Upgrade": "foo/1.1,websocket, bar"},
    {"Upgrade": "h2c, websocket", "HTTP2_Settings": "AA"}, {"Upgrade": ", websocket,,"},
    {"Connection": ",, keep-alive, ,Upgrade,"}, {"Connection": "keep-alive, upgrade, TE"},
    {"Content_Length": "0"}, {"X_Empty": ""}, {"X_Bytes": "\xe4\xff"}, {"Accept_Encoding": "gzip"},
    {"Sec_WebSocket_Extensions": ""}, {"Cookie": ""}, {"Origin": None}, {"Expect": "nothing"},
], ids=repr)
def test_what_is_only_unusual_is_accepted(gate, changes):
    accepted(gate, head(**changes))


@pytest.mark.parametrize("request_head", [
    head(Upgrade=None, first=["Upgrade: foo", "Upgrade: websocket"]),
    head(Connection=None, first=["Connection: keep-alive", "Connection: upgrade"]),
    head(Host=None, first=["hOST:localhost"], last=["x:y"]),
    head(Upgrade=None, last=["UPGRADE:websocket"]),
    b"\r\n" + head(),
    head(f"GET http://localhost{PATH} HTTP/1.1"),
    head(f"GET HTTP://LOCALHOST{PATH}?a=b HTTP/1.1"),
    # RFC 9112 section 3.2.2: an absolute target wins over Host.
    head(f"GET http://good.example{PATH} HTTP/1.1", Host="evil.example", Origin="http://good.example"),
], ids=repr)
def test_what_is_only_unusual_is_accepted_in_any_shape(gate, request_head):
    accepted(gate, request_head)


@pytest.mark.parametrize("n", [88, 300])
def test_many_query_parameters(gate, n):
    query = "&".join(f"p{i}={i}" for i in range(n))
    assert asked(gate, f"param p{n - 1}", head(f"GET {PATH}?{query} HTTP/1.1")) == f"={n - 1}"


def test_large_cookies_reach_the_handler_whole(gate):
    for size in (9 * KIB, 15 * KIB):
        assert asked(gate, "cookie big", head(Cookie=f"big={'c' * size}")) == "=" + "c" * size


@pytest.mark.parametrize("size", [255, 256, 257, 2000, 8000])
def test_long_offers_of_extensions_are_no_matter(gate, size):
    offer = ("x-unknown; a=b, " * 1000)[:size - 1] + "y"
    answer = accepted(gate, head(Sec_WebSocket_Extensions=offer))
    assert "sec-websocket-extensions" not in answer.headers


def test_the_one_that_is_known_is_found_among_them(make_stack):
    stack = make_stack(ws_deflate="true").start("sidecar", "worker")
    for request in (head(Sec_WebSocket_Extensions="x-unknown; a=b, " * 100 + "permessage-deflate"),
                    head(Sec_WebSocket_Extensions="x-unknown", last=["Sec-WebSocket-Extensions: permessage-deflate"])):
        assert "permessage-deflate" in accepted(stack, request).headers["sec-websocket-extensions"]


def test_the_largest_head_is_accepted(gate):
    accepted(gate, bytes_in_all(16 * KIB))


def test_a_hundred_fields_are_accepted(gate):
    accepted(gate, head(last=[f"X-{i}: {i}" for i in range(95)]))


# --- refused ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status, request_head", [
    (431, bytes_in_all(16 * KIB + 1)), (431, head(last=[f"X-{i}: {i}" for i in range(96)])),
    (431, head(Cookie="x" * 20 * KIB)), (431, head(last=["X: y"] * 5000)),
    (414, head(f"GET {PATH}?{'q' * 9 * KIB} HTTP/1.1")), (414, head(f"GET {PATH}?{'q' * 100 * KIB} HTTP/1.1")),
    (414, head(f"GET {PATH}/{'p' * 2000} HTTP/1.1")),
], ids=["a byte too many", "a field too many", "one large field", "5000 fields", "a long query", "a longer query",
        "a long path"])
def test_too_large(gate, status, request_head):
    refused_and_logged(gate, status, request_head)


@pytest.mark.parametrize("size", [100000, 1000000])
def test_the_answer_is_not_lost_while_a_huge_head_is_still_coming(gate, size):
    for _ in range(20):
        refused(gate, 431, head(X_Junk="x" * size))


@pytest.mark.parametrize("changes", [
    {"Connection": "keep-alive"}, {"Connection": "close"}, {"Connection": None}, {"Connection": ""},
    {"Connection": "upgraded"}, {"Connection": "not upgrade"},
    {"Upgrade": None}, {"Upgrade": ""}, {"Upgrade": "h2c"}, {"Upgrade": "foo"}, {"Upgrade": "websocket/13"},
    {"Upgrade": "web socket"}, {"Upgrade": "TLS/1.0"}, {"Upgrade": "h2c", "HTTP2_Settings": "AA"},
], ids=repr)
def test_no_upgrade_is_426(gate, changes):
    answer = refused(gate, 426, head(**changes))
    assert answer.headers["upgrade"].lower() == "websocket"  # RFC 9110 section 15.5.22


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/0.9", "HTTP/9.9", "HTTP/1.9", "http/1.1", "HTTP/1.10",
                                     "HTTP/01.1", "HTTP/1.", "HTTP/11", "HTTPS/1.1", "ICY", "HTTP/1.1x",
                                     "HTTP /1.1", ""])
def test_another_version_of_http_is_400(gate, version):
    refused(gate, 400, head(f"GET {PATH} {version}"))


@pytest.mark.parametrize("version", ["HTTP/2.0", "HTTP/3.0"])
def test_a_later_version_of_http_is_505(gate, version):
    refused(gate, (400, 505), head(f"GET {PATH} {version}"))


@pytest.mark.parametrize("line", [
    f"GET  {PATH} HTTP/1.1", f"GET {PATH}  HTTP/1.1", f"GET\t{PATH}\tHTTP/1.1", f" GET {PATH} HTTP/1.1",
    f"GET {PATH}", "GET", f"G\0T {PATH} HTTP/1.1", f"GET {PATH} HTTP/1.1 x", f"GET {PATH} x HTTP/1.1",
    f"GET {PATH[1:]} HTTP/1.1", f"GET {PATH}#x HTTP/1.1", f"GET {PATH}\0 HTTP/1.1", f"GET {PATH}\x7f HTTP/1.1",
    f"GET {PATH}\r HTTP/1.1", "GET * HTTP/1.1", "GET localhost:80 HTTP/1.1", f"GET ftp://localhost{PATH} HTTP/1.1",
    f"GET http:{PATH} HTTP/1.1", f"GET http://{PATH} HTTP/1.1", f"GET http://a@b{PATH} HTTP/1.1", f"{PATH} HTTP/1.1",
    f"G(T {PATH} HTTP/1.1", f"{'M' * 1000} {PATH} HTTP/1.1", f"GET: {PATH} HTTP/1.1", "Host: localhost",
], ids=repr)
def test_a_bad_request_line_is_400(gate, line):
    refused(gate, 400, head(line))


@pytest.mark.parametrize("method", ["POST", "PUT", "get", "DELETE", "OPTIONS", "TRACE", "GETX", "Connect"])
def test_another_method_is_405(gate, method):
    assert refused(gate, 405, head(f"{method} {PATH} HTTP/1.1")).headers["allow"] == "GET"


@pytest.mark.parametrize("line", [f"CONNECT {PATH} HTTP/1.1", "CONNECT localhost:80 HTTP/1.1", "CONNECT / HTTP/1.1"])
def test_connect_is_refused_at_once(gate, line):
    refused(gate, (400, 405), head(line))
    refused(gate, (400, 405, 426), f"{line}\r\nHost: localhost\r\n\r\n".encode())


def test_a_head_request_has_no_body(gate):
    with Raw(gate.port) as conn:
        answer = conn.send(head(f"HEAD {PATH} HTTP/1.1")).answer("HEAD")
        assert answer.status == 405
        assert conn.rest() == b""


@pytest.mark.parametrize("request_head", [
    head(Host=None), head(first=["Host: localhost"]), head(last=["Host: evil.example"]), head(last=["host:"]),
    head(Host="a b"), head(Host="a@b"), head(Host="a/b"), head(Host="a?b"), head(Host="a, b"), head(Host="a:80:80"),
    head(Host="a:x"), head(Host="[::1"), head(Host="::1"), head(Host="a:99999"),
    head(f"GET http://localhost{PATH} HTTP/1.1", Host=None),
], ids=repr)
def test_there_is_one_host_that_makes_sense_or_400(gate, request_head):
    refused(gate, 400, request_head)


@pytest.mark.parametrize("line", [
    b"X: a\0b", b"X: \0", b"X\0: y", b"X: a\rb", b"X: y\r", b"X: a\nb", b"X: a\x01b", b"X: \x7f", b"X: \x1b[31m",
    b"NoColon", b" ", b"X", b": y", b"X : y", b"X\t: y", b"X Y: z", b"X(: y", b"\xe4: y", b"Connect x", b"Connect ",
    b"Connect: x\rUpgrade: y", b'"X": y', b"X\x0b: y",
], ids=repr)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_line_that_is_no_field_is_400(gate, place, line):
    refused(gate, 400, head(**{place: [line]}))


@pytest.mark.parametrize("lines", [["X: y", " z"], ["X: y", "\tz"], ["X:", " z"]], ids=repr)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_folded_field_is_400(gate, place, lines):
    refused(gate, 400, head(**{place: lines}))


def test_a_blank_in_front_of_the_first_field_is_400(gate):
    refused(gate, 400, head(first=[" Host: evil.example"]))


def test_a_line_that_ends_without_carriage_return_is_400(gate):
    """Section 2.2 lets a reader take it for an end, and another one not: a web server in front may be either."""
    refused(gate, 400, head().replace(b"\r\n", b"\n"))
    refused(gate, 400, head(first=[b"X: y\nZ: a"]))
    refused(gate, 400, head()[:-2] + b"\n")


@pytest.mark.parametrize("fields, body", [
    (["Content-Length: 5"], b"hello"), (["Content-Length: 5"], b""),
    (["Transfer-Encoding: chunked"], b"5\r\nhello\r\n0\r\n\r\n"), (["Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    (["Content-Length: 5", "Content-Length: 6"], b"hello"), (["Content-Length: 0", "Content-Length: 5"], b"hello"),
    (["Content-Length: 5, 6"], b"hello"), (["Content-Length: 5", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
    (["Content-Length: -1"], b""), (["Content-Length: +5"], b"hello"), (["Content-Length: 5x"], b"hello"),
    (["Content-Length: 0x5"], b"hello"), (["Content-Length:"], b""), (["Content-Length: " + "9" * 40], b"hello"),
    (["Transfer-Encoding: chunked, chunked"], b"0\r\n\r\n"), (["Transfer-Encoding: identity, chunked"], b"0\r\n\r\n"),
    (["Transfer-Encoding: \x0bchunked"], b"0\r\n\r\n"), (["Transfer-Encoding:"], b""),
], ids=repr)
def test_a_body_is_400(gate, fields, body):
    refused(gate, 400, head(last=fields) + body)


def test_another_transfer_coding_is_refused(gate):
    refused(gate, (400, 501), head(last=["Transfer-Encoding: gzip"]))


@pytest.mark.parametrize("fields", [["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="], ["Sec-WebSocket-Version: 12"],
                                    ["Origin: http://localhost", "Origin: http://evil.example"]], ids=repr)
def test_what_must_stand_alone_and_does_not_is_refused(gate, fields):
    refused(gate, (400, 403, 426), head(last=fields))


@pytest.mark.parametrize("data", [
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    b"\x80\x2e\x01\x00\x02", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0" * 200, b"\xff" * 200, b"\n\n\n", b"\r\r\r\n",
    b"{}\r\n\r\n",
    b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + head(), b"\r\n\r\n\r\nx\r\n", b"stats\r\n\r\n", b"x" * 40000,
], ids=lambda data: repr(data[:20]))
def test_what_is_no_request_gets_an_answer(gate, data):
    refused(gate, (400, 431, 505), data)


def test_answers_are_of_http_1_1(gate):
    """RFC 9110 section 2.5: of the highest version that the server speaks, whatever came."""
    for request in (head(Host=None), head("GET /ws/nothing HTTP/1.1"), head(f"GET {PATH} HTTP/1.0"), b"\0\r\n\r\n"):
        assert refused(gate, (400, 404), request).version == "HTTP/1.1"


# --- names that are the beginning of known ones ---------------------------------------------------


BEGINNINGS = ["Hos", "Ho", "Coo", "If", "User", "X-Forwarded", "Get", "Post", "Head", "Put", "Ori", "Sec-WebSocket",
              "Sec-WebSocket-Ke", "Upgr", "Connection-", "Conn", "Connect", "Acc", "Accept-", "Con", "HTTP", "A", "H",
              "Transfer", "Content", "Proxy", "Vary", "X", "Sec", ":method", "Access-Control", "Autho"]


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_field_hides_no_other_one(gate, name):
    if name[0] == ":":
        refused(gate, 400, head(first=[f"{name}: x"]))
        return
    refused(gate, 403, head(last=[f"{name}: x", "Origin: http://evil.example"]))
    accepted(gate, head(last=[f"{name}: x"]))
    accepted(gate, head(first=[f"{name}:"]))
    assert asked(gate, "tell ip", head(last=[f"{name}: x", "X-Forwarded-For: 203.0.113.9"]),
                 address=gate.dir / "ws.sock") == "=203.0.113.9"


# --- the log -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status, request_head", [
    (400, head(Host=None)), (403, head(Origin="http://evil.example")), (404, head("GET /ws/nothing HTTP/1.1")),
    (405, head(f"POST {PATH} HTTP/1.1")), (414, head(f"GET {PATH}?{'q' * 9000} HTTP/1.1")), (426, head(Upgrade="h2c")),
    (431, head(X="x" * 20000)),
])
def test_each_kind_of_refusal_is_logged(gate, status, request_head):
    refused_and_logged(gate, status, request_head)


def test_the_log_has_at_most_so_many_refusals_a_second(make_stack):
    stack = make_stack().start("sidecar")
    for _ in range(2000):
        with Raw(stack.port) as conn:
            assert conn.send(head(Host=None)).answer().status == 400
    assert 0 < logged(stack, 400) < 1000


def test_a_refused_head_forges_no_line_of_the_log(gate):
    refused(gate, (400, 404), head("GET /ws/%0Atina4-sidecar:%20error:%20forged HTTP/1.1"))
    refused(gate, 400, head("GET /ws/\ntina4-sidecar: error: forged HTTP/1.1"))
    refused(gate, 400, head(Host="a\ntina4-sidecar: error: forged"))
    assert not any(line.startswith("tina4-sidecar: error: forged") for line in gate.sidecar.lines())


def test_no_query_is_logged(gate):
    for line in (f"GET {PATH}?token=must-not-be-logged HTTP/9.9", f"GET /ws/nothing?token=must-not-be-logged HTTP/1.1",
                 f"GET {PATH}?token=must-not-be-logged{'x' * 20000} HTTP/1.1",
                 f"GET {PATH}?must-not-be-logged\0 HTTP/1.1"):
        refused(gate, (400, 404, 414), head(line))
    assert not any("must-not-be-logged" in line for line in gate.sidecar.lines())


# --- bytes in pieces ---------------------------------------------------------------------------------


def test_a_head_byte_by_byte(gate):
    with Raw(gate.dir / "ws.sock") as conn:
        request = head()
        conn.send_apart(*(request[i:i + 1] for i in range(len(request))))
        assert conn.answer().status == 101
        assert conn.send(frame("send here")).frame() == (0x81, b"here")


@pytest.mark.parametrize("request_head, status", [(head(Host=None), 400), (head(Upgrade="h2c"), 426)])
def test_a_bad_head_byte_by_byte(gate, request_head, status):
    with Raw(gate.dir / "ws.sock") as conn:
        conn.send_apart(*(request_head[i:i + 1] for i in range(len(request_head))))
        assert conn.answer().status == status


FIRST = frame("send one") + frame("send " + "2" * 300) + frame("send thr", first=0) + frame("ee", 0)
FIRST_ANSWERS = [b"one", b"2" * 300, b"three"]


def test_first_messages_may_come_with_the_head_at_any_split(gate):
    whole = head() + FIRST
    for split in range(1, len(whole)):
        with Raw(gate.dir / "ws.sock") as conn:
            conn.send_apart(whole[:split], whole[split:])
            assert conn.answer().status == 101, split
            assert [conn.frame()[1] for _ in FIRST_ANSWERS] == FIRST_ANSWERS, split


@pytest.mark.parametrize("n", [1, 200, 2000])
def test_first_messages_may_be_many_in_one_packet(gate, n):
    with Raw(gate.port) as conn:
        conn.send(head() + b"".join(frame(f"send {i}") for i in range(n)))
        assert conn.answer().status == 101
        assert [conn.frame()[1] for i in range(n)] == [b"%d" % i for i in range(n)]


@pytest.mark.parametrize("size", [1000, 16 * KIB, 100000, 1000000])
def test_a_first_message_may_be_large(gate, size):
    with Raw(gate.port) as conn:
        conn.send(head() + frame("send " + "l" * size) + frame("send end"))
        assert conn.answer().status == 101
        assert conn.frame()[1] == b"l" * size
        assert conn.frame()[1] == b"end"


@pytest.mark.parametrize("size", [300, 2000, 20000])
def test_a_first_message_is_whole_behind_a_head_of_any_size(gate, size):
    """Seen: some of it was unmasked with the wrong byte of the mask, where a buffer ended."""
    data = bytes(b"abcdefghijklmnopqrstuvwxyz"[i * 7 % 26] for i in range(size))
    for padding in range(0, 1300, 13):
        with Raw(gate.port) as conn:
            conn.send(head(X_Padding="p" * padding) + frame(b"send " + data) + frame("send end"))
            assert conn.answer().status == 101
            assert conn.frame()[1] == data, padding
            assert conn.frame()[1] == b"end", padding


def test_a_first_message_after_the_largest_head(gate):
    with Raw(gate.port) as conn:
        conn.send(bytes_in_all(16 * KIB) + frame("send " + "l" * 20000))
        assert conn.answer().status == 101
        assert conn.frame()[1] == b"l" * 20000


def test_a_pipelined_request_is_no_second_one(gate):
    with Raw(gate.port) as conn:
        conn.send(head("GET /ws/nothing HTTP/1.1") + head())
        assert conn.answer().status == 404
        assert conn.rest() == b""


def test_who_leaves_at_once_harms_nobody(gate):
    whole = head() + FIRST
    for n in range(0, len(whole), 3):
        with Raw(gate.port) as conn:
            conn.send(whole[:n])


# --- HTTP/2 -----------------------------------------------------------------------------------------------


def h2c(**changes):
    return head(**{"Upgrade": "h2c", "Connection": "Upgrade, HTTP2-Settings", "HTTP2_Settings": "AA", **changes})


def some_frames(dice, n):
    return b"".join(http2(dice.randrange(11), dice.randrange(256), dice.choice([0, 1, 1, 3, 5, 2, 1 << 30]),
                          dice.choice([EXTENDED_CONNECT, dice.randbytes(dice.randrange(64)), b"\0" * 8]))
                    for _ in range(n))


@pytest.mark.parametrize("request_head", [h2c(), h2c(Connection="Upgrade"), h2c(HTTP2_Settings=None)], ids=repr)
def test_http2_is_no_upgrade(make_stack, request_head):
    """Seen: the HEADERS frame of an extended CONNECT (RFC 8441) was the end of the process."""
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(PATH, direct=True) as bystander:
        with Raw(stack.port) as conn:
            conn.send(request_head)
            answer = conn.answer()
            conn.send(PREFACE + http2(1, 4, 3, EXTENDED_CONNECT))
            conn.rest()
        assert alive(stack) and bystander.ask("send here") == "here"
        assert answer.status == 426


def test_nor_when_it_comes_in_one_packet(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(PATH, direct=True) as bystander:
        refused(stack, 426, h2c() + PREFACE + http2(1, 4, 3, EXTENDED_CONNECT))
        assert bystander.ask("send here") == "here"


def test_frames_of_http2_reach_nobody(make_stack):
    """Seen: random ones were a use after free within 100 connections."""
    stack = make_stack().start("sidecar", "worker")
    dice = random.Random(13)
    with stack.ws(PATH, direct=True) as bystander:
        for i in range(200):
            with Raw(stack.port) as conn:
                conn.send(h2c())
                assert conn.answer().status == 426, i
                conn.send(PREFACE + http2(4, 0, 0, b"") + some_frames(dice, 20))
        assert alive(stack) and bystander.ask("send here") == "here"


@pytest.mark.parametrize("web", SERVERS)
def test_web_servers_pass_on_no_other_upgrade(make_stack, web):
    stack = make_stack(web=web).start()
    with stack.ws(PATH) as bystander:
        for upgrade in ("h2c", "foo", "h2c, foo"):
            with Raw(stack.web) as conn:
                conn.send(h2c(Upgrade=upgrade))
                answer = conn.answer()
                if web == "lighttpd" and "h2c" in upgrade:
                    assert answer.status == 101 and answer.headers["upgrade"] == "h2c"  # which it speaks itself
                else:
                    assert answer.status in (400, 404, 426), answer.status
                conn.send(PREFACE + http2(1, 4, 3, EXTENDED_CONNECT))
        assert alive(stack) and bystander.ask("send here") == "here"
        # What came to the sidecar asked for nothing.
        assert not any("h2c" in line for line in stack.sidecar.lines())
    eventually(lambda: stack.handshake(PATH, direct=False).status == 101, "and WebSockets still come through")


# --- subprotocols --------------------------------------------------------------------------------------------


def test_the_subprotocol_is_answered(gate):
    answer = accepted(gate, head(Sec_WebSocket_Protocol="foo,, frond.1 ,bar"))
    assert answer.headers["sec-websocket-protocol"] == "frond.1"
    assert "sec-websocket-protocol" not in accepted(gate, head()).headers


def test_an_unknown_subprotocol_is_400(gate):
    refused(gate, 400, head(Sec_WebSocket_Protocol="foo"))
    refused(gate, 400, head(Sec_WebSocket_Protocol="x" * 5000))
