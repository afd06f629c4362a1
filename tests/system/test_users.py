"""Users: reached on all their connections, counted, and shown the door, on one host and on several."""

from urllib.parse import quote

import pytest

from client import http
from redis import Host, Redis
from stack import eventually
from test_auth import token
from test_conns import ADMIN, ALLOWED, NOBODY, USAGE, admin, tina4
from wire import INVALID, OK, USER_CLOSE, USER_COUNT, USER_PUSH, Peer, command

POLICY = 1008


@pytest.fixture(scope="module")
def redis():
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def hosts(redis, make_stack_for_session):
    hosts = [make_stack_for_session(kind=Host, redis=redis).start("sidecar", "worker") for _ in range(3)]
    for host in hosts:
        host.settled(len(hosts))
    return hosts


@pytest.fixture(scope="module")
def one(make_stack_for_session):
    return make_stack_for_session(admin_token=ADMIN).start("sidecar", "worker")


@pytest.fixture
def user(room):
    return f"user of {room}"


def come(stack, user):
    """A connection of that user, by its token, that has joined."""
    client = stack.ws(f"/ws/secret?token={token(sub=user)}", direct=True)
    assert client.receive() == f"hello {user}"
    return client


def set_by_handler(stack, user, room):
    client = stack.ws(f"/ws/script/{room}?user={quote(user, safe='')}&open=user|send%20here", direct=True)
    assert client.receive() == "here"
    return client


def heard(client, user):
    """All that came before the answer to what it says now."""
    client.send("x")
    return client.receive_until(f"hello {user}")


def ask(stack, kind, user, data="", code=0):
    with Peer(stack.bus) as peer:
        peer.hello()
        return peer.ask(command(kind, data, key=user, code=code))


def push(stack, user, data):
    return ask(stack, USER_PUSH, user, data)


def test_a_push_reaches_all_connections_of_a_user_and_nobody_else(one, user, room):
    his, more, other = [come(one, user), come(one, user)], set_by_handler(one, user, room), come(one, "other")
    reply = push(one, user, "for you")
    assert (reply.status, reply.connections) == (OK, 3)
    assert [heard(client, user) for client in his] == [["for you"]] * 2
    assert more.receive() == "for you"
    assert heard(other, "other") == []


def test_a_handler_changes_whose_it_is(one, user, room):
    with set_by_handler(one, user, room) as client:
        assert push(one, user, "hello").connections == 1
        assert client.receive() == "hello"
        with one.ws(f"/ws/script/{room}?open=user|send%20here", direct=True) as nobody:
            assert nobody.receive() == "here"
            assert push(one, user, "hello").connections == 1


@pytest.mark.parametrize("name", ["42", "a/b", "a:b", "*", "?[x]", "%2F", "ä€😀", "x" * 255, " ", "@", "'\"\\"])
def test_no_byte_of_a_name_does_harm(one, hosts, name):
    for stack in (one, *hosts[:2]):
        with come(stack, name) as client:
            assert push(hosts[0] if stack in hosts else stack, name, "hello").status == OK
            assert client.receive() == "hello"
            assert ask(stack, USER_COUNT, name).connections == 1


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "\x7f"])
def test_what_is_no_name_is_refused(one, name):
    assert ask(one, USER_CLOSE, name, "", POLICY).status == INVALID
    assert push(one, name, "hello").connections == 0


def test_a_number_is_a_user_as_well(one):
    with one.ws(f"/ws/secret?token={token(sub=4711)}", direct=True) as client:
        client.receive()
        assert push(one, "4711", "hello").connections == 1
        assert client.receive() == "hello"


def test_a_token_with_a_name_that_is_none_is_nobodys(one):
    with one.ws(f"/ws/secret?token={token(sub='x' * 256)}", direct=True) as client:
        assert client.receive().startswith("hello xxx")
        eventually(lambda: any("client without a user" in line for line in one.sidecar.lines()), "it is logged")


def test_all_connections_of_a_user_are_closed_and_nobody_elses(one, user):
    his, other = [come(one, user) for _ in range(2)], come(one, "other")
    reply = ask(one, USER_CLOSE, user, "go", POLICY)
    assert (reply.status, reply.connections) == (OK, 2)
    assert [client.closed() for client in his] == [(POLICY, "go")] * 2
    assert heard(other, "other") == []
    assert ask(one, USER_COUNT, user).connections == 0


def test_the_command_closes_a_user(one, user):
    his, other = [come(one, user) for _ in range(2)], come(one, "other")
    assert tina4(one, "kick", "--user", user, "--reason", "out") == "closed 2 here\n"
    assert [client.closed() for client in his] == [(POLICY, "out")] * 2
    assert heard(other, "other") == []
    assert "no such connection" in tina4(one, "kick", "--user", user, status=NOBODY)
    assert "--user" in tina4(one, "kick", "--user", "a\nb", status=USAGE)


