"""Pushes from the FastCGI app."""

import pytest

from stack import eventually


def push(stack, path, body, **query):
    extra = "".join(f"&{name}={value}" for name, value in query.items())
    answer = stack.http("POST", f"/push?path={path}{extra}", body=body)
    assert answer.status == 200
    return answer.json


def test_the_receipt_says_what_happened(lab, room):
    path = f"/ws/watch/{room}"
    assert push(lab, path, "nobody there")["connections"] == 0
    with lab.ws(path) as one, lab.ws(path) as two:
        eventually(lambda: lab.count(path) == 2, "both are there")
        receipts = [push(lab, path, f"message {i}") for i in range(3)]
        for client in (one, two):
            assert [client.receive() for _ in range(3)] == [f"message {i}" for i in range(3)]
    assert [receipt["result"] for receipt in receipts] == [0, 0, 0]
    assert [receipt["connections"] for receipt in receipts] == [2, 2, 2]
    assert [receipt["offset"] for receipt in receipts] == [1, 2, 3]
    assert all(receipt["epoch"] for receipt in receipts)
    assert len({receipt["id"] for receipt in receipts}) == 3


def test_binary_stays_binary(lab, room):
    with lab.ws(f"/ws/watch/{room}") as client:
        push(lab, f"/ws/watch/{room}", b"\xff\x00", binary=1)
        assert client.receive() == b"\xff\x00"


def test_the_same_id_is_applied_once(lab, room):
    path, ident = f"/ws/watch/{room}", "0123456789abcdef" * 2
    with lab.ws(path) as client:
        first = push(lab, path, "once", id=ident)
        assert first["id"] == ident
        assert push(lab, path, "once", id=ident) == first
        push(lab, path, "end")
        assert [client.receive(), client.receive()] == ["once", "end"]


def test_other_paths_see_nothing(lab, room):
    with lab.ws(f"/ws/watch/{room}") as one, lab.ws(f"/ws/watch/{room}-2") as two:
        push(lab, f"/ws/watch/{room}", "for one")
        push(lab, f"/ws/watch/{room}-2", "for two")
        assert (one.receive(), two.receive()) == ("for one", "for two")


def test_a_path_is_its_decoded_form(lab):
    with lab.ws("/ws/watch/caf%C3%A9%20x") as client:
        push(lab, "/ws/watch/caf%C3%A9%20x", "found")  # the query is decoded, too
        assert client.receive() == "found"


@pytest.mark.parametrize("path, body, why", [
    ("/ws/nothing", "x", "ENOENT"), ("", "x", "EINVAL"), ("ws/watch/x", "x", "EINVAL"),
    ("/ws/watch/x", b"\xff", "EILSEQ"), ("/ws/watch/x", "x" * 1048577, "EMSGSIZE"),
])
def test_a_push_that_cannot_be_says_why(lab, path, body, why):
    import errno
    answer = push(lab, path, body)
    assert answer["result"] == -getattr(errno, why)
    assert answer["error"]


def test_a_push_of_the_largest_message(lab, room):
    with lab.ws(f"/ws/watch/{room}") as client:
        assert push(lab, f"/ws/watch/{room}", "x" * 1048576)["connections"] == 1
        assert len(client.receive()) == 1048576


def test_without_a_sidecar_it_is_an_error_in_time(make_stack):
    import errno
    import time
    stack = make_stack(push_timeout_ms=60000).start("app", "nginx")
    begin = time.monotonic()
    answer = push(stack, "/ws/watch/x", "lost", timeout_ms=300)
    assert answer["result"] in (-errno.ENOTCONN, -errno.ETIMEDOUT)
    assert answer["error"]
    assert time.monotonic() - begin < 30, "what the call says holds, not the setting"


def test_a_new_sidecar_is_found(make_stack):
    stack = make_stack().start()
    with stack.ws("/ws/watch/x"):
        assert push(stack, "/ws/watch/x", "one")["connections"] == 1
    stack.sidecar.kill()
    stack.sidecar.start()
    assert push(stack, "/ws/watch/x", "two")["result"] == 0
    eventually(lambda: stack.handshake("/ws/watch/x").status == 101, "the worker is back")
    with stack.ws("/ws/watch/x") as client:
        assert push(stack, "/ws/watch/x", "three")["connections"] == 1
        assert client.receive() == "three"


