"""What the admin listener tells: health, readiness, metrics."""

import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

from client import http
from redis import Host, Redis
from stack import eventually
from wire import ATTACH, MESSAGE, OK, OPEN, SEND, Peer, Worker, command


def metrics(stack):
    """Every figure by its name with labels."""
    answer = http(stack.admin, "GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = answer.body.decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


def growth(before, after):
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def test_pages_and_methods(lab):
    assert http(lab.admin, "GET", "/healthz").json == {"status": "alive"}
    assert http(lab.admin, "GET", "/readyz").json == {"status": "ready"}
    assert http(lab.admin, "GET", "/nothing").status == 404
    answer = http(lab.admin, "POST", "/healthz")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def why_not_ready(stack):
    answer = http(stack.admin, "GET", "/readyz")
    return answer.json["why"] if answer.status == 503 else None


def test_ready_is_what_can_carry_messages(make_stack):
    stack = make_stack(program="fcgi/examples/demo").start("sidecar")  # no route of it is push-only
    assert "worker" in why_not_ready(stack)
    stack.worker.start()
    assert why_not_ready(stack) is None
    # A sidecar that lives but cannot be reached is not ready.
    bus, away = stack.dir / "bus", stack.dir / "bus-away"
    bus.rename(away)
    assert "bus" in why_not_ready(stack)
    away.rename(bus)
    assert why_not_ready(stack) is None
    stack.worker.kill()
    eventually(lambda: why_not_ready(stack), "the worker is missed")
    assert http(stack.admin, "GET", "/healthz").status == 200


def test_a_push_only_route_hides_no_missing_worker(make_stack):
    stack = make_stack(ws_routes="/ws/news/{topic}").start("sidecar", "app")
    with Peer(stack.bus) as peer:
        eventually(lambda: peer.hello().push("/ws/watch/x", "").status == OK, "the app's routes are known")
    assert "worker" in why_not_ready(stack)
    assert metrics(stack)["tina4_routes_without_worker"] == stack.stats()["routes_without_worker"] >= 2
    stack.worker.start()
    assert why_not_ready(stack) is None
    assert metrics(stack)["tina4_routes_without_worker"] == 0
    with Worker(stack.bus, ["/ws/other/{id}"], app="other"):
        assert http(stack.admin, "GET", "/readyz").json == {"status": "ready"}
    told = {"status": "degraded", "why": "no worker for /ws/other/{id}"}
    eventually(lambda: http(stack.admin, "GET", "/readyz").json == told, "another app's worker is missed")


def test_a_push_only_route_is_ready_alone(make_stack):
    stack = make_stack(ws_routes="/ws/news/{topic}").start("sidecar")
    assert why_not_ready(stack) is None


def test_a_process_that_stands_still_is_not_alive(make_stack):
    stack = make_stack().start("sidecar")
    os.kill(stack.sidecar.pid, signal.SIGSTOP)
    try:
        with socket.socket(socket.AF_UNIX) as conn:
            conn.settimeout(0.5)
            conn.connect(str(stack.admin))
            conn.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(TimeoutError):
                conn.recv(100)
    finally:
        os.kill(stack.sidecar.pid, signal.SIGCONT)


def test_prometheus_accepts_the_metrics(lab, room):
    with lab.ws(f"/ws/script/{room}", direct=True) as client:
        client.ask("send something to count")
    body = http(lab.admin, "GET", "/metrics").body
    promtool = shutil.which("promtool")
    done = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True)
    assert done.returncode == 0 and done.stdout == done.stderr == b"", done.stderr.decode() + done.stdout.decode()
    for name in set(re.findall(rb"^([a-z0-9_]+?)(?:_bucket|_sum|_count)?[ {]", body, re.M)):
        assert b"# HELP " + name + b" " in body and b"# TYPE " + name + b" " in body