def test_the_command_pushes_to_a_user(one, user):
    with come(one, user) as client:
        assert '"connections":1' in tina4(one, "push", "--user", user, "hello")
        assert client.receive() == "hello"
    for arguments in (["--user", user, "a", "b"], ["--user", user, "/ws/secret", "x"], []):
        assert "usage" in tina4(one, "push", *arguments, status=USAGE)


def post(stack, target, body, headers=ALLOWED):
    return http(stack.admin, "POST", target, headers, body)


def test_the_same_over_http(one, user):
    target = f"/user/{quote(user)}"
    with come(one, user) as client:
        assert post(one, target, b"hello").json["connections"] == 1
        assert client.receive() == "hello"
        assert admin(one, f"{target}?code=4000&reason=out", "DELETE").json == {"connections": 1, "relayed": False}
        assert client.closed() == (4000, "out")
    assert admin(one, target, "DELETE").json == {"connections": 0, "relayed": False}
    assert post(one, target, b"hello").json["connections"] == 0


@pytest.mark.parametrize("status, method, target", [
    (400, "POST", "/user/"), (400, "DELETE", "/user/"), (400, "POST", "/user/" + "x" * 256),
    (400, "DELETE", "/user/a%0Ab"), (405, "GET", "/user/a"), (400, "DELETE", "/user/a?code=1006"),
])
def test_what_is_refused_over_http_says_why(one, status, method, target):
    answer = post(one, target, b"x") if method == "POST" else admin(one, target, method)
    assert answer.status == status and answer.json["error"]
    assert ("allow" in answer.headers) == (status == 405)


# --- several hosts -------------------------------------------------------------------------


def test_a_push_reaches_a_user_on_all_hosts_once(hosts, user):
    his = [come(host, user) for host in hosts for _ in range(2)]
    for i, host in enumerate(hosts):
        reply = push(host, user, f"from {i}")
        assert (reply.status, reply.connections, reply.relayed) == (OK, 2, True)
    for client in his:
        assert sorted(client.receive() for _ in hosts) == ["from 0", "from 1", "from 2"]
        assert heard(client, user) == [], "nothing came twice"


def test_bytes_go_only_to_hosts_where_he_is(redis, hosts, user):
    with come(hosts[1], user):
        assert redis.ask("PUBSUB", "NUMSUB", f"tina4:user:{user}")[1] == 1
    eventually(lambda: redis.ask("PUBSUB", "NUMSUB", f"tina4:user:{user}")[1] == 0, "nobody listens for him")


def test_he_is_counted_on_all_hosts(hosts, user):
    with come(hosts[0], user), come(hosts[0], user), come(hosts[2], user):
        assert [ask(host, USER_COUNT, user).connections for host in hosts] == [3, 3, 3]
    eventually(lambda: ask(hosts[1], USER_COUNT, user).connections == 0, "and not when he is gone")


def test_who_has_just_come_is_reached_from_another_host(hosts, user):
    """His open comes when the channel is heard: so what is said after it arrives."""
    for n in range(20):
        with come(hosts[n % 2], f"{user} {n}") as client:
            assert push(hosts[2], f"{user} {n}", "at once").status == OK
            assert client.receive() == "at once"


def test_he_is_closed_on_all_hosts(hosts, user):
    his = [come(host, user) for host in hosts]
    other = come(hosts[1], "other")
    assert ask(hosts[0], USER_CLOSE, user, "go", POLICY).status == OK
    assert [client.closed() for client in his] == [(POLICY, "go")] * 3
    assert heard(other, "other") == []


def test_a_person_is_found_and_removed_by_name_on_any_host(hosts, user):
    his = [come(host, user) for host in hosts]
    assert len(tina4(hosts[0], "conns", "--json", "--user", user).splitlines()) == 3
    assert tina4(hosts[2], "kick", "--user", user) == "closed 1 here, handed on to other hosts, which had 2\n"
    assert [client.closed()[0] for client in his] == [POLICY] * 3


def test_what_he_missed_while_redis_was_away_is_told_again(make_stack, user):
    redis = Redis().start()
    try:
        hosts = [make_stack(kind=Host, redis=redis).start("sidecar", "worker") for _ in range(2)]
        for host in hosts:
            host.settled(2)
        with come(hosts[0], user) as here, come(hosts[1], user) as there:
            assert push(hosts[0], user, "before").status == OK
            assert here.receive() == there.receive() == "before"
            redis.kill()
            for n in range(5):
                push(hosts[0], user, f"meanwhile {n}")
            redis.start()
            for host in hosts:
                host.settled(2)
            eventually(lambda: push(hosts[0], user, "after").relayed, "it is relayed again")
            for client in (here, there):
                assert client.receive_until("after") == [f"meanwhile {n}" for n in range(5)], "all of it, once and in order"
    finally:
        redis.stop()
