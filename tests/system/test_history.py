"""What is kept of a path: for who comes back, for who is new, and for pages."""

import errno
import json
import os
import socket
import subprocess
import time
from urllib.parse import quote

import pytest
import websocket

from client import Compressing, http
from frond import Frond, Position
from raw import figures
from stack import BUILD, eventually
from test_command import NO_ROUTE, USAGE, tina4
from wire import BINARY, OK, Peer

KEPT = 5  # messages, as the app says


def path_of(room, **orders):
    query = "&".join(f"{event}={quote(text)}" for event, text in orders.items())
    return f"/ws/kept/{room}" + (f"?{query}" if query else "")


def frond(stack, path, **options):
    return Frond(lambda offers: stack.ws(path, direct=True, subprotocols=offers), **options)


def history(stack, room, **query):
    query = "&".join(f"{name}={value}" for name, value in {"path": path_of(room), **query}.items())
    answer = stack.http(target=f"/history?{query}")
    return json.loads(answer.body) if answer.status == 200 else answer.status


def say(stack, room, *messages):
    """Broadcasts them, each in a turn of its own."""
    with stack.ws(path_of(room), direct=True) as one:
        for message in messages:
            one.send(f"broadcast {message}")
            assert one.receive() == message


# --- who comes back ---------------------------------------------------------------------

def test_what_was_missed_comes_once_and_in_order(lab, room):
    with frond(lab, path_of(room)) as one:
        say(lab, room, "before")
        assert one.receive() == "before"
        assert one.back() == ([], [True]), "nothing was missed"
        one.cut()
        say(lab, room, "a", "b", "c")
        assert one.back() == (["a", "b", "c"], [True])
        assert one.back() == ([], [True]), "and not a second time"
        say(lab, room, "later")
        assert one.receive() == "later"


def test_who_has_missed_more_than_is_kept_is_told(lab, room):
    with frond(lab, path_of(room)) as one:
        one.settle()
        one.cut()
        say(lab, room, *(str(i) for i in range(KEPT)))
        assert one.back() == ([str(i) for i in range(KEPT)], [True]), "just as much as is kept"
        one.cut()
        say(lab, room, *(str(i) for i in range(KEPT + 1)))
        assert one.back() == ([], [False])
        assert one.back() == ([], [True]), "from then on it is whole again"


def test_each_cut_between_two_bytes_loses_and_doubles_nothing(lab, room):
    """The write with which it comes back is cut short at each length, and what was read says where the client is."""
    with frond(lab, path_of(room)) as one:
        one.settle()
        base = str(one.position)
        one.cut()
        say(lab, room, "a", "bb")
        whole = raw_answer(lab, path_of(room), base)
        for length in range(len(whole) + 1):
            position, got = read_frames(whole[:length], Position(base))
            with frond(lab, path_of(room), position=position) as again:
                assert got + again.settle() == ["a", "bb"], f"cut after {length} bytes"
                assert again.verdicts == [True]


def raw_answer(stack, path, position):
    """The frames that come to a position, byte for byte."""
    with stack.ws(path, direct=True, subprotocols=["frond.1", f"frond.at.{position}"]) as client:
        client.send("send end")
        sock, data = client.ws.sock, b""
        while not data.endswith(b"\x81\x03end"):
            data += sock.recv(65536)
        return data[:-len(b"\x81\x03end")]


def read_frames(data, position):
    """What a client makes of a beginning of them: its position, and the messages."""
    state, got = Frond.__new__(Frond), []
    state.position, state.verdicts = position, []
    while len(data) >= 2:
        size, head = (data[1], 2) if data[1] < 126 else (int.from_bytes(data[2:4], "big"), 4)
        if len(data) < head + size:
            break
        text, data = data[head:head + size].decode(), data[head + size:]
        if text.startswith("\0"):
            state.obey(text[1:])
        else:
            position.message()
            got.append(text)
    return position, got


def test_own_words_do_not_come_back(lab, room):
    with frond(lab, path_of(room)) as one, lab.ws(path_of(room), direct=True) as other:
        one.settle()
        one.client.send("others mine")
        assert other.receive() == "mine"
        assert one.back() == ([], [True]), "its position says that it has them"
        before = str(one.position)
        one.client.send("others again")
        assert other.receive() == "again"
        one.cut()
        one.position = Position(before)
        assert one.back() == ([], [True]), "its name says so, when it was cut off before it heard"


