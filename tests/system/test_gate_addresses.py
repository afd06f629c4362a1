"""Who a client is, when proxies tell, and what one address may have."""

import re
import subprocess

import pytest

from client import http
from raw import PATH, Raw, asked, head
from stack import BUILD, eventually
from web import SERVERS

ADDRESS = "203.0.113.9"


@pytest.fixture(scope="module")
def behind(make_stack_for_session):
    """A sidecar whose clients come through its unix socket: that one's peer is believed."""
    return make_stack_for_session(trusted_proxies="127.0.0.1, 10.0.0.0/8").start("sidecar", "worker")


def address_of(stack, *lines):
    return asked(stack, "tell ip", head(last=[f"X-Forwarded-For: {line}" for line in lines]),
                 address=stack.dir / "ws.sock").removeprefix("=")


@pytest.mark.parametrize("text, expected", [
    (ADDRESS, ADDRESS), ("203.0.113.9:51008", ADDRESS), ("[2001:db8::1]:443", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"), ("2001:DB8:0::1", "2001:db8::1"), (f"  {ADDRESS}\t", ADDRESS),
    (f"198.51.100.7, {ADDRESS}", ADDRESS), (f"198.51.100.7:1,{ADDRESS}:2", ADDRESS), (f"{ADDRESS}, ,", ADDRESS),
    (f", {ADDRESS}", ADDRESS), (f"{ADDRESS}, 10.1.2.3", ADDRESS), (f"{ADDRESS}:1, 10.1.2.3:51008", ADDRESS),
    (f"garbage, {ADDRESS}, 10.1.2.3", ADDRESS),
])
def test_the_address_as_proxies_write_it(behind, text, expected):
    assert address_of(behind, text) == expected


@pytest.mark.parametrize("size", [1000, 1023, 1024, 2048, 8000])
def test_a_long_list_is_read_to_its_end(behind, size):
    list_of_others = ", ".join(["198.51.100.7"] * 700)[:size]
    list_of_others = list_of_others[:list_of_others.rindex(",")]
    assert address_of(behind, f"{list_of_others}, {ADDRESS}") == ADDRESS
    assert address_of(behind, f"{list_of_others}, {ADDRESS}, 10.0.0.1:443") == ADDRESS


def test_all_lines_count_in_their_order(behind):
    assert address_of(behind, "198.51.100.7", ADDRESS) == ADDRESS
    assert address_of(behind, ADDRESS, "10.0.0.1") == ADDRESS
    assert address_of(behind, "198.51.100.7", ADDRESS, "10.0.0.1, 10.0.0.2", "10.0.0.3") == ADDRESS


@pytest.mark.parametrize("web", SERVERS)
def test_app_and_sidecar_agree_when_there_are_several_lines(make_stack, web):
    """As HAProxy in front of a web server has it: the client's line, and then one of its own."""
    stack = make_stack(web=web, trusted_proxies="127.0.0.1").start()
    lines = ["X-Forwarded-For: 198.51.100.7", f"X-Forwarded-For: {ADDRESS}"]
    assert asked(stack, "tell ip", head(last=lines), address=stack.web) == f"={ADDRESS}"
    request = head("GET /mirror/x HTTP/1.1", Upgrade=None, Connection="close", last=lines)
    with Raw(stack.web) as conn:
        assert f'"ip":"{ADDRESS}"'.encode() in conn.send(request).rest()


UNUSABLE = ["unknown", "_hidden", "x" * 2048, "203.0.113.9.1", "203.0.113", "203.0.113.9:x", "[2001:db8::1", "::g",
            "203.0.113.9;198.51.100.7", "\xff", "[]", ":80", "203.0.113.09"]


@pytest.mark.parametrize("way", ["unix", "tcp"])
def test_what_cannot_be_used_is_refused_or_one_bucket(make_stack, way):
    stack = make_stack(ws_max_per_address=2, trusted_proxies="127.0.0.1").start("sidecar", "worker")
    address = stack.port if way == "tcp" else stack.dir / "ws.sock"
    conns = [Raw(address) for _ in UNUSABLE]
    statuses = [conn.send(head(last=[f"X-Forwarded-For: {text}"])).answer().status
                for conn, text in zip(conns, UNUSABLE)]
    assert statuses.count(101) <= 2 and set(statuses) <= {101, 400, 429}
    # Others have their own.
    assert asked(stack, "tell ip", head(last=[f"X-Forwarded-For: {ADDRESS}"]), address=address) == f"={ADDRESS}"
    for conn in conns:
        conn.sock.close()


def test_a_client_chooses_no_address_for_itself(make_stack):
    stack = make_stack(ws_max_per_address=2).start("sidecar", "worker")
    with stack.ws(PATH, direct=True), stack.ws(PATH, direct=True):
        for text in (ADDRESS, *UNUSABLE[:3]):
            assert stack.handshake(PATH, X_Forwarded_For=text).status == 429


# --- what one address may have when nobody has set anything ---------------------------------------


def setting(name):
    lines = subprocess.run([BUILD / "tina4-sidecar", "--settings"], capture_output=True, text=True).stdout
    return int(re.search(rf"^#?{name}=(\d+)", lines, re.M)[1])


def test_one_address_cannot_take_all(make_stack):
    limit, everybody = setting("TINA4_WS_MAX_PER_ADDRESS"), setting("TINA4_WS_MAX_CONNECTIONS")
    # An office or a school behind one address is no attack.
    assert 200 <= limit <= everybody / 4
    stack = make_stack().start("sidecar", "worker")
    conns, statuses = [], []
    try:
        for _ in range(limit + 1):
            conns.append(Raw(stack.port))
            statuses.append(conns[-1].send(head("GET /ws/watch/all HTTP/1.1")).answer().status)
        assert statuses == [101] * limit + [429]
        assert asked(stack, "send others", head(), source="127.0.0.2") == "others"
        conns.pop(0).sock.close()
        eventually(lambda: stack.handshake(PATH).status == 101, "there is room again")
    finally:
        for conn in conns:
            conn.sock.close()
    assert http(stack.admin, "GET", "/healthz").status == 200
