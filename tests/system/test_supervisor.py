"""A supervisor looks after the workers: whom a death is laid to, what hangs, what is replaced."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from urllib.parse import quote

import pytest

from stack import eventually

ROOM = "/ws/script/w"


class Talk(threading.Thread):
    """A client that says a number every so often, and must get each of them back, in order, once."""

    def __init__(self, stack, path=ROOM, pause=0.02):
        super().__init__(daemon=True)
        self.client = stack.ws(path, direct=True)
        self.pause = pause
        self.quiet = threading.Event()
        self.said = 0
        self.heard = 0
        self.error = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.start()
        self.reader.start()

    def run(self):
        while not self.quiet.wait(self.pause):
            self.client.send(f"send {self.said}")
            self.said += 1

    def read(self):
        try:
            while (got := self.client.receive()) != "end":
                assert got == str(self.heard), f"{got} after {self.heard - 1}"
                self.heard += 1
        except Exception as error:  # the claim is that there is none
            self.error = error

    def has_heard(self, more):
        wanted = self.heard + more
        eventually(lambda: self.heard >= wanted or self.error, "it is answered")

    def end(self):
        self.quiet.set()
        self.join()
        self.client.send("send end")
        self.reader.join(20)
        assert self.error is None and self.heard == self.said, (self.error, self.heard, self.said)


def given_up(stack):
    return [line for line in stack.sidecar.lines() if "event given up" in line]


def test_only_the_sender_of_a_poison_message_is_closed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    talk = Talk(stack, pause=0.1)
    talk.has_heard(2)
    with stack.ws("/ws/watch/w", direct=True) as witness:
        killer = stack.ws(f"{ROOM}?close={quote('push /ws/watch/w closed')}", direct=True)
        killer.send("crash")
        assert killer.closed()[0] == 1011
        assert witness.receive() == "closed", "its close event reaches a handler"
    talk.has_heard(2)
    talk.end()
    eventually(lambda: len(given_up(stack)) == 1, "the log says so")
    assert re.search(r"path=/ws/script/w conn=[0-9a-f]{32} event=message id=\d+ deaths=3", given_up(stack)[0])

    def died():
        return [line for line in stack.worker.lines() if "died over an event" in line]

    eventually(lambda: len(died()) == 3, "the log says so")
    assert all("how=SIGABRT" in line for line in died())


@pytest.mark.parametrize("order", ["crash", "exit 0", "exit 3"])
def test_five_innocents_lose_nothing(make_stack, order):
    stack = make_stack().start("sidecar", "worker")
    innocents = [stack.ws(ROOM, direct=True) for _ in range(5)]
    killer = stack.ws(ROOM, direct=True)
    for n in range(20):  # a queue before the poison, and one behind it
        for client in innocents:
            client.send(f"send {n}")
        if n == 10:
            killer.send(order)
    for client in innocents:
        assert [client.receive() for _ in range(20)] == [str(n) for n in range(20)]
    assert killer.closed()[0] == 1011
    eventually(lambda: len(given_up(stack)) == 1, "the log says so")
    for client in innocents:
        assert client.ask("send still here") == "still here"


def test_a_poison_open_and_a_poison_close(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as innocent:
        poison = stack.ws(f"{ROOM}?open=crash&close=crash", direct=True)
        assert poison.closed()[0] == 1011
        eventually(lambda: len(given_up(stack)) == 2, "its close event is given up as well")
        assert ["event=open" in given_up(stack)[0], "event=close" in given_up(stack)[1]] == [True, True]
        assert innocent.ask("send here") == "here"


def test_kills_from_outside_close_nobody(make_stack):
    stack = make_stack()
    stack.worker = stack.new_worker("workers", workers=2)
    stack.start("sidecar", "workers")
    talks = [Talk(stack, f"/ws/script/{n}", pause=0.005) for n in range(6)]
    for n in range(40):
        pids = eventually(stack.worker.workers, "there are workers")
        os.kill(pids[n % len(pids)], signal.SIGKILL)
        talks[n % len(talks)].has_heard(2)
    for talk in talks:
        talk.end()
    assert given_up(stack) == []
    assert not any("died over" in line for line in stack.sidecar.lines())


def test_a_handler_that_takes_too_long_ends(make_stack):
    stack = make_stack(handler_timeout=2, worker_timeout=1).start("sidecar", "worker")
    talk = Talk(stack, "/ws/script/other", pause=0.1)
    talk.has_heard(1)
    with stack.ws(ROOM, direct=True) as innocent:
        hang = stack.ws(ROOM, direct=True)
        hang.send(f"wait {stack.dir}/never")
        innocent.send("send afterwards")
        assert hang.closed()[0] == 1011
        assert innocent.receive() == "afterwards"
    talk.end()
    assert sum("handler took too long" in line for line in stack.worker.lines()) == 3
    eventually(lambda: len(given_up(stack)) == 1, "the log says so")


def test_a_handler_may_be_silent_for_longer_than_a_worker(make_stack):
    stack = make_stack(handler_timeout=60, worker_timeout=1).start("sidecar", "worker")
    gate = stack.dir / "gate"
    with stack.ws(ROOM, direct=True) as client:
        client.send(f"wait {gate}\nsend done")
        looks = [0]

        def two_ticks_later():  # of the sidecar's, which would take it for hung
            looks[0] = stack.stats()["uptime_s"] - looks[1] if looks[1:] else looks.append(stack.stats()["uptime_s"])
            return looks[0] and looks[0] >= 4

        eventually(two_ticks_later, "time passes")
        gate.touch()
        assert client.receive() == "done"
        assert stack.stats()["events_redelivered"] == 0


def test_a_worker_that_hangs_outside_of_handlers_is_replaced(make_stack):
    stack = make_stack(worker_timeout=2).start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as client:
        pid = client.ask("tell pid").lstrip("=")
        os.kill(int(pid), signal.SIGSTOP)
        client.send("tell pid")
        assert client.receive() != pid
    eventually(lambda: any("worker process hangs" in line for line in stack.worker.lines()), "the log says so")
    assert given_up(stack) == []


@pytest.mark.parametrize("workers", [2, "auto"])
def test_many_workers(make_stack, workers):
    n = len(os.sched_getaffinity(0)) if workers == "auto" else workers
    stack = make_stack()
    stack.start("sidecar")
    stack.worker = stack.new_process("workers", [stack.program, "--worker", "--workers", workers],
                                     lambda process: stack.stats()["workers"] == n)
    stack.worker.start()
    assert len(stack.worker.workers()) == n
    clients = {room: stack.ws(f"/ws/tally/{room}", direct=True) for room in range(24)}
    homes = {room: client.ask("x").split() for room, client in clients.items()}
    assert len({pid for pid, _ in homes.values()}) == n
    for room, client in clients.items():  # its worker stays the same
        assert client.ask("x").split()[0] == homes[room][0]


def test_a_reload_starts_the_program_that_is_there_now(make_stack, tmp_path):
    stack = make_stack()
    program = stack.dir / "program"
    shutil.copy(stack.program, program)
    stack.worker = stack.new_worker("workers", program=program, workers=2)
    stack.start("sidecar", "workers")
    talks = [Talk(stack, f"/ws/script/{n}", pause=0.005) for n in range(6)]
    for n in range(2):
        before = set(stack.worker.workers())
        fresh = stack.dir / "fresh"
        shutil.copy(stack.program, fresh)
        fresh.rename(program)  # what runs is deleted now
        talks[0].has_heard(2)
        os.kill(stack.worker.pid, signal.SIGHUP)
        eventually(lambda: sum("workers replaced" in line for line in stack.worker.lines()) > n, "all are replaced")
        after = set(stack.worker.workers())
        assert len(after) == 2 and not after & before
        assert all(os.path.samefile(f"/proc/{pid}/exe", program) for pid in after)
    for talk in talks:
        talk.end()
    assert stack.worker.popen.poll() is None
    assert given_up(stack) == []


def test_a_reload_of_a_broken_program_changes_nothing(make_stack):
    stack = make_stack()
    program = stack.dir / "program"
    shutil.copy(stack.program, program)
    stack.worker = stack.new_worker("workers", program=program)
    stack.start("sidecar", "workers")
    before = stack.worker.workers()
    broken = stack.dir / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    broken.rename(program)
    with stack.ws(ROOM, direct=True) as client:
        os.kill(stack.worker.pid, signal.SIGHUP)
        eventually(lambda: any("not replaced" in line for line in stack.worker.lines()), "it is said")
        assert client.ask("send here") == "here"
        assert stack.worker.workers() == before


def test_two_reloads_at_once_are_two(make_stack):
    stack = make_stack().start("sidecar", "worker")
    for _ in range(2):
        os.kill(stack.worker.pid, signal.SIGHUP)
        eventually(lambda: any("replacing the workers" in line for line in stack.worker.lines()), "it has begun")
    eventually(lambda: sum("workers replaced" in line for line in stack.worker.lines()) == 2, "both are done")
    with stack.ws(ROOM, direct=True) as client:
        assert client.ask("send here") == "here"


def test_a_program_that_never_served_ends(make_stack):
    stack = make_stack(jwt_algorithm="RS256", jwt_public_key="/nowhere.pem")
    stack.worker.start(wait=False)
    stack.worker.ended(2)


def test_no_worker_outlives_its_supervisor(make_stack):
    stack = make_stack().start("sidecar", "worker")
    pid = stack.worker.worker_pid()
    with stack.ws(ROOM, direct=True) as client:
        assert client.ask("send here") == "here"
        os.kill(stack.worker.pid, signal.SIGKILL)
        stack.worker.ended(-signal.SIGKILL)
        eventually(lambda: not os.path.exists(f"/proc/{pid}"), "it stops")
        stack.worker.start()
        assert client.ask("send here") == "here"
    assert given_up(stack) == []


def test_a_worker_without_a_supervisor_for_who_debugs(make_stack):
    stack = make_stack(workers=0).start("sidecar", "worker")
    assert stack.worker.workers() == []
    with stack.ws(ROOM, direct=True) as client:
        assert client.ask("tell pid") == str(stack.worker.pid)


def test_a_stop_does_not_wait_for_ever(make_stack):
    stack = make_stack(stop_seconds=0).start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as client:
        begun = stack.dir / "begun"
        client.send(f"touch {begun}\nwait {stack.dir}/never")
        eventually(begun.exists, "the handler runs")
        stack.worker.term()
    assert given_up(stack) == []


def test_a_wrong_number_of_workers_is_refused(make_stack):
    stack = make_stack()
    for wrong in "-1", "65", "many":
        done = subprocess.run([stack.program, "--worker", "--workers", wrong], env={**os.environ, **stack.env},
                              capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "TINA4_WORKERS" in done.stderr