def test_what_is_sent_to_one_or_is_transient_is_not_kept(lab, room):
    with frond(lab, path_of(room)) as one, lab.ws(path_of(room), direct=True) as other:
        one.settle()
        one.cut()
        other.send("transient typing\nsend private\nbroadcast said\ntransient typing")
        assert [other.receive() for _ in range(4)] == ["typing", "private", "said", "typing"]
        assert one.back() == (["said"], [True])
        other.send("transient live")
        assert one.receive() == "live"
        assert one.back() == ([], [True])


def test_a_room_that_is_empty_keeps_what_is_pushed(lab, room):
    with frond(lab, path_of(room)) as one:
        one.settle()
        one.cut()
        with Peer(lab.bus) as peer:
            peer.hello()
            eventually(lambda: peer.count(path_of(room)) == 0, "the room is empty")
            assert peer.push(path_of(room), "to nobody").status == OK
            assert peer.push(path_of(room), b"\0\1", flags=BINARY).status == OK
            assert peer.push(path_of(room), "\0looks like a word").status == OK
        assert one.back() == (["to nobody", b"\0\1", "\0\0looks like a word"], [True])


@pytest.mark.parametrize("bad", ["x", "", "0" * 4096, "1f0c22ab.019ab3c4d5e6_5d2e90cb01a4f3c7.x"])
def test_what_is_no_position_is_a_gap(lab, room, bad):
    before = outcomes(lab)
    with lab.ws(path_of(room, open="send hello"), direct=True,
                subprotocols=["frond.1", f"frond.at.{bad}"]) as client:
        assert client.receive() == "\0r 0"
        assert client.receive().startswith("\0p ")
        assert client.receive() == "hello"
    assert outcomes(lab) == [before[0], before[1], before[2] + 1]


def test_positions_of_the_future_of_another_path_and_of_nobody(lab, room):
    with frond(lab, path_of(room)) as one, frond(lab, path_of(room + "x")) as other:
        one.settle(), other.settle()
        tag, at = one.position.head.split(".")
        old = f"{tag}.{int(at, 16) - 3600 * 1000 - 1:012x}"
        future = f"{tag}.{int(at, 16) + 3600 * 1000:012x}"
        for position in (str(other.position), f"{old}~{one.position.ident}", f"{future}~{one.position.ident}"):
            one.position = Position(position)
            assert one.back() == ([], [False])
            assert one.back() == ([], [True])


def test_native_clients_get_nothing_but_messages(lab, room):
    with frond(lab, path_of(room)) as one:
        one.settle()
        position = str(one.position)
    say(lab, room, "a", "b")
    with lab.ws(path_of(room, open="send hello"), direct=True, subprotocols=[f"frond.at.{position}"]) as client:
        assert client.headers["sec-websocket-protocol"] == f"frond.at.{position}"
        assert [client.receive() for _ in range(3)] == ["a", "b", "hello"]
    with lab.ws(path_of(room, open="send hello"), direct=True) as client:
        assert client.receive() == "hello"


@pytest.mark.parametrize("bad", ["x" * 2049, "a\"b", "a b", "a\xffb"])
def test_what_may_be_no_subprotocol_is_not_chosen(lab, room, bad):
    assert lab.handshake(path_of(room), Sec_WebSocket_Protocol=f"frond.at.{bad}").status == 400
    answer = lab.handshake(path_of(room), Sec_WebSocket_Protocol="frond.at.not-a-position")
    assert answer.status == 101 and answer.headers["sec-websocket-protocol"] == "frond.at.not-a-position"


def test_who_does_not_read_comes_back_and_is_told(make_stack):
    """Closed when its queue was full, it lacks more than may wait for one client. What its socket held it has had."""
    stack = make_stack(ws_max_message="30K", ws_queue_bytes="64K", ws_send_buffer="16K").start("sidecar", "worker")
    path, told = "/ws/archive/x", [f"{number} ".ljust(3000, "x") for number in range(400)]
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    with Frond(lambda offers: stack.ws(path, direct=True, subprotocols=offers, sockopt=small)) as one:
        one.settle()
        pushed(stack, path, *told)
        eventually(lambda: stack.count(path) == 0, "it was let go")
        got = []
        with pytest.raises((AssertionError, OSError, websocket.WebSocketException)):
            while True:
                got.append(one.receive())
        assert 0 < len(got) < len(told) and got == told[:len(got)]
        assert one.back() == ([], [False])
        pushed(stack, path, "next")
        assert one.receive() == "next"
        assert one.back() == ([], [True])


