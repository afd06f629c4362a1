"""Three hosts with one Redis: what one says, all hear."""

import os
import time

import pytest

from redis import Host, Listener, Redis, Talker, account
from stack import eventually
from wire import (BINARY, COUNT, DISCONNECT, INVALID, NO_CONN, OK, REPLY, REQUEST, SEND, TOO_LARGE, Peer, command,
                  request)

N = 3


@pytest.fixture(scope="module")
def redis():
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hosts(redis, make_stack_for_session):
    """Hosts that the tests of this file share."""
    hosts = [make_stack_for_session(kind=Host, redis=redis).start("sidecar", "worker") for _ in range(N)]
    for host in hosts:
        host.settled(N)
    return hosts


def script(room):
    return f"/ws/script/{room}"


def join(hosts, path):
    """A client on each host, once all hosts know of all."""
    clients = [host.ws(f"{path}?open=send%20here", direct=True) for host in hosts]
    for client in clients:
        assert client.receive() == "here"
    for host in hosts:
        eventually(lambda: host.count(path) == len(hosts), "all are counted")
    return clients


def test_a_broadcast_reaches_all_hosts_once(hosts, room):
    clients = join(hosts, script(room))
    for i, client in enumerate(clients):
        client.send(f"broadcast from {i}")
        for other in clients:
            assert other.receive() == f"from {i}"
    clients[0].send("broadcast end")
    assert [client.receive() for client in clients] == ["end"] * N  # nothing came twice


def test_a_push_reaches_all_hosts_once(hosts, room):
    path = script(room)
    clients = join(hosts, path)
    for i, host in enumerate(hosts):
        reply = host.pushes(path, f"push {i}")
        assert (reply.status, reply.connections, reply.relayed) == (OK, 1, True)
    for client in clients:
        assert sorted(client.receive() for _ in range(N)) == [f"push {i}" for i in range(N)]


def test_a_push_from_a_host_without_connections(hosts, room):
    path = script(room)
    with hosts[1].ws(f"{path}?open=send%20here", direct=True) as client:
        assert client.receive() == "here"
        reply = hosts[0].pushes(path, "from afar")
        assert (reply.status, reply.connections, reply.relayed) == (OK, 0, True)
        assert client.receive() == "from afar"


def test_text_stays_text_and_binary_binary(hosts, room):
    path = script(room)
    clients = join(hosts, path)
    hosts[0].pushes(path, b"\x00\xff\r\n", flags=BINARY)
    hosts[0].pushes(path, "gr\u00fc\u00dfe")
    hosts[0].pushes(path, "")
    clients[0].send("binary 1|broadcast 2")
    for client in clients[1:]:
        assert [client.receive() for _ in range(4)] == [b"\x00\xff\r\n", "gr\u00fc\u00dfe", "", "2"]


def test_the_sender_is_excluded_on_all_hosts(hosts, room):
    clients = join(hosts, script(room))
    for i, sender in enumerate(clients):
        sender.send(f"others not to {i}|send end {i}")
        for other in clients:
            if other is not sender:
                assert other.receive() == f"not to {i}"
        assert sender.receive() == f"end {i}"


def test_paths_stay_apart(hosts, room):
    path, other = script(room), script(f"{room}-2")
    clients = join(hosts, path)
    strangers = join(hosts, other)
    hosts[0].pushes(path, "for some")
    hosts[0].pushes(other, "for others")
    assert [client.receive() for client in clients] == ["for some"] * N
    assert [client.receive() for client in strangers] == ["for others"] * N


# --- by the id of a connection ------------------------------------------------------------


def ident_of(client):
    return client.ask("tell id")[1:]


def ask(host, *arguments, **more):
    with Peer(host.bus) as peer:
        return peer.hello().ask(command(*arguments, **more))


def test_send_and_close_reach_a_connection_on_any_host(hosts, room):
    clients = join(hosts, script(room))
    for i, client in enumerate(clients):
        conn = bytes.fromhex(ident_of(client))
        for j, host in enumerate(hosts):
            reply = ask(host, SEND, f"from {j}", conn=conn)
            assert (reply.status, reply.connections, reply.relayed) == (OK, int(i == j), i != j)
        assert sorted(client.receive() for _ in range(N)) == [f"from {j}" for j in range(N)]
    for i, client in enumerate(clients):
        conn = bytes.fromhex(ident_of(client))
        assert ask(hosts[(i + 1) % N], DISCONNECT, "elsewhere", code=4000 + i, conn=conn).status == OK
        assert client.closed() == (4000 + i, "elsewhere")