def test_the_figures_are_true(make_stack):
    stack = make_stack(admin_token="x" * 32).start("sidecar", "worker")
    before = metrics(stack)
    path = "/ws/script/count"
    clients = [stack.ws(path, direct=True) for _ in range(4)]
    for client in clients:
        client.ask("send open")  # its open event is acknowledged
    with stack.ws("/ws/watch/count", direct=True) as watcher, Peer(stack.bus) as peer:
        peer.hello()
        for _ in range(3):
            assert peer.push("/ws/watch/count", "12345").connections == 1
        assert peer.push("/ws/nothing", "x").status != 0
        assert http(stack.admin, "POST", "/push/ws/watch/count", {"Authorization": "Bearer " + "x" * 32}, "6").json
        assert [watcher.receive() for _ in range(4)] == ["12345"] * 3 + ["6"]
    clients[0].ask("broadcast all")
    for client in clients[1:]:
        assert client.receive() == "all"
    now = metrics(stack)
    assert now["tina4_connections"] in (4, 5)
    assert (now["tina4_workers"], now["tina4_paths"]) == (1, now["tina4_connections"] - 3)
    clients[1].close(1000)
    clients[2].close(4001)
    clients[3].cut()
    stack.handshake("/ws/nothing")
    stack.handshake("/ws/script/a%2fb")
    http(stack.port, "GET", "/")
    eventually(lambda: metrics(stack)["tina4_connections"] == 1, "they have left")
    eventually(lambda: metrics(stack)["tina4_events_waiting"] == 0, "and the worker knows")

    grown = growth(before, metrics(stack))
    received = ["send open"] * 4 + ["broadcast all"]
    assert grown['tina4_upgrades_total{status="101"}'] == 5
    assert [grown[f'tina4_upgrades_total{{status="{status}"}}'] for status in (400, 404, 426)] == [1, 1, 1]
    assert grown["tina4_received_messages_total"] == len(received)
    assert grown["tina4_received_bytes_total"] == sum(map(len, received))
    assert grown["tina4_sent_messages_total"] == 4 + 4 + 1
    assert grown["tina4_deliveries_total"] == 4 + 4 + 4
    assert grown["tina4_delivered_bytes_total"] == 4 * (2 + 4) + 3 * (2 + 5) + (2 + 1) + 4 * (2 + 3)
    ends = {name: n for name, n in grown.items() if name.startswith("tina4_closes_total")}
    assert ends['tina4_closes_total{reason="normal"}'] == 1
    assert ends['tina4_closes_total{reason="application"}'] == 1
    assert ends['tina4_closes_total{reason="lost"}'] == 2 and sum(ends.values()) == 4
    assert grown['tina4_pushes_total{status="ok"}'] == 4
    assert grown['tina4_pushes_total{status="no-route"}'] == 1
    assert grown["tina4_push_receipt_seconds_count"] == 3
    events = 4 + len(received) + 3  # opens, messages, closes
    assert grown["tina4_events_total"] == grown["tina4_worker_round_trip_seconds_count"] == events
    assert 0 < grown["tina4_worker_round_trip_seconds_sum"] < 60


# What dashboards and alarms are made of: a name that changes breaks them.
NAMES = set("""
process_cpu_seconds_total process_start_time_seconds tina4_apps tina4_build_info tina4_closes_total
tina4_connections tina4_delivered_bytes_total tina4_deliveries_total tina4_events_given_up_total
tina4_events_redelivered_total tina4_events_total tina4_events_waiting tina4_history_bytes
tina4_history_dropped_total tina4_history_messages tina4_history_positions_total tina4_malformed_total tina4_paths
tina4_push_receipt_seconds tina4_pushes_total tina4_queued_bytes tina4_received_bytes_total
tina4_received_messages_total tina4_refusals_total tina4_routes_without_worker tina4_sent_messages_total
tina4_upgrades_total tina4_worker_round_trip_seconds tina4_workers""".split())
OF_A_RELAY = {"tina4_relay_up", "tina4_relay_waiting_bytes", "tina4_relay_commands_total"}