def test_who_comes_back_before_the_server_knows_that_it_was_gone(lab, room):
    """Its old connection looks alive, and gets all of it too, and even its own words."""
    with frond(lab, path_of(room)) as one, lab.ws(path_of(room), direct=True) as other:
        one.settle()
        old = one.client
        say(lab, room, "a")
        assert other.receive() == "a"
        one.open()
        assert one.settle() == ["a"] and one.verdicts == [True]
        one.client.send("others mine")
        assert other.receive() == "mine"
        assert old.receive_until("mine")[-2] == "a"
        assert one.back() == ([], [True])
        old.ws.sock.close()
        say(lab, room, "b")
        assert one.receive() == "b"


def test_long_silence_is_no_gap(make_stack):
    """Longer than anything is kept: who hears heartbeats was there."""
    stack = make_stack(ws_routes="/ws/news/{topic};history=100;history_seconds=2", ws_ping_seconds=1).start("sidecar")
    path = "/ws/news/x"
    with frond(stack, path) as one:
        pushed(stack, path, "a")
        assert one.receive() == "a"
        begin = time.monotonic()
        while time.monotonic() - begin < 5:
            assert one.client.receive() == "\0"
            one.position.hear()
        for _ in range(2):
            one.cut()
            one.verdicts.clear()
            one.open()
            pushed(stack, path, "b")
            assert one.receive() == "b" and one.verdicts == [True], "what has gone meanwhile it has had"


# --- who is new ---------------------------------------------------------------------------

def test_replay_shows_the_last_ones_before_all_else(lab, room):
    say(lab, room, *"abcdefg")
    with lab.ws(path_of(room, open="broadcast new|replay 3|send hello"), direct=True) as client:
        assert [client.receive() for _ in range(5)] == ["e", "f", "g", "new", "hello"]
        client.send("send first\nreplay 100")
        assert [client.receive() for _ in range(6)] == ["d", "e", "f", "g", "new", "first"], "later, all once more"


def test_who_comes_back_whole_needs_no_replay(lab, room):
    path = path_of(room, open="replay 3")
    say(lab, room, *"abcd")
    with frond(lab, path) as one:
        assert [one.receive() for _ in range(3)] == list("bcd")
        one.cut()
        say(lab, room, "e")
        assert one.back() == (["e"], [True])
        one.cut()
        say(lab, room, *"fghijk")
        assert one.back() == (["i", "j", "k"], [False]), "who has missed too much is as a new one"


def test_a_cut_in_a_replay_doubles_nothing(lab, room):
    path = path_of(room, open="replay 3")
    say(lab, room, *"abc")
    with lab.ws(path, direct=True, subprotocols=["frond.1"]) as client:
        position = Position()
        words = [client.receive() for _ in range(3)]
        assert words[0].startswith("\0p ") and words[1].startswith("\0n ") and words[2] == "a"
        position.take(words[0][3:])
        position.announce(words[1][3:])
        position.message()
    with frond(lab, path, position=position) as one:
        assert one.settle() == ["b", "c"] and one.verdicts == [True]


def test_a_route_that_keeps_nothing_has_no_replay(lab, room):
    with lab.ws(f"/ws/script/{room}", direct=True) as client:
        client.send("replay 3\nsend lost")
        client.send("send next")
        assert client.receive() == "next"


# --- pages and receipts -----------------------------------------------------------------------

def test_a_page_goes_on_from_where_it_was_rendered(lab, room):
    empty = history(lab, room)
    assert empty["messages"] == [] and empty["whole"]
    say(lab, room, "a", "b")
    page = history(lab, room, max=1)
    assert [message["data"] for message in page["messages"]] == ["b"] and page["whole"]
    say(lab, room, "c")
    assert [m["data"] for m in history(lab, room, since=page["position"])["messages"]] == ["c"]
    assert [m["data"] for m in history(lab, room, since=empty["position"])["messages"]] == ["a", "b", "c"]
    assert not history(lab, room, since=empty["position"], max=2)["whole"]
    with frond(lab, path_of(room), position=Position(page["position"])) as one:
        assert one.settle() == ["c"] and one.verdicts == [True]


