"""What a WebSocket handler is promised."""

from urllib.parse import quote

import pytest

from stack import eventually


def script(room, **orders):
    """The path of the scripted handler, with orders for open and close."""
    query = "&".join(f"{event}={quote(text.replace(chr(10), '|'))}" for event, text in orders.items())
    return f"/ws/script/{room}" + (f"?{query}" if query else "")


def watch(room):
    return f"/ws/watch/{room}"


def lines(*orders):
    return "\n".join(orders)


# --- who gets what ---------------------------------------------------------------

def test_send_reaches_its_client_only(lab, room):
    with lab.ws(script(room)) as one, lab.ws(script(room)) as two:
        one.send(lines("send private", "broadcast public"))
        assert [one.receive(), one.receive()] == ["private", "public"]
        assert two.receive() == "public"


def test_broadcast_may_leave_out_the_sender(lab, room):
    with lab.ws(script(room)) as one, lab.ws(script(room)) as two, lab.ws(script(room)) as three:
        one.send(lines("others hello", "broadcast end"))
        assert one.receive() == "end"
        for other in (two, three):
            assert [other.receive(), other.receive()] == ["hello", "end"]


def test_the_last_messages_are_replayed_and_transient_ones_are_not(lab, room):
    with lab.ws(f"/ws/kept/{room}") as one:
        one.send(lines(*(f"broadcast {i}" for i in range(7)), "transient typing"))
        assert one.receive_until("typing") == [str(i) for i in range(7)]
    with lab.ws(f"/ws/kept/{room}?open={quote('send hello|replay 3')}") as two:
        assert [two.receive() for _ in range(4)] == ["4", "5", "6", "hello"]
    with lab.ws(f"/ws/kept/{room}?open={quote('replay 100|send hello')}") as three:
        assert three.receive_until("hello") == ["2", "3", "4", "5", "6"], "five are kept"


def test_own_and_common_messages_keep_their_order(lab, room):
    orders = [f"{'send' if i % 3 else 'broadcast'} {i}" for i in range(60)] + ["others x", "send end"]
    with lab.ws(script(room)) as one, lab.ws(script(room)) as two:
        one.send(lines(*orders, "broadcast last"))
        assert [one.receive() for _ in range(62)] == [str(i) for i in range(60)] + ["end", "last"]
        assert [two.receive() for _ in range(22)] == [str(i) for i in range(0, 60, 3)] + ["x", "last"]


def test_a_big_broadcast_among_small_ones(lab, room):
    with lab.ws(script(room)) as one, lab.ws(script(room)) as two:
        one.send(lines("broadcast a", "fill 500000", "send own", "broadcast b"))
        assert [len(one.receive()) for _ in range(4)] == [1, 500000, 3, 1]
        assert [len(two.receive()) for _ in range(3)] == [1, 500000, 1]


def test_a_push_in_a_handler_reaches_another_path(lab, room):
    with lab.ws(watch(room)) as other, lab.ws(script(room)) as one:
        one.send(lines(f"push {watch(room)} over there", "send done"))
        assert one.receive() == "done"
        assert other.receive() == "over there"


# --- open ----------------------------------------------------------------------------

def test_open_may_speak_to_all_with_itself_among_them(lab, room):
    with lab.ws(script(room)) as one:
        with lab.ws(script(room, open=lines("broadcast someone came", "send welcome"))) as two:
            assert [two.receive(), two.receive()] == ["someone came", "welcome"]
            assert one.receive() == "someone came"


def test_open_that_fails_closes_1011_and_nothing_arrives(lab, room):
    with lab.ws(script(room)) as one:
        with lab.ws(script(room, open=lines("send secret", "broadcast secret", "fail"))) as two:
            assert two.closed() == (1011, "")
        assert one.ask("send nothing else") == "nothing else"
        eventually(lambda: one.ask("tell count") == "1", "the failed one is not counted")


def test_open_that_closes_sends_what_came_before_only(lab, room):
    with lab.ws(script(room)) as one:
        orders = lines("broadcast for the others", "send your token is wrong", "close 4401 go away")
        with lab.ws(script(room, open=orders)) as two:
            assert two.receive() == "your token is wrong"
            assert two.closed() == (4401, "go away")
        assert one.receive() == "for the others"


