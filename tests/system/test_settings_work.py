"""Each setting does what the manual says: those that no other test is about, and that none is forgotten."""

import grp
import os
import pathlib
import re
import signal
import stat
import subprocess
import time

import pytest

from redis import Redis
from stack import BUILD, eventually, free_ports
from test_auth import FORM, login, token

HERE = pathlib.Path(__file__).parent


def settings():
    lines = subprocess.run([BUILD / "tina4-sidecar", "--settings"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^TINA4_(\w+)=", lines, re.M)


@pytest.mark.parametrize("name", settings())
def test_each_setting_is_set_by_a_test(name):
    used = re.compile(rf"\b{name.lower()}=|\bTINA4_{name}\b")
    assert [path.name for path in HERE.glob("test_*.py") if used.search(path.read_text())], "by none: write one"


# --- sockets ---------------------------------------------------------------------------


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_sockets_have_the_modes_that_are_set(make_stack):
    stack = make_stack(bus_mode="0640", socket_mode="0606").start("sidecar")
    assert mode(stack.dir / "bus") == 0o640
    assert (mode(stack.dir / "ws.sock"), mode(stack.admin)) == (0o606, 0o606)


def test_sockets_have_the_group_that_is_set(make_stack):
    others = [group for group in (range(1, 3) if os.geteuid() == 0 else os.getgroups()) if group != os.getegid()]
    if not others:
        pytest.skip("this user has one group only")
    stack = make_stack(socket_group=grp.getgrgid(others[0]).gr_name).start("sidecar", "app")
    assert {os.stat(stack.dir / name).st_gid for name in ("bus", "ws.sock", "admin.sock", "app.sock")} == {others[0]}


# --- the application -------------------------------------------------------------------


def test_debug_shows_what_is_wrong_in_a_template(make_stack, tmp_path):
    (tmp_path / "home.html").write_text("one\n{% nonsense %}")
    for debug in (True, False):
        stack = make_stack(program="fcgi/examples/demo", templates=tmp_path, debug=str(debug).lower())
        answer = stack.start("app", "nginx").http("GET", "/")
        assert answer.status == 500
        assert (b"home.html:2: unknown tag &#39;nonsense&#39;" in answer.body) == debug


# --- tokens ----------------------------------------------------------------------------


@pytest.mark.parametrize("expiry, status", [("required", 401), ("optional", 101)])
def test_a_token_without_an_end(make_stack, expiry, status):
    stack = make_stack(jwt_expiry=expiry).start("sidecar", "worker")
    assert stack.handshake(f"/ws/secret?token={token(exp=None)}").status == status


def test_the_cookie_with_the_token_has_the_name_that_is_set(make_stack):
    stack = make_stack(token_cookie="pass").start("sidecar", "worker")
    assert stack.handshake("/ws/secret", Cookie=f"tina4_token={token()}").status == 401
    assert stack.handshake("/ws/secret", Cookie=f"a=b; pass={token()}").status == 101


def test_without_a_name_no_cookie_is_a_token(make_stack):
    stack = make_stack(token_cookie="").start("sidecar", "worker")
    assert stack.handshake("/ws/secret", Cookie=f"tina4_token={token()}; ={token()}").status == 401
    assert stack.handshake(f"/ws/secret?token={token()}").status == 101


# --- sessions ----------------------------------------------------------------------------


def member(stack, cookie):
    """Who a connection with this cookie is greeted as."""
    with stack.ws("/ws/members", header={"Cookie": cookie}) as client:
        return client.receive()


def test_sessions_have_the_cookie_that_is_set(make_stack):
    stack = make_stack(session_name="shop").start()
    cookie, _ = login(stack, "dora")
    assert cookie.startswith("shop=")
    assert member(stack, cookie) == "hello dora"


def test_sessions_end_after_the_time_that_is_set(make_stack):
    stack = make_stack(session_ttl=600).start()
    cookie, _ = login(stack, "dora")
    [entry] = (stack.dir / "sessions").glob("[!.]*")
    os.utime(entry, times=(time.time() - 500,) * 2)
    assert member(stack, cookie) == "hello dora"
    os.utime(entry, times=(time.time() - 601,) * 2)
    with stack.ws("/ws/members", header={"Cookie": cookie}) as client:
        assert client.closed() == (4401, "login required")


def test_sessions_may_be_as_large_as_is_set(make_stack):
    for limit, statuses in ((1024, (200, 500)), (8192, (200, 200))):
        stack = make_stack(session_max_bytes=limit).start("app", "nginx")
        assert tuple(stack.http("POST", "/login", FORM, "user=" + "x" * n).status for n in (900, 1100)) == statuses


def test_sessions_in_a_redis_over_tcp_with_a_user(make_stack):
    port = free_ports()
    redis = Redis("--port", str(port), "--bind", "127.0.0.1", password="of the default user").start()
    try:
        redis.ask("ACL", "SETUSER", "web", "on", ">p@ss:word", "~tina4:*", "+@all")
        stack = make_stack(session_backend="redis", session_url=f"redis://web:p%40ss%3Aword@127.0.0.1:{port}/3").start()
        cookie, _ = login(stack, "erna")
        assert member(stack, cookie) == "hello erna"
        with redis.connect() as connection:
            connection.ask("SELECT", "3")
            assert len(connection.ask("KEYS", "tina4:session:*")) == 1
        assert " user=web " in redis.ask("CLIENT", "LIST").decode()
        redis.ask("ACL", "SETUSER", "web", "off")
        redis.ask("CLIENT", "KILL", "USER", "web")
        assert stack.http("POST", "/login", FORM, "user=erna").status == 500
    finally:
        redis.kill()


# --- WebSockets ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["X-Tenant", "x-tenant", "X-Other, X-TENANT"])
def test_handlers_see_the_headers_that_are_set(make_stack, name):
    stack = make_stack(ws_headers=name).start()
    for direct in (True, False):
        with stack.ws("/ws/script/x", direct, header={"X-Tenant": "acme", "X-Unasked": "1"}) as client:
            assert client.ask("header X-Tenant") == "=acme"
            assert client.ask("header x-tenant") == "=acme"
            assert client.ask("header X-Unasked") == "none"


def test_attributes_may_be_as_large_as_is_set(make_stack):
    stack = make_stack(ws_attribute_bytes=20).start("sidecar", "worker")
    with stack.ws("/ws/script/x", direct=True) as client:
        client.send("set name " + "a" * 17)  # which fails the handler
        client.send("set name " + "b" * 16)
        assert client.ask("get name") == "=" + "b" * 16


def test_a_stop_spreads_its_closes_over_the_time_that_is_set(make_stack):
    stack = make_stack(ws_drain_seconds=60).start("sidecar", "worker")
    clients = [stack.ws("/ws/script/x", direct=True) for _ in range(60)]
    assert clients[-1].ask("send here") == "here"
    stack.sidecar.popen.send_signal(signal.SIGTERM)
    assert clients[0].closed() == (1001, "")
    assert clients[-1].ask("send still here") == "still here"
    stack.sidecar.popen.send_signal(signal.SIGTERM)  # the second one
    stack.sidecar.ended(0)