def test_a_page_of_what_cannot_be(lab, room):
    assert history(lab, room, since="x") == 422
    answer = lab.http(target="/history?path=/nowhere")
    assert answer.status == 422 and str(errno.ENOENT) in answer.body.decode()
    answer = lab.http(target=f"/history?path=/ws/watch/{room}")
    assert answer.status == 422 and str(errno.EINVAL) in answer.body.decode()


def test_a_receipt_says_which_message_it_was(lab, room):
    with Peer(lab.bus) as peer:
        peer.hello()
        replies = [peer.push(path_of(room), text) for text in ("a", "b")]
        assert replies[1].number > replies[0].number > 0
        assert [f"{reply.origin:016x}.{reply.number}" for reply in replies] == \
            [message["position"] for message in history(lab, room)["messages"]]
        assert peer.push(f"/ws/watch/{room}", "c").number == 0


# --- limits -----------------------------------------------------------------------------------

def outcomes(stack):
    """What became of positions."""
    now = figures(stack)
    return [now[f'tina4_history_positions_total{{outcome="{outcome}"}}'] for outcome in ("whole", "gap", "malformed")]

def pushed(stack, path, *texts):
    with Peer(stack.bus) as peer:
        peer.hello()
        for text in texts:
            assert peer.push(path, text).status == OK


def test_messages_go_when_their_time_is_over(make_stack):
    """A route of the settings, which keeps for one second."""
    stack = make_stack(ws_routes="/ws/news/{topic};history=100;history_seconds=1").start("sidecar")
    path = "/ws/news/x"
    pushed(stack, path, "a", "b")
    eventually(lambda: figures(stack)['tina4_history_dropped_total{reason="old"}'] == 2, "both are let go")
    eventually(lambda: figures(stack)["tina4_history_bytes"] == 0, "and what was known of the path")
    assert figures(stack)["tina4_history_messages"] == 0


def test_the_path_that_is_longest_silent_gives_way_first(make_stack):
    stack = make_stack(ws_history_bytes="10K").start()
    pushed(stack, "/ws/kept/old", "x" * 2000)
    pushed(stack, "/ws/kept/busy", *("y" * 1000 for _ in range(20)))
    assert [len(m["data"]) for m in history(stack, "busy")["messages"]] == [1000] * KEPT
    pushed(stack, "/ws/kept/other", *("z" * 1000 for _ in range(KEPT)))
    assert history(stack, "old")["messages"] == []
    assert [m["data"][0] for m in history(stack, "other")["messages"]] == ["z"] * KEPT
    now = figures(stack)
    assert now["tina4_history_bytes"] <= 10240 and now['tina4_history_dropped_total{reason="bytes"}'] > 0


def test_nobody_gets_more_at_once_than_may_wait_for_it(make_stack):
    """Else who does not read could make the sidecar hold all of the history once for each of its connections."""
    stack = make_stack(ws_max_message="30K", ws_queue_bytes="64K").start("sidecar", "worker")
    with frond(stack, path_of("x")) as one:
        one.settle()
        one.cut()
        pushed(stack, path_of("x"), *(str(n) * 20000 for n in range(3)))
        assert [len(message) for message in one.back()[0]] == [20000] * 3 and one.verdicts == [True]
        one.cut()
        pushed(stack, path_of("x"), *(str(n) * 20000 for n in range(4)))
        assert one.back() == ([], [False])
    with stack.ws(path_of("x", open="replay 5|send end"), direct=True) as client:
        assert [client.receive()[0] for _ in range(4)] == ["1", "2", "3", "e"]


def test_kept_means_nothing_with_no_bytes(make_stack):
    stack = make_stack(ws_history_bytes="0").start("sidecar", "worker")
    with frond(stack, path_of("x")) as one:
        one.settle()
        one.cut()
        pushed(stack, path_of("x"), "gone")
        assert one.back() == ([], [False])


