"""The log: nobody waits for who reads it, and nobody fills a disk by it."""

import fcntl
import os
import re

from client import handshake
from stack import eventually

PIPE_BYTES = 4096  # the least that Linux makes
REFUSED = 400  # whose lines are more than that


def held_back(lines):
    return sum(int(re.search(r" n=(\d+)", line)[1]) for line in lines if 'of="upgrade refused"' in line)


def test_a_log_that_nobody_reads_stops_nothing(make_stack):
    stack = make_stack(ws_routes="/feed")
    fifo = stack.dir / "log.fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    stack.sidecar.argv = ["bash", "-c", 'exec 2<>"$0" && exec "$@"', str(fifo), *stack.sidecar.argv]
    stack.sidecar.ready = lambda _: stack.admin_status("/healthz") == 200
    stack.start("sidecar")
    for i in range(REFUSED):
        path = f"/nothing/{i:0300}"  # some lines are limited, and those that are not fill the pipe all the same
        assert handshake(stack.dir / "ws.sock", path).status == 404
    assert stack.admin_status("/healthz") == 200
    written = b""

    def read_on():
        nonlocal written
        try:
            written += os.read(reader, 65536)
        except BlockingIOError:
            pass
        return held_back(written.decode().splitlines())

    eventually(read_on, "what waited comes when it is read, and what was held back is said")
    assert written.count(b"upgrade refused path=") > PIPE_BYTES // 300
    stack.sidecar.popen.terminate()

    def read_all():
        read_on()
        return stack.sidecar.popen.poll() is not None

    eventually(read_all, "the sidecar ends")
    stack.sidecar.ended(0)
    os.close(reader)


def test_what_clients_cause_is_limited(make_stack):
    stack = make_stack(ws_routes="/feed").start("sidecar")
    for _ in range(REFUSED):
        assert stack.handshake("/nothing").status == 404
    refused = eventually(
        lambda: (lines := stack.sidecar.lines()) and held_back(lines) and lines, "it is said what was held back")
    written = sum("upgrade refused path=" in line for line in refused)
    eventually(lambda: sum("upgrade refused path=" in line for line in stack.sidecar.lines())
               + held_back(stack.sidecar.lines()) == REFUSED, "each is written or counted")
    assert written < REFUSED