def test_a_handler_sends_to_a_connection_on_another_host(hosts, make_stack, redis, room):
    """tina4_send_to() and tina4_disconnect() in the library, from HTTP on one host to a browser on another."""
    host = make_stack(kind=Host, redis=redis).start()
    host.settled(N + 1)
    with hosts[0].ws(f"{script(room)}?open=tell%20id", direct=True) as client:
        ident = client.receive()[1:]
        assert host.http("POST", f"/send?conn={ident}", body="from afar").json["result"] == 0
        assert client.receive() == "from afar"
        push = host.http("POST", f"/push?path={script(room)}", body="to all").json
        assert (push["result"], push["connections"], push["relayed"]) == (0, 0, True)
        assert client.receive() == "to all"
        assert host.http("GET", f"/count?path={script(room)}").json["connections"] == 1
        assert host.http("POST", f"/close?conn={ident}&code=4009&reason=bye").json["result"] == 0
        assert client.closed() == (4009, "bye")


def test_an_id_of_no_host_is_refused(hosts):
    assert ask(hosts[0], SEND, "x", conn=bytes(16)).status == NO_CONN
    assert ask(hosts[0], DISCONNECT, "x", code=1000, conn=bytes(16)).status == NO_CONN


def test_what_makes_no_sense_is_refused_before_it_travels(hosts, room):
    with hosts[0].ws(f"{script(room)}?open=tell%20id", direct=True) as client:
        conn = bytes.fromhex(client.receive()[1:])
        before = hosts[1].stats()["relay_published"]
        assert ask(hosts[1], SEND, b"\xff", conn=conn).status == INVALID
        assert ask(hosts[1], SEND, b"x" * 1048577, conn=conn).status == TOO_LARGE
        assert ask(hosts[1], DISCONNECT, b"x", code=1006, conn=conn).status == INVALID
        assert hosts[1].pushes(script(room), b"\xff").status == INVALID
        assert hosts[1].stats()["relay_published"] == before


# --- counts ----------------------------------------------------------------------------------


def test_handlers_see_the_count_of_all_hosts(hosts, room):
    """At open at once, also in the first event of a host: that is what it is held for."""
    path = script(room)
    with hosts[0].ws(f"/ws/watch/{room}", direct=True) as watcher:
        eventually(lambda: counts(hosts, f"/ws/watch/{room}") == [1] * N, "the watcher is counted")
        clients = []
        for n in range(2 * N):
            client = hosts[n % N].ws(f"{path}?open=tell%20count&close=report%20/ws/watch/{room}", direct=True)
            assert client.receive() == str(n + 1)
            eventually(lambda: counts(hosts, path) == [n + 1] * N, "all hosts know")
            clients.append(client)
        for n in range(2 * N, 0, -1):
            clients.pop().close()
            assert watcher.receive().split()[1] == f"count={n - 1}"
            eventually(lambda: counts(hosts, path) == [n - 1] * N, "all hosts know")


def counts(hosts, path):
    return [host.count(path) for host in hosts]


def test_a_host_without_connections_knows_the_count(hosts, room):
    path = script(room)
    clients = [host.ws(f"{path}?open=send%20here", direct=True) for host in hosts[:2] for _ in range(3)]
    for client in clients:
        assert client.receive() == "here"
    times = []
    for _ in range(10):
        begin = time.monotonic()
        assert hosts[2].count(path) == 6
        times.append(time.monotonic() - begin)
    assert min(times) < 0.2, "it does not wait for the deadline"
    assert hosts[2].count(f"/ws/script/{room}-nobody") == 0


def test_many_ask_for_counts_at_once(hosts, room):
    """Answers find their questions."""
    paths = {f"/ws/script/{room}-{i}": i for i in range(1, 4)}
    clients = [hosts[n % 2].ws(f"{path}?open=send%20here", direct=True) for path, i in paths.items() for n in range(i)]
    for client in clients:
        assert client.receive() == "here"
    with Peer(hosts[2].bus) as peer:
        peer.hello()
        asked = {peer.send(REQUEST, request(command(COUNT, key=path))): i for path, i in paths.items() for _ in range(20)}
        for _ in range(len(asked)):
            number, body = peer.await_kind(REPLY)
            assert int.from_bytes(body[2:6], "big") == asked.pop(number)


def test_a_push_only_path_is_counted(hosts, room):
    path = f"/ws/watch/{room}"
    clients = [host.ws(path, direct=True) for host in hosts]
    eventually(lambda: counts(hosts, path) == [N] * N, "all are counted")
    clients[0].close()
    eventually(lambda: counts(hosts, path) == [N - 1] * N, "one is gone")


