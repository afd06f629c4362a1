"""Mutated heads and frames, thrown at a running sidecar while others talk through it.

TINA4_HOSTILE_HEADS and TINA4_HOSTILE_FRAMES say how many; a run before a release
has 100000 and 20000. TINA4_HOSTILE_SEED repeats one.
"""

import os
import random
import select
import socket
import threading

import pytest

from client import UPGRADE
from stack import eventually
from wire import OK, Peer

HEADS = int(os.environ.get("TINA4_HOSTILE_HEADS", 800))
FRAMES = int(os.environ.get("TINA4_HOSTILE_FRAMES", 300))
BYSTANDERS = 30
AT_ONCE = 32

FIELDS = [f"{name}: {value}" for name, value in UPGRADE.items()]
SEEDS = ["\r\n".join(lines + ["", ""]).encode("latin-1") for lines in (
    ["GET /ws/script/hostile HTTP/1.1", "Host: localhost", *FIELDS],
    ["GET /ws/script/hostile?a=1&b=%20 HTTP/1.1", "Host: localhost", "Origin: http://localhost", *FIELDS,
     "Sec-WebSocket-Protocol: frond.1", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
     "X-Forwarded-For: 203.0.113.9:80, [::1]:1", "Cookie: a=b; c=d"],
    ["GET http://localhost/ws/secret?token=a.b.c HTTP/1.1", "Host: localhost", *FIELDS, "Authorization: Bearer x"],
    ["GET /ws/script/hostile HTTP/1.1", "Host: localhost", "Upgrade: h2c", "HTTP2-Settings: AA",
     "Connection: Upgrade, HTTP2-Settings", *FIELDS[2:]],
    ["PRI * HTTP/2.0", "", "SM"],
    ["CONNECT /ws/echo HTTP/1.1", "Host: localhost"],
    ["POST /push/ws/x HTTP/1.1", "Host: localhost", "Content-Length: 3", "Transfer-Encoding: chunked", "", "abc"],
)]
WORDS = [b"\r\n", b"\n", b"\r", b"\0", b":", b" ", b"\t", b",", b";", b"=", b'"', b"%2f", b"%2e%2e", b"/../", b"//", b"\xff",
         b"HTTP/1.0", b"HTTP/9.9", b"Host: x\r\n", b"Hos: x\r\n", b"Upgrade: h2c\r\n", b"Content-Length: 99\r\n", b"A" * 5000,
         b"X: y\r\n" * 101, b"Transfer-Encoding: chunked\r\n", b"websocket", b"\x81\x85\0\0\0\0hello"]
OPENED = "\r\n".join(["GET /ws/script/hostile HTTP/1.1", "Host: localhost", *FIELDS, "", ""]).encode()


def mutate(rng, data):
    data = bytearray(data)
    for _ in range(rng.randint(1, 5)):
        at = rng.randint(0, len(data))
        kind = rng.randint(0, 4)
        if kind == 0:
            data[at:at] = rng.choice(WORDS)
        elif kind == 1:
            del data[at:at + rng.randint(1, 30)]
        elif kind == 2 and at < len(data):
            data[at] = rng.randint(0, 255)
        elif kind == 3:
            other = rng.choice(SEEDS)
            data[at:at] = other[rng.randint(0, len(other)):][:rng.randint(1, 200)]
        else:
            del data[at:]
    return bytes(data)


def frame(rng):
    """One that may break any rule of RFC 6455."""
    size = rng.choice([0, 1, 2, 5, 125, 126, 300, 65535, 70000])
    first = rng.choice([0x81, 0x82, 0x88, 0x89, 0x8a, 0x01, 0x00, 0x80, 0xc1, 0xb1, rng.randint(0, 255)])
    masked = 0x80 if rng.random() < 0.9 else 0
    length = bytes([masked | size]) if size < 126 else bytes([masked | 126]) + min(size, 65535).to_bytes(2, "big")
    if rng.random() < 0.1:
        length = bytes([masked | 127]) + rng.choice([size, 1 << 40, 1 << 63, (1 << 64) - 1]).to_bytes(8, "big")
    data = bytes([first]) + length + (b"\0\0\0\0" if masked else b"") + rng.randbytes(size)
    return data if rng.random() < 0.9 else mutate(rng, data)


def throw(address, rng, inputs, first=b"HTTP/1.1 "):
    """Sends each input on a connection of its own. What the sidecar answers must be HTTP/1.1 (nginx has 0.9, too)."""
    waiting = {}

    def settle(timeout):
        for conn in select.select(list(waiting), [], [], timeout)[0]:
            try:
                data = conn.recv(65536)
            except ConnectionError:
                data = None
            assert not data or waiting[conn] or data.startswith(first), data
            waiting[conn] = True
            if not data or b" 101 " in data[:20]:
                del waiting[conn]
                conn.close()

    for data in inputs:
        family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
        conn = socket.socket(family)
        conn.settimeout(20)
        conn.connect(("127.0.0.1", address) if isinstance(address, int) else str(address))
        cut = rng.randint(0, len(data))
        try:
            conn.sendall(data[:cut])
            conn.sendall(data[cut:])
            if rng.random() < 0.99:  # else it waits for its deadline
                conn.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        waiting[conn] = False
        while len(waiting) >= AT_ONCE:
            settle(10)
        settle(0)
    for _ in range(200):
        if not waiting:
            break
        settle(0.1)
    for conn in waiting:
        conn.close()


@pytest.mark.parametrize("way", ["direct", "nginx", "admin"])
@pytest.mark.parametrize("deflate", [False, True], ids=["plain", "deflate"])
def test_bystanders_notice_nothing(make_stack, way, deflate):
    rng = random.Random(os.environ.get("TINA4_HOSTILE_SEED", f"{way} {deflate}"))
    stack = make_stack(ws_deflate="true" if deflate else "false", ws_max_per_address=0).start()
    address = {"direct": stack.port, "nginx": stack.web, "admin": stack.admin}[way]
    path = "/ws/watch/bystanders"
    clients = [stack.ws(path, direct=way != "nginx") for _ in range(BYSTANDERS)]
    eventually(lambda: stack.count(path) == BYSTANDERS, "all are there")
    first = b"" if way == "nginx" else b"HTTP/1.1 "
    done = threading.Event()
    failed = []

    def attack():
        try:
            throw(address, rng, (mutate(rng, rng.choice(SEEDS)) for _ in range(HEADS)), first)
            if way != "admin":
                throw(address, rng, (OPENED + b"".join(frame(rng) for _ in range(rng.randint(1, 4)))
                                     for _ in range(FRAMES)), first)
        except BaseException as error:  # the test's own thread tells
            failed.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=attack, daemon=True)
    thread.start()
    sent = 0
    with Peer(stack.bus) as peer:
        peer.hello()
        while not done.wait(0.02):
            reply = peer.push(path, f"message {sent}")
            assert (reply.status, reply.connections) == (OK, BYSTANDERS)
            sent += 1
            for client in clients:
                assert client.receive() == f"message {sent - 1}"
    thread.join()
    if failed:
        raise failed[0]
    assert sent > 0 and stack.handshake("/ws/script/after").status == 101