def test_nothing_arrives_before_open_is_acknowledged(lab, room):
    gate = lab.dir / f"gate-{room}"
    with lab.ws(script(room)) as one:
        assert one.ask("send here") == "here"
        two = lab.ws(script(room, open=lines(f"wait {gate}", "send open")))
        assert lab.http("POST", f"/push?path={script(room)}", body="too early").json["connections"] == 1
        assert one.receive() == "too early"
        gate.touch()
        assert two.receive() == "open"
        lab.http("POST", f"/push?path={script(room)}", body="in time")
        assert two.receive() == "in time"
        two.close()


def test_messages_wait_for_open(lab, room):
    gate = lab.dir / f"gate-{room}"
    with lab.ws(script(room, open=lines(f"wait {gate}", "send open"))) as client:
        client.send("send first")
        gate.touch()
        assert [client.receive(), client.receive()] == ["open", "first"]


# --- message -----------------------------------------------------------------------------

def test_message_that_fails_discards_its_commands_and_stays(lab, room):
    with lab.ws(script(room)) as one:
        one.send(lines("send lost", "broadcast lost", "set name lost", "fail"))
        assert one.ask("get name") == "none"


def test_too_large_an_answer_fails_the_handler(lab, room):
    with lab.ws(script(room)) as one:
        one.send(lines("send lost", "fill 1048577"))
        assert one.ask("send still here") == "still here"


def test_close_with_code_and_reason(lab, room):
    with lab.ws(script(room)) as one:
        one.send(lines("send goodbye", "close 4000 because"))
        assert one.receive() == "goodbye"
        assert one.closed() == (4000, "because")


def test_close_without_a_code_is_1000(lab, room):
    with lab.ws(script(room)) as one:
        one.send("close 0 ")
        assert one.closed() == (1000, "")


def test_no_message_follows_a_close(lab, room):
    with lab.ws(watch(room)) as witness, lab.ws(script(room, close=f"push {watch(room)} closed")) as one:
        gate = lab.dir / f"gate-{room}"
        one.send(lines(f"wait {gate}", "close 1000 "))
        for _ in range(20):
            one.send(f"push {watch(room)} zombie")
        gate.touch()
        assert one.closed()[0] == 1000
        assert witness.receive() == "closed"


# --- close -------------------------------------------------------------------------------------

@pytest.mark.parametrize("how, code", [("politely", 1000), ("own code", 4567), ("cut", 1006), ("kicked", 4001)])
def test_close_fires_once_and_knows_why(lab, room, how, code):
    with lab.ws(watch(room)) as witness:
        with lab.ws(script(room)) as other, \
                lab.ws(script(room, close=lines(f"report {watch(room)}", "broadcast someone left"))) as one:
            ident = one.ask("tell id")[1:]
            if how == "cut":
                one.cut()
            elif how == "kicked":
                one.send("close 4001 x")
                assert one.closed() == (4001, "x")
            else:
                one.close(code)
            assert witness.receive() == f"{ident} count=1 code={code}"
            assert other.receive() == "someone left"
            other.send(f"push {watch(room)} end")
            assert witness.receive() == "end"


def test_close_fires_for_who_was_closed_in_open(lab, room):
    with lab.ws(watch(room)) as witness:
        with lab.ws(script(room, open="close 4001 no", close=f"push {watch(room)} left")) as one:
            assert one.closed() == (4001, "no")
        assert witness.receive() == "left"


def test_close_fires_for_whom_open_failed(lab, room):
    with lab.ws(watch(room)) as witness:
        with lab.ws(script(room, open="fail", close=f"push {watch(room)} left")) as one:
            assert one.closed()[0] == 1011
        assert witness.receive() == "left"


# --- what it knows --------------------------------------------------------------------------------

