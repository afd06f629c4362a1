"""What one address and one client may ask for, when the settings say so."""

import websocket

from stack import eventually

PATH = "/ws/script/quotas"


def from_address(ip):
    return {"X_Forwarded_For": ip}


def close_code(client):
    """Of the close that comes after everything else."""
    while True:
        opcode, data = client.ws.recv_data()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return int.from_bytes(data[:2], "big")


def test_connections_of_one_address(make_stack):
    stack = make_stack(ws_max_per_address=2, trusted_proxies="127.0.0.1").start("sidecar", "worker")
    clients = [stack.ws(PATH, direct=True, header={"X-Forwarded-For": "192.0.2.1"}) for _ in range(2)]
    answer = stack.handshake(PATH, **from_address("192.0.2.1"))
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.json["error"] == "too many connections from this address"
    assert stack.handshake(PATH, **from_address("192.0.2.2")).status == 101
    assert clients[0].ask("send here") == "here"
    clients.pop().close()
    eventually(lambda: stack.handshake(PATH, **from_address("192.0.2.1")).status == 101, "there is room again")


def test_addresses_behind_the_web_server(make_stack):
    stack = make_stack(ws_max_per_address=1).start()
    with stack.ws(PATH) as client:
        assert stack.handshake(PATH, direct=False).status == 429
        assert client.ask("send here") == "here"


def test_upgrades_of_one_address(make_stack):
    stack = make_stack(ws_upgrade_rate=1, trusted_proxies="127.0.0.1").start("sidecar", "worker")
    statuses = [stack.handshake("/ws/secret", **from_address("192.0.2.1")).status for _ in range(15)]
    assert statuses[:10] == [401] * 10  # who tries tokens is slowed down, too
    assert 429 in statuses[10:]
    assert stack.handshake(PATH, **from_address("192.0.2.2")).status == 101


def test_messages_of_one_client(make_stack):
    stack = make_stack(ws_message_rate=2).start("sidecar", "worker")
    calm, hasty = (stack.ws(PATH, direct=True) for _ in range(2))
    for _ in range(30):
        hasty.send("send x")
    assert close_code(hasty) == 1008
    assert [calm.ask("send y") for _ in range(10)] == ["y"] * 10
    eventually(lambda: any("too-many-messages" in line for line in stack.sidecar.lines()), "the log says so")
