"""What a handler is promised holds in other languages: the tests of handlers in C, with the same orders."""

import os
import signal

import pytest

import test_supervisor
import test_workers
from elsewhere import REQUESTED, STAYING, Elsewhere
from stack import eventually
from test_auth import token
from test_handlers import *  # noqa: F401,F403
from test_supervisor import Talk, given_up
from test_workers import (  # noqa: F401
    test_a_conversation_goes_on_after_a_restart, test_a_rolling_restart_under_traffic,
    test_a_worker_killed_under_traffic_is_not_noticed, test_a_worker_stops_after_its_work,
    test_killed_in_open_and_in_close, test_without_a_worker_connections_stay_and_events_wait)

del test_a_path_stays_with_its_worker  # noqa: F821 - below, for those that stay
ROOM = "/ws/script/w"


@pytest.fixture(scope="session", params=STAYING + REQUESTED)
def lab(request, make_stack_for_session):
    return make_stack_for_session(Elsewhere, handlers=request.param).start("sidecar", "worker", "app", "nginx")


@pytest.fixture(params=STAYING + REQUESTED)
def handlers(request):
    return request.param


@pytest.fixture
def make_stack(make_stack, handlers):
    """As everywhere, with these handlers."""
    def make(**options):
        return make_stack(Elsewhere, handlers=handlers, **options)
    return make


def is_staying(handlers):
    return handlers in STAYING


@pytest.mark.parametrize("handlers", STAYING, indirect=True)
def test_a_path_stays_with_its_program(make_stack):
    stack = make_stack()
    stack.worker = stack.new_worker("workers", workers=3)
    stack.start("sidecar", "workers")
    pids = set()
    for room in range(24):
        with stack.ws(f"/ws/tally/{room}", direct=True) as one, stack.ws(f"/ws/tally/{room}", direct=True) as two:
            answers = [client.ask("x").split() for client in (one, two, one, two)]
            pids.update(pid for pid, _ in answers)
            assert len({pid for pid, _ in answers}) == 1
            numbers = [int(n) for _, n in answers]
            assert numbers == list(range(numbers[0], numbers[0] + 4)), "its variables live"
    assert len(pids) == 3, "the work is shared"


@pytest.mark.parametrize("handlers", STAYING, indirect=True)
def test_killed_after_the_handler_ran_before_its_record_left(make_stack):
    test_workers.test_killed_after_the_handler_ran_before_its_record_left(make_stack)


@pytest.mark.parametrize("handlers", STAYING, indirect=True)
@pytest.mark.parametrize("order", ["crash", "exit 0", "exit 3"])
def test_an_event_over_which_a_program_ends_is_given_up(make_stack, order):
    test_supervisor.test_five_innocents_lose_nothing(make_stack, order)


@pytest.mark.parametrize("handlers", REQUESTED, indirect=True)
def test_an_event_over_which_requests_end_has_failed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as innocent, stack.ws(ROOM, direct=True) as killer:
        killer.send("crash")
        killer.send("send after")
        assert innocent.ask("send here") == "here", "others do not wait"
        assert killer.receive() == "after"
    eventually(lambda: any("ended without an answer, time and again" in line for line in stack.worker.lines()), "the log says so")
    assert given_up(stack) == []


def children(pid):
    """The pids of all that a process has started, and that they have."""
    try:
        pids = [int(p) for p in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    except OSError:
        return []
    return pids + [other for p in pids for other in children(p)]


def test_kills_from_outside_close_nobody(make_stack, handlers):
    stack = make_stack().start("sidecar", "worker")
    talks = [Talk(stack, f"/ws/script/{n}", pause=0.005) for n in range(6)]
    for n in range(12):
        victims = stack.worker.workers() if n % 2 else children(stack.worker.pid if is_staying(handlers)
                                                                else stack.fpm.pid)
        for pid in victims[-1:]:
            os.kill(pid, signal.SIGKILL)
        talks[n % len(talks)].has_heard(2)
    for talk in talks:
        talk.end()
    assert given_up(stack) == []


def test_a_handler_that_takes_too_long(make_stack, handlers):
    stack = make_stack(handler_timeout=2).start("sidecar", "worker")
    started = children(stack.worker.pid)
    with stack.ws("/ws/script/other", direct=True) as innocent, stack.ws(ROOM, direct=True) as hung:
        hung.send(f"wait {stack.dir}/never")
        assert innocent.ask("send here") == "here"
        if is_staying(handlers):
            assert hung.closed()[0] == 1011
            assert not any(os.path.exists(f"/proc/{pid}") for pid in started), "the program that hangs has ended"
        else:
            assert hung.ask("send here") == "here", "its handler has failed, and its next event is handled"
            eventually(lambda: any("longer than TINA4_HANDLER_TIMEOUT=2" in line for line in stack.worker.lines()), "the log says so")


@pytest.mark.parametrize("message", ["", "\0", "a\0b", "Grüße 👋\n\r\t\"\\</script>\u2028", bytes(range(256)), b"", b"\0" * 100,
                                     "x" * 1000000, bytes(1000000)], ids=range(9))
def test_every_byte_comes_and_goes(lab, room, message):
    with lab.ws(f"/ws/echo/{room}") as client:
        assert client.ask(message) == message


def test_claims_of_a_token(lab):
    with lab.ws(f"/ws/secret?token={token({'name': 'Jörg'})}") as client:
        assert client.ask("who") == "Jörg"
    assert lab.handshake("/ws/secret").status == 401


def test_what_was_asked_for_a_sidecar_that_is_gone(make_stack):
    """Its answer comes, and is nobody's; the events of the next sidecar are handled."""
    stack = make_stack().start("sidecar", "worker")
    gate, begun = stack.dir / "gate", stack.dir / "begun"
    client = stack.ws(ROOM, direct=True)
    client.send(f"touch {begun}\nwait {gate}\nsend lost")
    client.send("send lost, too")
    eventually(begun.exists, "the handler runs")
    stack.sidecar.kill()
    stack.sidecar.start()
    gate.touch()
    eventually(lambda: stack.stats()["workers"] == 1, "the worker is back")
    with stack.ws(ROOM, direct=True) as client:
        assert client.ask("send here") == "here"
    assert not any("unknown connection" in line for line in stack.worker.lines())


def test_a_reload_replaces_them_one_by_one(make_stack, handlers):
    stack = make_stack().start("sidecar", "worker")
    talks = [Talk(stack, f"/ws/script/{n}", pause=0.005) for n in range(4)]
    before = set(stack.worker.workers())
    os.kill(stack.worker.pid, signal.SIGHUP)
    eventually(lambda: any("workers replaced" in line for line in stack.worker.lines()), "it is replaced")
    assert not before & set(stack.worker.workers())
    for talk in talks:
        talk.end()
    assert given_up(stack) == []


@pytest.mark.parametrize("hangs", [False, True])
def test_nothing_outlives_it(make_stack, handlers, hangs):
    """Also where a shell is in between, and a program that does not see its input end."""
    stack = make_stack().start("sidecar", "worker")
    if hangs:
        begun = stack.dir / "begun"
        stack.ws(ROOM, direct=True).send(f"touch {begun}\nwait {stack.dir}/never")
        eventually(begun.exists, "the handler runs")
    started = children(stack.worker.pid)
    stack.worker.popen.send_signal(signal.SIGKILL)
    stack.worker.ended(-signal.SIGKILL)
    eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in started), "all of it ends")
