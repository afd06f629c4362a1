"""Three hosts with one Redis: what one says, all hear."""

import errno
import time

import pytest

from redis import Host, Redis
from stack import eventually
from wire import BINARY, BROADCAST, DISCONNECT, NO_CONN, OK, PUSH, SEND, Peer, command

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