def test_count_is_of_the_path(lab, room):
    with lab.ws(script(room, open="tell count")) as one:
        assert one.receive() == "1"
        with lab.ws(script(room, open="tell count")) as two, lab.ws(script(room + "-other", open="tell count")) as three:
            assert (two.receive(), three.receive()) == ("2", "1")
            assert one.ask("tell count") == "2"
            assert lab.http("GET", f"/count?path={script(room)}").json["connections"] == 2
        eventually(lambda: one.ask("tell count") == "1", "those who left are not counted")
    assert lab.http("GET", "/count?path=/ws/script/empty").json["connections"] == 0


def test_the_request_is_known(lab, room):
    with lab.ws(f"/ws/script/{room}%20%C3%BC?room=query&token=a%2Bb+c", cookie="session=s1; other=2",
                header={"User-Agent": "test"}) as client:
        assert client.ask("tell path") == f"=/ws/script/{room} ü"
        assert client.ask("param room") == f"={room} ü"
        assert client.ask("param token") == "=a+b c"
        assert client.ask("param nothing") == "none"
        assert client.ask("cookie session") == "=s1"
        assert client.ask("cookie other") == "=2"
        assert client.ask("header user-agent") == "=test"
        assert client.ask("header Host") == f"=127.0.0.1:{lab.web}"
        assert client.ask("tell ip") == "=127.0.0.1"


def test_an_address_from_a_client_proves_nothing(lab, room):
    with lab.ws(script(room), header={"X-Forwarded-For": "203.0.113.9"}) as client:
        assert client.ask("tell ip") == "=127.0.0.1"
    with lab.ws(script(room), direct=True, header={"X-Forwarded-For": "203.0.113.9"}) as client:
        assert client.ask("tell ip") == "=127.0.0.1"


def test_ids_are_128_bits_and_differ(lab, room):
    with lab.ws(script(room)) as one, lab.ws(script(room)) as two:
        ids = [client.ask("tell id")[1:] for client in (one, two)]
        assert ids[0] != ids[1]
        assert all(len(ident) == 32 and int(ident, 16) >= 0 for ident in ids)
        assert one.ask("tell event") != one.ask("tell event")


def test_attributes_stay_with_the_connection(lab, room):
    with lab.ws(script(room, open="set name Alice Ä"), ) as one, lab.ws(script(room)) as two:
        assert one.ask("get name") == "=Alice Ä"
        assert two.ask("get name") == "none"
        assert one.ask(lines("set name Bob", "get name")) == "=Bob"
        one.send(lines("set empty ", "get empty"))
        assert one.receive() == "="
        one.send("unset name")
        assert one.ask("get name") == "none"


def test_attributes_are_known_in_close(lab, room):
    with lab.ws(watch(room)) as witness:
        with lab.ws(script(room, open="set name Alice", close=f"push {watch(room)} x\nget name")) as one:
            assert one.ask("get name") == "=Alice"
        assert witness.receive() == "x"


def test_attributes_have_a_limit(lab, room):
    with lab.ws(script(room)) as one:
        one.send(lines("set small yes", "set big " + "x" * 5000))
        assert one.ask("get small") == "none"
        assert one.ask(lines("set fits " + "x" * 3000, "get fits")) == "=" + "x" * 3000


# --- workers ------------------------------------------------------------------------------------------

def test_a_path_stays_with_its_worker(make_stack):
    stack = make_stack().start("sidecar", "worker")
    for name in ("worker-2", "worker-3"):
        stack.new_worker(name).start()
    pids = set()
    for room in range(24):
        with stack.ws(f"/ws/tally/{room}", direct=True) as one, stack.ws(f"/ws/tally/{room}", direct=True) as two:
            answers = [client.ask("x").split() for client in (one, two, one, two)]
            pids.update(pid for pid, _ in answers)
            assert len({pid for pid, _ in answers}) == 1
    assert len(pids) == 3, "the work is shared"


@pytest.mark.parametrize("offers, told", [(["mqtt", "chat.v2"], "mqtt"), (["frond.1", "chat.v2"], "chat.v2"),
                                          (["frond.1"], "none")])
def test_the_subprotocol_that_is_spoken(lab, offers, told):
    with lab.ws("/ws/speaks", subprotocols=offers) as client:
        assert client.receive() == f"{told}, header none"
