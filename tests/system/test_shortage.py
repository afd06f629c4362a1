"""Memory is short: each allocation that fails costs one connection or one message, and nothing else."""

import http.client

import pytest
from websocket import WebSocketBadStatusException, WebSocketConnectionClosedException

import stack as stacks
from eventsource import EventSource
from frond import Frond
from wire import OK, PUSH, REQUEST, Peer, command, request

CLIENTS, ROUNDS = 60, 5


@pytest.fixture
def short(make_stack):
    """A stack whose sidecar can be made short of memory, and how."""
    stack = make_stack(ws_routes="/feed")
    shortage = stack.dir / "shortage"
    stack.sidecar.argv = [stacks.BUILD / "tests" / "system" / "short-sidecar"]

    def start(seed, rate):
        stack.env.update(SHORTAGE_FILE=str(shortage), SHORTAGE_SEED=str(seed), SHORTAGE_RATE=str(rate))
        stack.start("sidecar", "worker")
        return stack, shortage

    return start


CLOSED = (AssertionError, WebSocketBadStatusException, WebSocketConnectionClosedException, ConnectionError)


def connect(stack, target):
    """A client; None when it was refused or cut off. Who hangs in the handshake fails the test."""
    try:
        return stack.ws(target, direct=True)
    except CLOSED:
        return None


def say(client, text):
    try:
        client.send(text)
    except CLOSED:
        pass  # it hears of that below


def hear_until(client, last):
    """All that it got before that; None when it was closed instead. Who hangs fails the test."""
    try:
        return client.receive_until(last)
    except CLOSED:
        return None


@pytest.mark.parametrize("seed, rate", [(1, 40), (2, 40), (3, 150), (4, 150), (5, 600)])
def test_short_memory_costs_connections_and_messages_alone(short, seed, rate):
    stack, shortage = short(seed, rate)
    with Peer(stack.bus) as peer:
        peer.hello()
        shortage.touch()
        clients = {client: target for i in range(CLIENTS) for target in [("/feed", "/ws/script/room")[i % 2]]
                   if (client := connect(stack, target)) is not None}
        for n in range(ROUNDS):
            for client in clients:
                say(client, "send answer|others answer")
            # There may be no memory for the answer.
            peer.send(REQUEST, request(command(PUSH, str(n), key="/feed")))
        shortage.unlink()
    for client in clients:
        say(client, "send joined")
    before = {client: heard for client, target in clients.items()
              if (heard := [] if target == "/feed" else hear_until(client, "joined")) is not None}
    with Peer(stack.bus) as peer:
        peer.hello()
        assert peer.push("/feed", "end").status == OK, "it takes pushes again"
        assert peer.push("/ws/script/room", "end").status == OK, "on each path"
    stayed = [before[client] + heard for client in before if (heard := hear_until(client, "end")) is not None]
    for heard in stayed:
        numbers = [text for text in heard if text.isdigit()]
        assert numbers == sorted(set(numbers)), "nothing twice, and in order"
    assert stayed and (len(stayed) < CLIENTS or rate > 40), "memory was short, and not for all"
    with stack.ws("/ws/script/room?open=send%20here", direct=True) as client:
        assert client.receive() == "here"


def listen(stack, target):
    """An event stream; None when it was refused or cut off."""
    try:
        source = EventSource(stack.port, target)
    except (ConnectionError, http.client.HTTPException):
        return None
    return source if source.status == 200 else None


def settle(source):
    """True once it has joined, when it is told where it is; False when it was closed instead."""
    try:
        source.settle()
    except CLOSED:
        return False
    return True


def hear_stream_until_end(source):
    got = []
    try:
        while not got or got[-1] != "end":
            got.append(source.receive())
    except CLOSED:
        return None
    return got


@pytest.mark.parametrize("seed, rate", [(6, 40), (7, 150), (8, 600)])
def test_event_streams_go_or_miss_nothing_between(short, seed, rate):
    stack, shortage = short(seed, rate)
    path = "/ws/kept/room"
    with Peer(stack.bus) as peer:
        peer.hello()
        shortage.touch()
        sources = [source for _ in range(CLIENTS) if (source := listen(stack, path)) is not None]
        for n in range(ROUNDS):
            peer.send(REQUEST, request(command(PUSH, str(n), key=path)))
        shortage.unlink()
    joined = [source for source in sources if settle(source)]
    with Peer(stack.bus) as peer:
        peer.hello()
        assert peer.push(path, "end").status == OK, "it takes pushes again"
    stayed = [heard for source in joined if (heard := hear_stream_until_end(source)) is not None]
    for heard in stayed:
        numbers = [text for text in heard if text.isdigit()]
        assert numbers == sorted(set(numbers)), "nothing twice, and in order"
    assert stayed and (len(stayed) < CLIENTS or rate > 40), "memory was short, and not for all"
    with EventSource(stack.port, f"{path}?open=send%20here") as source:
        assert source.receive() == "here"


def look(client):
    """What it knows of the members; None when it was closed instead."""
    try:
        client.settle()
        return client.names()
    except CLOSED:
        return None


@pytest.mark.parametrize("seed, rate", [(1, 60), (2, 150), (3, 400)])
def test_short_memory_leaves_nobody_with_a_wrong_list(short, seed, rate):
    stack, shortage = short(seed, rate)
    shortage.touch()
    clients = []
    for _ in range(20):
        try:
            clients.append(Frond(lambda offers: stack.ws("/ws/script/room", direct=True, subprotocols=offers)))
        except CLOSED:
            pass
    for n in range(ROUNDS):
        for i, client in enumerate(clients):
            say(client.client, f'present {{"name": "{i}", "n": {n}}}' if (n + i) % 4 else "present ")
    shortage.unlink()
    clients = {str(i): client for i, client in enumerate(clients) if look(client) is not None}
    assert clients
    for name, client in clients.items():
        client.client.send(f'present {{"name": "{name}"}}')
    for client in clients.values():
        stacks.eventually(lambda: look(client) == sorted(clients), "it knows who is there")
    for client in clients.values():
        client.cut()
