"""Workers come, go, die and hang; the clients do not notice."""

from urllib.parse import quote

import pytest

from stack import eventually
from wire import ATTACH, CLOSE, MESSAGE, OPEN, SEND, SET, STALE, UNKNOWN, WORKER, Peer, Worker, command, hello

ROOM = "/ws/script/w"


def test_the_order_of_starting_does_not_matter(make_stack):
    for order in (("app", "worker", "sidecar", "nginx"), ("sidecar", "nginx", "app", "worker"),
                  ("nginx", "worker", "app", "sidecar")):
        stack = make_stack()
        for name in order:
            stack.start(name)
        eventually(lambda: stack.admin_status("/readyz") == 200, "the worker is known")
        with stack.ws(ROOM) as client:
            assert client.ask("send hello") == "hello"
            assert stack.http("POST", f"/push?path={ROOM}", body="pushed").json["connections"] == 1
            assert client.receive() == "pushed"


def test_a_worker_killed_under_traffic_is_not_noticed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    clients = [stack.ws(f"/ws/script/{i % 4}", direct=True) for i in range(16)]
    total = 400

    def expect(numbers):
        for n in numbers:
            for i, client in enumerate(clients):
                assert client.receive() == f"{i}:{n}"

    for n in range(total):
        for i, client in enumerate(clients):
            client.send(f"send {i}:{n}")
        if n % 100 == 50:
            stack.worker.kill()
            stack.worker.start(wait=False)
    expect(range(total))
    for i, client in enumerate(clients):
        assert client.ask("send last") == "last"
        client.close()
    stack.worker.wait_ready()