def test_a_hung_sidecar_is_a_timeout(make_stack):
    import errno
    import os
    import signal
    stack = make_stack(threads=1).start()  # the one that has a connection already
    ident = "ab" * 16
    with stack.ws("/ws/watch/x") as client:
        assert push(stack, "/ws/watch/x", "zero")["connections"] == 1
        os.kill(stack.sidecar.pid, signal.SIGSTOP)
        try:
            answer = push(stack, "/ws/watch/x", "late", id=ident, timeout_ms=300)
        finally:
            os.kill(stack.sidecar.pid, signal.SIGCONT)
        assert answer["result"] == -errno.ETIMEDOUT
        assert answer["id"] == ident
        # The first try is too late by then; whether it was or not, the retry is applied once.
        push(stack, "/ws/watch/x", "late", id=ident)
        push(stack, "/ws/watch/x", "end")
        assert [client.receive() for _ in range(3)] == ["zero", "late", "end"]


def push_many(stack, n, threads):
    """The results of n pushes from that many threads at once, and how many of them had to wait for the sidecar."""
    from concurrent.futures import ThreadPoolExecutor
    timeout = int(stack.env["TINA4_PUSH_TIMEOUT_MS"])
    with ThreadPoolExecutor(threads) as pool:
        answers = list(pool.map(lambda i: stack.http("POST", "/push?path=/ws/watch/x", body=str(i)), range(n)))
    waited = [int(answer.headers["x-waited-ms"]) for answer in answers]
    return [answer.json["result"] for answer in answers], sum(ms >= timeout * 3 / 4 for ms in waited)


@pytest.mark.parametrize("how", ["gone", "hung"])
def test_a_sidecar_that_is_away_costs_each_thread_one_wait(make_stack, how):
    import errno
    import os
    import signal
    stack = make_stack(threads=8, push_timeout_ms=2000).start()
    assert push(stack, "/ws/watch/x", "before")["result"] == 0
    if how == "hung":
        os.kill(stack.sidecar.pid, signal.SIGSTOP)
    else:
        stack.sidecar.kill()
    results, n_slow = push_many(stack, 48, 8)
    assert set(results) <= {-errno.ENOTCONN, -errno.ETIMEDOUT}
    assert results.count(-errno.ETIMEDOUT) <= 8
    assert n_slow <= 8, "who asks later knows what the first have learned"
    if how == "hung":
        os.kill(stack.sidecar.pid, signal.SIGCONT)
    else:
        stack.sidecar.start()
    eventually(lambda: push(stack, "/ws/watch/x", "after")["result"] == 0, "pushes work again")


def test_send_and_close_by_id(lab, room):
    import errno
    with lab.ws(f"/ws/script/{room}") as one, lab.ws(f"/ws/script/{room}") as two:
        ident = one.ask("tell id")[1:]
        assert lab.http("POST", f"/send?conn={ident}", body="just you").json["result"] == 0
        assert one.receive() == "just you"
        assert lab.http("POST", f"/close?conn={ident}&code=4002&reason=kicked").json["result"] == 0
        assert one.closed() == (4002, "kicked")
        assert two.ask("send undisturbed") == "undisturbed"
        eventually(lambda: lab.http("POST", f"/send?conn={ident}", body="x").json["result"] == -errno.ENOENT, "gone")


def test_a_wrong_id_is_refused(lab):
    import errno
    for ident in ("", "xyz", "0" * 31):
        assert lab.http("POST", f"/send?conn={ident}", body="x").json["result"] == -errno.EINVAL
    assert lab.http("POST", f"/send?conn={'0' * 32}", body="x").json["result"] == -errno.ENOENT


def test_pushes_from_many_requests_at_once(lab, room):
    from concurrent.futures import ThreadPoolExecutor
    path = f"/ws/watch/{room}"
    with lab.ws(path) as client:
        with ThreadPoolExecutor(8) as pool:
            receipts = list(pool.map(lambda i: push(lab, path, str(i)), range(200)))
        got = [int(client.receive()) for _ in range(200)]
    assert sorted(got) == list(range(200))
    assert all(receipt["result"] == 0 for receipt in receipts)
    # The receipts number the messages in the order in which they arrived.
    assert [receipts[i]["offset"] for i in got] == list(range(1, 201))