# --- what travels ------------------------------------------------------------------------------


def test_a_host_hears_only_its_own_paths(hosts, redis, room):
    """From Redis' own statistics: it sends a message once for each host that has the path, and never more."""
    path, bytes_each, times = script(room), 500000, 10
    with hosts[0].ws(f"{path}?open=send%20here", direct=True) as client:
        assert client.receive() == "here"
        assert redis.subscribers(path) == [1]
        assert redis.ask("PUBSUB", "NUMPAT") == 0
        before = int(redis.info("stats")["total_net_output_bytes"])
        for _ in range(times):
            hosts[1].pushes(path, "x" * bytes_each)
            assert len(client.receive()) == bytes_each
        sent = int(redis.info("stats")["total_net_output_bytes"]) - before
        assert times * bytes_each <= sent < times * bytes_each * 1.2
    eventually(lambda: redis.subscribers(path) == [0], "nobody is subscribed any more")


def test_what_redis_is_asked(hosts, redis, room):
    """MONITOR: a channel for each path, and no pattern."""
    path = script(room)
    with redis.connect() as monitor:
        assert monitor.ask("MONITOR") == "OK"
        with hosts[0].ws(f"{path}?open=send%20here", direct=True) as client:
            assert client.receive() == "here"
            hosts[1].pushes(path, "seen")
            assert client.receive() == "seen"
        eventually(lambda: redis.subscribers(path) == [0], "nobody is subscribed any more")
        redis.ask("ECHO", "enough")
        lines = []
        while "enough" not in (lines or [""])[-1]:
            lines.append(monitor.read())
    about = [line.split('"')[1] for line in lines if path in line]
    assert about.count("SUBSCRIBE") == about.count("UNSUBSCRIBE") == 1
    assert about.count("PUBLISH") == 3  # its count of one, the push, its count of none
    assert not any("PSUBSCRIBE" in line for line in lines)


def test_order_of_each_origin(hosts, room):
    """Pushes of any size, to two paths in turn, from all hosts at once."""
    paths = [script(room), script(f"{room}-2")]
    clients = [join(hosts, path) for path in paths]
    listeners = [[Listener(client) for client in row] for row in clients]
    talkers = [[Talker(host, path, f"t{i}{p}", rate=400, size=1 + i * 700 + p * 20) for i, host in enumerate(hosts)]
               for p, path in enumerate(paths)]
    time.sleep(1)
    for row, heard in zip(talkers, listeners):
        for talker in row:
            talker.stop()
            assert not talker.refused and len(talker.taken) > 50
        for listener in heard:
            eventually(lambda: not any(account(listener, row).values()), "all has come, once and in order")


def test_a_connection_that_comes_late_gets_what_follows(hosts, room):
    """Its open event is held until the path is subscribed: what is pushed after it has been seen, arrives."""
    path = script(room)
    for i in range(20):
        with hosts[i % N].ws(f"{path}-{i}?open=push%20{path}-{i}%20one", direct=True) as client:
            assert client.receive() == "one"
            hosts[(i + 1) % N].pushes(f"{path}-{i}", "two")
            assert client.receive() == "two"


def test_other_sites_on_the_same_redis_are_apart(hosts, make_stack, redis, room):
    path = script(room)
    other = make_stack(kind=Host, redis=redis, ws_backplane_prefix="other-site").start("sidecar", "worker")
    other.settled(1)
    with hosts[0].ws(f"{path}?open=send%20here", direct=True) as client, \
            other.ws(f"{path}?open=tell%20count", direct=True) as stranger:
        assert client.receive() == "here"
        assert stranger.receive() == "1"
        other.pushes(path, "there")
        hosts[0].pushes(path, "here only")
        assert client.receive() == "here only"
        assert stranger.receive() == "there"


def test_what_others_write_to_our_channels_does_no_harm(hosts, redis, room):
    path = script(room)
    with hosts[0].ws(f"{path}?open=send%20here", direct=True) as client:
        assert client.receive() == "here"
        before = hosts[0].stats()["relay_malformed"]
        for nonsense in (b"", b"x", b"\x01\x01" + bytes(30), os.urandom(1000), b"\x02" + bytes(19)):
            redis.ask("PUBLISH", f"tina4:ws:{path}", nonsense)
            redis.ask("PUBLISH", "tina4:hosts", nonsense)
        eventually(lambda: hosts[0].stats()["relay_malformed"] >= before + 10, "it was noticed")
        hosts[1].pushes(path, "all well")
        assert client.receive() == "all well"