def test_a_conversation_goes_on_after_a_restart(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as client:
        for stop in (stack.worker.kill, stack.worker.term):
            assert client.ask("send before") == "before"
            stop()
            eventually(lambda: stack.stats()["workers"] == 0, "it is known to be gone")
            stack.worker.start()
            for n in range(5):
                assert client.ask(f"send {n}") == str(n)


def test_two_workers_one_killed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    other = stack.new_worker("worker-2").start()
    clients = [stack.ws(f"/ws/script/{i}", direct=True) for i in range(12)]
    pids = {client.ask("tell pid") for client in clients}
    assert len(pids) == 2
    for n in range(200):
        for client in clients:
            client.send(f"send {n}")
        if n == 100:
            other.kill()
    for client in clients:
        assert [client.receive() for _ in range(200)] == [str(n) for n in range(200)]
        assert client.ask("tell pid") == str(stack.worker.worker_pid())


def test_killed_after_the_handler_ran_before_its_record_left(make_stack):
    stack = make_stack().start("sidecar", "worker")
    mark = stack.dir / "died"
    with stack.ws(ROOM, direct=True) as one, stack.ws(ROOM, direct=True) as two:
        one.send("set name Alice")
        assert one.ask("send before") == "before"
        one.send(f"send mine\nbroadcast all\nset name Bob\ndie {mark}")
        one.send("get name")
        two.send("broadcast after")
        got = [one.receive() for _ in range(4)]
        assert got[:2] == ["mine", "all"]
        assert sorted(got[2:]) == ["=Bob", "after"]
        assert mark.exists()
        assert [two.receive(), two.receive()] == ["all", "after"]
        assert one.ask("send end") == "end"
        assert two.ask("send end") == "end"


def test_killed_in_open_and_in_close(make_stack):
    stack = make_stack().start("sidecar", "worker")
    orders = quote(f"send welcome|broadcast joined|die {stack.dir}/in-open")
    last = quote(f"push /ws/watch/w left|die {stack.dir}/in-close")
    with stack.ws("/ws/watch/w", direct=True) as witness:
        client = stack.ws(f"{ROOM}?open={orders}&close={last}", direct=True)
        assert [client.receive(), client.receive()] == ["welcome", "joined"]
        client.close()
        assert witness.receive() == "left"
        assert (stack.dir / "in-open").exists() and (stack.dir / "in-close").exists()
        with stack.ws(ROOM, direct=True) as other:
            other.send("push /ws/watch/w end")
            assert witness.receive() == "end"


def test_without_a_worker_connections_stay_and_events_wait(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as old, stack.ws("/ws/watch/w", direct=True) as watch:
        old.send("set name old")
        assert old.ask("send here") == "here"
        stack.worker.kill()
        eventually(lambda: stack.stats()["workers"] == 0, "it is known to be gone")
        new = stack.ws(f"{ROOM}?open={quote('send welcome')}", direct=True)
        for n in range(50):
            old.send(f"send {n}")
        with stack.ws(f"{ROOM}?close={quote('push /ws/watch/w never')}", direct=True) as gone:
            gone.close()
        # Pushes need no worker.
        with Peer(stack.bus) as peer:
            assert peer.push("/ws/watch/w", "pushed").connections == 1
        assert watch.receive() == "pushed"

        stack.worker.start()
        assert [old.receive() for _ in range(50)] == [str(n) for n in range(50)]
        assert old.ask("get name") == "=old"
        assert new.receive() == "welcome"
        assert new.ask("send hi") == "hi"
        new.close()


def test_without_a_worker_for_too_long_it_is_1013(make_stack):
    stack = make_stack(worker_wait=1).start("sidecar", "worker")
    with stack.ws(ROOM, direct=True) as quiet, stack.ws(ROOM, direct=True) as waiting:
        assert quiet.ask("send here") == "here"
        stack.worker.kill()
        eventually(lambda: stack.stats()["workers"] == 0, "it is known to be gone")
        waiting.send("send never")
        assert waiting.closed()[0] == 1013
        stack.worker.start()
        assert quiet.ask("send still here") == "still here"


def test_a_worker_stops_after_its_work(make_stack):
    stack = make_stack().start("sidecar", "worker")
    gate = stack.dir / "gate"
    with stack.ws(ROOM, direct=True) as one, stack.ws(ROOM, direct=True) as two:
        begun = stack.dir / "begun"
        one.send(f"touch {begun}\nwait {gate}\nsend done")
        two.send("send afterwards")
        eventually(begun.exists, "the handler runs")
        stack.worker.popen.terminate()
        gate.touch()
        assert one.receive() == "done"
        stack.worker.ended(0)
        stack.worker.start()
        assert two.receive() == "afterwards"
        assert one.ask("send end") == "end"


def test_a_rolling_restart_under_traffic(make_stack):
    stack = make_stack().start("sidecar", "worker")
    clients = [stack.ws(f"/ws/script/{i}", direct=True) for i in range(8)]
    workers = [stack.worker, stack.new_worker("worker-2")]
    for n in range(300):
        for client in clients:
            client.send(f"send {n}")
        if n % 60 == 30:
            old, new = workers
            new.start()
            old.term()
            workers = [new, old]
    for client in clients:
        assert [client.receive() for _ in range(300)] == [str(n) for n in range(300)]


# --- workers that the test plays itself ----------------------------------------------------

@pytest.fixture
def sidecar(make_stack):
    return make_stack(worker_timeout=60, stop_seconds=1).start("sidecar")  # a busy machine holds up the test, too


def connect(stack, worker, path="/ws/fake/1"):
    """A client whose open the worker has acknowledged."""
    client = stack.ws(path, direct=True)
    opened = worker.event(OPEN)
    worker.acknowledge(opened)
    return client, opened


def test_an_event_tells_all(sidecar):
    with Worker(sidecar.bus, ["/ws/fake/{id}"]) as worker:
        client = sidecar.ws("/ws/fake/1%202?q=%41", direct=True, cookie="a=b")
        opened = worker.event(OPEN)
        assert opened.epoch == worker.epoch
        assert (opened.attempt, opened.count) == (1, 1)
        assert opened.meta["pattern"] == "/ws/fake/{id}"
        assert opened.meta["path"] == "/ws/fake/1 2"
        assert opened.meta["query"] == "q=%41"
        assert opened.meta["ip"] == "127.0.0.1"
        assert opened.meta["headers"]["cookie"] == "a=b"
        worker.acknowledge(opened, command(SEND, "welcome"))
        assert client.receive() == "welcome"
        client.send(b"\x00")
        message = worker.event(MESSAGE)
        assert (message.data, message.flags, message.conn) == (b"\x00", 1, opened.conn)
        worker.acknowledge(message)
        client.close(4242, b"why")
        closed = worker.event(CLOSE)
        assert (closed.code, closed.count) == (4242, 0)
        worker.acknowledge(closed)


def test_unacknowledged_events_go_to_the_next_worker(sidecar):
    first = Worker(sidecar.bus, ["/ws/fake/{id}"])
    client, opened = connect(sidecar, first)
    for n in range(3):
        client.send(f"{n}")
    messages = [first.event(MESSAGE) for _ in range(3)]
    first.acknowledge(messages[1], command(SEND, "one"))  # in any order
    assert client.receive() == "one"
    first.close()

    with Worker(sidecar.bus, ["/ws/fake/{id}"]) as second:
        attached = second.event(ATTACH)
        assert attached.conn == opened.conn
        assert attached.meta == opened.meta
        again = [second.event(MESSAGE) for _ in range(2)]
        assert [event.id for event in again] == [messages[0].id, messages[2].id]
        assert [event.attempt for event in again] == [2, 2]
        for event in again:
            second.acknowledge(event, command(SEND, event.data))
        assert [client.receive(), client.receive()] == ["0", "2"]


def test_a_late_record_is_stale(sidecar):
    with Worker(sidecar.bus, ["/ws/fake/{id}"]) as worker:
        client, _ = connect(sidecar, worker)
        client.send("x")
        event = worker.event(MESSAGE)
        worker.acknowledge(event, command(SEND, "wrong attempt"), attempt=event.attempt + 1)
        worker.await_kind(STALE)
        worker.acknowledge(event, command(SEND, "right"))
        worker.acknowledge(event, command(SEND, "twice"))
        worker.await_kind(STALE)
        client.send("y")
        worker.acknowledge(worker.event(MESSAGE), command(SEND, "end"))
        assert [client.receive(), client.receive()] == ["right", "end"]


def test_a_hung_worker_loses_its_events(make_stack):
    sidecar = make_stack(worker_timeout=5, stop_seconds=1).start("sidecar")
    hung = Worker(sidecar.bus, ["/ws/fake/{id}"])
    client, _ = connect(sidecar, hung)
    client.send("x")
    event = hung.event(MESSAGE)
    # It says nothing more for TINA4_WORKER_TIMEOUT.
    eventually(lambda: sidecar.stats()["workers"] == 0, "the silent worker is dropped")
    with Worker(sidecar.bus, ["/ws/fake/{id}"]) as second:
        second.event(ATTACH)
        again = second.event(MESSAGE)
        assert (again.id, again.attempt) == (event.id, 2)
        hung.acknowledge(event, command(SEND, "too late"))
        kind, _, _ = hung.receive()
        assert kind in (UNKNOWN, STALE)
        second.acknowledge(again, command(SEND, "in time"))
        assert client.receive() == "in time"
    hung.close()


def test_attributes_go_to_the_next_worker(sidecar):
    first = Worker(sidecar.bus, ["/ws/fake/{id}"])
    client = sidecar.ws("/ws/fake/1", direct=True)
    first.acknowledge(first.event(OPEN), command(SET, "Alice", key="name"), command(SET, "1", key="n"))
    client.send("x")
    first.acknowledge(first.event(MESSAGE), command(SET, "2", key="n"), command(SEND, "ok"))
    assert client.receive() == "ok"
    first.close()
    client.send("y")
    with Worker(sidecar.bus, ["/ws/fake/{id}"]) as second:
        assert second.event(ATTACH).attributes == {"name": "Alice", "n": "2"}
        second.acknowledge(second.event(MESSAGE), command(SEND, "bye"))
        assert client.receive() == "bye"


def test_a_full_worker_slows_its_clients_down(make_stack):
    stack = make_stack(worker_queue_bytes=65536, worker_timeout=60, stop_seconds=1).start("sidecar")
    with Worker(stack.bus, ["/ws/fake/{id}"]) as worker:
        client, _ = connect(stack, worker)
        client.ws.settimeout(1)
        sent = 0
        try:
            while sent < 4000:
                client.send("x" * 16000)
                sent += 1
        except Exception as error:
            assert "timed out" in str(error)
        assert sent < 4000, "64 MB were taken from the client with nobody to handle them"
        assert stack.stats()["events_waiting"] < 100

        # Everything that was sent arrives, in order and whole, once the worker works.
        got = 0
        while got < sent:
            event = worker.event(MESSAGE)
            assert len(event.data) == 16000
            worker.acknowledge(event)
            got += 1
        client.cut()


def test_a_route_goes_with_the_last_worker_that_announced_it(sidecar):
    with Worker(sidecar.bus, ["/ws/old/{id}", "/ws/both/{id}"]) as first:
        client, _ = connect(sidecar, first, "/ws/old/1")
        first.hello_body = hello(WORKER, "pytest", [("/ws/both/{id}", 0)])
        first.hello()
        assert client.closed()[0] == 1001
        assert sidecar.handshake("/ws/old/2").status == 404
        assert sidecar.handshake("/ws/both/2").status == 101


def test_a_route_belongs_to_the_first_app(sidecar):
    with Worker(sidecar.bus, ["/ws/mine/{id}"], app="one"):
        with Worker(sidecar.bus, ["/ws/mine/{id}", "/ws/yours/{id}"], app="two") as second:
            assert second.refused == ["/ws/mine/{id}"]
            assert sidecar.handshake("/ws/yours/1").status == 101