def test_after_a_kill_the_client_is_told(make_stack):
    stack = make_stack().start()
    with frond(stack, path_of("x")) as one:
        one.settle()
        pushed(stack, path_of("x"), "a")
        assert one.receive() == "a"
        stack.sidecar.kill()
        stack.sidecar.start()
        eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is back")
        assert one.back() == ([], [False])
        assert one.back() == ([], [True])


def test_compressed_what_was_missed_is_the_same(make_stack):
    stack = make_stack(ws_deflate="true").start("sidecar", "worker")
    with frond(stack, path_of("x")) as one:
        one.settle()
        one.cut()
        pushed(stack, path_of("x"), "long " * 200, "short")
        offers = ["frond.1", f"frond.at.{one.position}"]
        with Compressing(stack.port, path_of("x"), subprotocols=offers) as client:
            got = [client.receive() for _ in range(4)]
        assert got[1] == "long " * 200 and got[3] == "short"
        assert all(words.startswith("\0n ") for words in got[::2])


def test_a_path_that_no_client_can_have_keeps_nothing(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with Peer(stack.bus) as peer:
        peer.hello()
        eventually(lambda: peer.push("/ws/kept/a", "x").status == OK, "the route is there")
        peer.push("/ws/kept/a\0b", "x")
        peer.push("/ws/kept/" + "a" * 2000, "x")
        peer.push("/ws/kept/a/b", "x")
    assert figures(stack)["tina4_history_messages"] == 1


# --- elsewhere -------------------------------------------------------------------------------

TOKEN = "history-token-history-token-history"


@pytest.fixture(scope="module")
def tooled(make_stack_for_session):
    """A stack whose admin listener lets this token in."""
    return make_stack_for_session(admin_token=TOKEN).start("sidecar", "worker")


def test_the_command_prints_what_is_kept(tooled, room):
    path = path_of(room)
    receipt = json.loads(tina4(tooled, "push", path, "a"))
    pushed(tooled, path, "b\nb", "c")
    assert tina4(tooled, "history", "--last", "2", path) == "b\nb\nc\n"
    tina4(tooled, "push", "--binary", path, data=b"\0\xff")
    lines = [json.loads(line) for line in tina4(tooled, "history", "--json", path).splitlines()]
    assert [line.get("text") for line in lines[:3]] == ["a", "b\nb", "c"] and lines[3]["base64"] == "AP8="
    assert lines[0]["position"] == receipt["position"]
    position = lines[-1]["position"]
    assert tina4(tooled, "history", "--since", position, path) == ""
    pushed(tooled, path, "d")
    assert tina4(tooled, "history", "--since", position, path) == "d\n"


def test_the_command_says_what_is_wrong(tooled, room):
    assert "no route" in tina4(tooled, "history", "/nowhere", status=NO_ROUTE)
    assert "keeps nothing" in tina4(tooled, "history", f"/ws/watch/{room}", status=USAGE)
    assert "no position" in tina4(tooled, "history", "--since", "x", path_of(room), status=USAGE)
    assert "usage" in tina4(tooled, "history", status=USAGE)
    assert "usage" in tina4(tooled, "history", "--last", "-1", path_of(room), status=USAGE)


def test_the_command_follows(make_stack):
    """Also over a restart of the sidecar, where it says that something may be missing."""
    stack = make_stack().start("sidecar", "worker")
    path = path_of("x")
    pushed(stack, path, "a", "b")
    with subprocess.Popen([BUILD / "tina4", "history", "--follow", "--last", "1", path],
                          env={**os.environ, **stack.env}, cwd=stack.dir, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as follower:
        try:
            assert follower.stdout.readline() == "b\n"
            pushed(stack, path, "c", "d")
            assert [follower.stdout.readline() for _ in range(2)] == ["c\n", "d\n"]
            stack.sidecar.kill()
            stack.sidecar.start()
            eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is back")
            pushed(stack, path, "e")
            assert follower.stdout.readline() == "e\n"
            assert "missing" in follower.stderr.readline()
        finally:
            follower.kill()


def past(stack, target, method="GET", **headers):
    headers = {"Authorization": f"Bearer {TOKEN}", **headers}
    answer = http(stack.admin, method, f"/history{target}", headers)
    return answer.status, json.loads(answer.body) if answer.body else None


def test_the_admin_listener_tells_it(tooled, room):
    path = path_of(room)
    pushed(tooled, path, "a", "b\"\0", "c")
    status, found = past(tooled, path)
    assert status == 200 and found["whole"]
    assert [message["text"] for message in found["messages"]] == ["a", "b\"\0", "c"]
    assert all(message["time_ms"] > 1.7e12 for message in found["messages"])
    assert [m["text"] for m in past(tooled, f"{path}?last=1")[1]["messages"]] == ["c"]
    pushed(tooled, path, "d")
    _, later = past(tooled, f"{path}?since={found['position']}")
    assert [message["text"] for message in later["messages"]] == ["d"] and later["whole"]
    assert past(tooled, path, "HEAD") == (200, None)


def test_the_admin_listener_tells_nobody_else(tooled, make_stack, room):
    path = path_of(room)
    assert past(tooled, path, Authorization="Bearer wrong")[0] == 401
    assert http(tooled.admin, "GET", f"/history{path}").status == 401
    assert past(tooled, path, "POST")[0] == 405
    assert past(tooled, "/nowhere")[0] == 404
    assert past(tooled, f"/ws/watch/{room}")[0] == 400
    for query in ("since=x", "last=x", "last=-1", f"since={'0' * 3000}"):
        assert past(tooled, f"{path}?{query}")[0] == 400, query
    other = make_stack().start("sidecar", "worker")
    assert past(other, path)[0] == 403, "without the setting it is off"


# --- restarts ----------------------------------------------------------------------------------

def restart(stack):
    stack.sidecar.term()
    stack.sidecar.start()
    eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is back")


def history_file(stack):
    return stack.dir / "bus.history"


def test_a_restart_keeps_what_was_kept(make_stack):
    stack = make_stack().start()
    with frond(stack, path_of("x")) as one, frond(stack, path_of("x", open="replay 9")) as two, \
            frond(stack, path_of("quiet")) as quiet:
        one.settle(), two.settle(), quiet.settle()
        pushed(stack, path_of("x"), "a", "b")
        assert [one.receive(), one.receive()] == ["a", "b"]
        one.client.send("others mine")
        assert [two.receive() for _ in range(3)] == ["a", "b", "mine"]
        before = str(one.position)
        one.cut()
        two.client.send("broadcast c")
        assert two.receive() == "c"
        restart(stack)
        assert not history_file(stack).exists(), "it was read, and is true no more"
        one.position = Position(before)
        assert one.back() == (["c"], [True]), "its own words do not come back even then"
        pushed(stack, path_of("x"), "d")
        assert one.receive() == "d"
        assert two.back() == (["d"], [True])
        assert quiet.back() == ([], [True])
        restart(stack)
        assert one.back() == ([], [True]), "and once more"
        assert [m["data"] for m in history(stack, "x")["messages"]] == ["a", "b", "mine", "c", "d"]


def test_a_crash_after_a_restart_is_not_taken_for_it(make_stack):
    stack = make_stack().start()
    with frond(stack, path_of("x")) as one:
        one.settle()
        pushed(stack, path_of("x"), "a")
        assert one.receive() == "a"
        restart(stack)
        assert one.back() == ([], [True])
        one.cut()
        pushed(stack, path_of("x"), "lost")
        stack.sidecar.kill()
        stack.sidecar.start()
        eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is back")
        assert one.back() == ([], [False])


@pytest.mark.parametrize("damage", [
    lambda data: data[:-1], lambda data: data + b"x", lambda data: b"", lambda data: data.replace(b"kept", b"left"),
    lambda data: data.replace(b"tina4-history 1", b"tina4-history 2"),
], ids=["short", "long", "empty", "changed", "of-another-version"])
def test_a_damaged_file_is_put_aside(make_stack, damage):
    stack = make_stack().start("sidecar", "worker")
    with frond(stack, path_of("x")) as one:
        one.settle()
        pushed(stack, path_of("x"), "kept")
        assert one.receive() == "kept"
        stack.sidecar.term()
        data = history_file(stack).read_bytes()
        history_file(stack).write_bytes(damage(data))
        stack.sidecar.start()
        eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is back")
        assert one.back() == ([], [False])
        eventually(lambda: any("history of the last run not read" in line for line in stack.sidecar.lines()),
                   "the log says so")
        assert (stack.dir / "bus.history.damaged").read_bytes() == damage(data)
        assert not history_file(stack).exists()
