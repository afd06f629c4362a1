"""Many clients, slow clients, and the sidecar's end."""

import os
import socket
import time


from client import UPGRADE
from stack import eventually
from wire import Peer


def test_a_slow_reader_is_dropped_and_nobody_else_notices(make_stack):
    stack = make_stack(ws_queue_bytes=262144, ws_send_buffer=16384, ws_max_message=65536,
                       ws_ping_seconds=0).start("sidecar", "worker")
    path = "/ws/watch/w"
    slow = stack.ws(path, direct=True, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))
    fast = [stack.ws(path, direct=True) for _ in range(5)]
    message = "x" * 16384
    sent = 0
    with Peer(stack.bus) as peer:
        peer.hello()
        while peer.push(path, message).connections == 6:
            sent += 1
            assert sent < 2000, "the slow one was never dropped"
            for client in fast:
                assert client.receive() == message
        for client in fast:
            assert client.receive() == message
        peer.push(path, "end")
    for client in fast:
        assert client.receive() == "end"
        client.close()
    eventually(lambda: any("queue-full" in line for line in stack.sidecar.lines()), "the log says so")
    # It finds what was on its way, and then no close frame but the end.
    assert len(slow.broken()) <= sent


def test_a_slow_reader_that_comes_back_gets_everything(make_stack):
    stack = make_stack(ws_queue_bytes=4 << 20, ws_send_buffer=16384).start("sidecar", "worker")
    path = "/ws/watch/w"
    slow = stack.ws(path, direct=True, sockopt=((socket.SOL_SOCKET, socket.SO_RCVBUF, 4096),))
    with Peer(stack.bus) as peer:
        peer.hello()
        for n in range(200):
            assert peer.push(path, f"{n} " + "x" * 10000).connections == 1
    for n in range(200):
        assert slow.receive() == f"{n} " + "x" * 10000


def test_many_clients_all_get_it(lab, room):
    path = f"/ws/watch/{room}"
    clients = [lab.ws(path, direct=True) for _ in range(300)]
    for n in range(20):
        assert lab.http("POST", f"/push?path={path}", body=f"{n}").json["connections"] == 300
    for client in clients:
        assert [client.receive() for _ in range(20)] == [str(n) for n in range(20)]
    for client in clients[::2]:
        client.cut()
    for client in clients[1::2]:
        client.close()
    eventually(lambda: lab.count(path) == 0, "all have left")


def test_coming_and_going_leaves_nothing_behind(lab, room):
    before = lab.stats()
    for _ in range(10):
        clients = [lab.ws(f"/ws/script/{room}-{i}", direct=True) for i in range(20)]
        for i, client in enumerate(clients):
            client.cut() if i % 2 else client.close()
    eventually(lambda: lab.stats()["connections"] <= before["connections"], "no connection is left")
    eventually(lambda: lab.stats()["paths"] <= before["paths"], "no path is left")


def test_a_stop_tells_everyone_1001(make_stack):
    stack = make_stack().start("sidecar", "worker")
    clients = [stack.ws(f"/ws/script/{i % 3}", direct=True) for i in range(30)]
    stack.sidecar.popen.terminate()
    for client in clients:
        assert client.closed()[0] == 1001
    stack.sidecar.ended(0)


def test_a_stop_does_not_wait_for_the_dead(make_stack):
    stack = make_stack().start("sidecar", "worker")
    mute = [stack.ws("/ws/script/w", direct=True) for _ in range(3)]
    stack.sidecar.term()
    for client in mute:
        assert client.closed()[0] == 1001


def test_a_stop_through_the_web_server(make_stack):
    stack = make_stack().start()
    with stack.ws("/ws/script/w") as client:
        stack.sidecar.popen.terminate()
        assert client.closed()[0] == 1001
    stack.sidecar.ended(0)
    assert stack.handshake("/ws/script/w", direct=False).status == 502
    stack.sidecar.start()
    eventually(lambda: stack.handshake("/ws/script/w", direct=False).status == 101, "all is as before")


def test_a_half_handshake_is_cut(lab):
    with socket.create_connection(("127.0.0.1", lab.port)) as conn:
        conn.sendall(b"GET /ws/script/half HTTP/1.1\r\nHost: x\r\n")
        conn.settimeout(30)
        assert conn.recv(100).startswith(b"HTTP/1.1 408 ")


def test_who_ends_before_it_speaks_is_not_waited_for(lab):
    with socket.create_connection(("127.0.0.1", lab.port), timeout=2) as conn:  # less than it may take to speak
        conn.shutdown(socket.SHUT_WR)
        assert conn.recv(100).startswith(b"HTTP/1.1 400")


def test_a_burst_of_handshakes(lab):
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **UPGRADE}.items())
    request = f"GET /ws/watch/burst HTTP/1.1\r\n{lines}\r\n".encode()
    conns = []
    for _ in range(200):
        conn = socket.create_connection(("127.0.0.1", lab.port), timeout=20)
        conn.sendall(request)
        conns.append(conn)
    for conn in conns:
        assert conn.recv(12) == b"HTTP/1.1 101"
    for conn in conns:
        conn.close()
    eventually(lambda: lab.count("/ws/watch/burst") == 0, "all have left")


def test_the_sidecar_idles_when_nothing_happens(make_stack):
    stack = make_stack().start("sidecar", "worker")
    with stack.ws("/ws/script/w", direct=True) as client:
        assert client.ask("send x") == "x"

        def ticks():
            fields = open(f"/proc/{stack.sidecar.pid}/stat").read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])

        before = ticks()
        time.sleep(2)  # the claim is about time
        assert (ticks() - before) / os.sysconf("SC_CLK_TCK") < 0.5


def test_silent_connections_keep_nobody_out(make_stack):
    stack = make_stack(ws_max_connections=10).start("sidecar", "worker")
    silent = [socket.create_connection(("127.0.0.1", stack.port)) for _ in range(600)]
    with stack.ws("/ws/script/w", direct=True) as client:
        assert client.ask("send here") == "here"
    eventually(lambda: silent[0].recv(1) == b"", "the oldest of them has lost its place")
    assert len(stack.sidecar.lines()) < 200, "of lines that clients cause there are so many a second"
    for connection in silent:
        connection.close()