def names(stack):
    return set(re.findall(rb"^# HELP (\S+)", http(stack.admin, "GET", "/metrics").body, re.M))


def test_the_names_stay(make_stack):
    found = {name.decode() for name in names(make_stack().start("sidecar"))}
    assert NAMES - found == set()
    assert OF_A_RELAY & found == set()
    alone = make_stack(ws_backplane="redis", ws_backplane_url="unix:/nowhere").start("sidecar")
    found = {name.decode() for name in names(alone)}
    assert OF_A_RELAY - found == set()


def test_the_rarer_figures_are_true(make_stack):
    stack = make_stack(stop_seconds=1).start("sidecar")
    before = metrics(stack)
    assert [n for name, n in before.items() if name.startswith("tina4_build_info{version=")] == [1]
    assert before["process_cpu_seconds_total"] > 0 and before["process_start_time_seconds"] > 1.7e9
    assert before["tina4_apps"] == 0
    with Peer(stack.bus) as peer:
        peer.hello()
        assert metrics(stack)["tina4_apps"] == 1
        peer.send(99)
        assert peer.reply().status != 0
        assert metrics(stack)["tina4_malformed_total"] == 1
    first = Worker(stack.bus, ["/ws/fake/{id}"])
    client = stack.ws("/ws/fake/1", direct=True)
    first.acknowledge(first.event(OPEN))
    client.send("x")
    first.event(MESSAGE)
    first.close()
    with Worker(stack.bus, ["/ws/fake/{id}"]) as second:
        second.event(ATTACH)
        second.acknowledge(second.event(MESSAGE), command(SEND, "done"))
        assert client.receive() == "done"
        assert metrics(stack)["tina4_events_redelivered_total"] == 1


def test_what_waits_is_counted(make_stack):
    stack = make_stack(ws_send_buffer=16384, ws_ping_seconds=0).start("sidecar", "worker")
    path = "/ws/watch/slow"
    slow = stack.ws(path, direct=True, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))
    with Peer(stack.bus) as peer:
        peer.hello()
        eventually(lambda: peer.push(path, "x" * 65536).connections == 1 and metrics(stack)["tina4_queued_bytes"],
                   "something waits")
    assert metrics(stack)["tina4_queued_bytes"] >= 65536
    slow.cut()
    eventually(lambda: metrics(stack)["tina4_queued_bytes"] == 0, "nothing waits any more")
    worker = stack.worker.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        with stack.ws("/ws/script/x", direct=True) as client:
            client.send("send never")
            eventually(lambda: metrics(stack)["tina4_events_waiting"] >= 1, "an event waits")
    finally:
        os.kill(worker, signal.SIGCONT)


def test_the_relay_is_told(make_stack):
    redis = Redis().start()
    try:
        hosts = [make_stack(kind=Host, redis=redis).start("sidecar", "worker") for _ in range(2)]
        for host in hosts:
            host.settled(2)
        here = hosts[0]
        before = metrics(here)
        assert before["tina4_relay_up"] == 1
        with Peer(here.bus) as peer, hosts[1].ws("/ws/watch/x", direct=True) as client:
            eventually(lambda: here.count("/ws/watch/x") == 1, "it is counted here")
            assert peer.hello().push("/ws/watch/x", "over there").status == 0
            assert client.receive() == "over there"
        assert growth(before, metrics(here))['tina4_relay_commands_total{result="published"}'] == 1
        body = http(here.admin, "GET", "/metrics").body
        done = subprocess.run([shutil.which("promtool"), "check", "metrics"], input=body, capture_output=True)
        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        redis.stop()
        eventually(lambda: http(here.admin, "GET", "/readyz").json["status"] == "degraded", "it is degraded")
        assert metrics(here)["tina4_relay_up"] == 0
    finally:
        redis.stop()
