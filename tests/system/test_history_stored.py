"""What is kept is stored in Redis: a host knows what others have kept though it has not heard it."""

import json
import pathlib
import re

import pytest

from client import http
from frond import Frond, Position
from redis import Cable, Host, old_redis
from stack import eventually
from test_command import tina4
from test_history import TOKEN
from test_history_hosts import frond, move

PATH = "/ws/kept/stored"
STREAM, LATEST, WHOLE = f"tina4:history:{PATH}", f"tina4:latest:{PATH}", "tina4:history"


@pytest.fixture
def redis():
    with old_redis() as server:
        yield server


@pytest.fixture
def start(make_stack, redis):
    def start(*, n, **settings):
        return make_stack(kind=Host, redis=redis, **settings).start("sidecar", "worker").settled(n)

    return start


def stored(redis, n):
    eventually(lambda: redis.ask("XLEN", STREAM) == n, "it is stored")


def push(host, *texts):
    for text in texts:
        host.pushes(PATH, text)


def kill(host):
    host.sidecar.kill()


def history(host, *more):
    lines = [json.loads(line) for line in tina4(host, "history", "--json", *more, PATH).splitlines()]
    return [line["text"] for line in lines[:-1]]


# --- a host that comes late ---------------------------------------------------------------------


def test_a_host_that_comes_late_has_what_a_dead_one_has_kept(redis, start):
    first = start(n=1)
    with frond(first, PATH) as one:
        one.settle()
        push(first, "a")
        assert one.receive() == "a"
        one.cut()
        push(first, "b", "c")
        stored(redis, 3)
        kill(first)
        late = start(n=1)
        assert move(one, late, PATH) == (["b", "c"], [True])
        push(late, "d")
        assert one.receive() == "d"


def test_a_new_client_there_is_shown_the_last_ones(redis, start):
    first, late = start(n=1), start(n=2)
    push(first, "a", "b", "c")
    stored(redis, 3)
    with late.ws(PATH, direct=True) as client:
        client.send("replay 2")
        assert [client.receive() for _ in range(2)] == ["b", "c"]


def test_a_page_there_shows_them_and_goes_on(redis, start):
    first, late = start(n=1), start(n=2, admin_token=TOKEN)
    push(first, "a", "b", "c")
    stored(redis, 3)
    assert history(late) == ["a", "b", "c"]
    assert history(late, "--last", "1") == ["c"]
    past = http(late.admin, "GET", f"/history{PATH}", {"Authorization": f"Bearer {TOKEN}"}).json
    push(first, "d")
    with Frond(lambda offers: late.ws(PATH, direct=True, subprotocols=offers), Position(past["position"])) as one:
        assert one.settle() == ["d"] and one.verdicts == [True]


def test_the_receipt_of_a_push_is_a_position_there(redis, start):
    first, late = start(n=1), start(n=2)
    push(first, "a")
    position = json.loads(tina4(first, "history", "--json", PATH).splitlines()[-1])["position"]
    push(first, "b")
    stored(redis, 2)
    assert history(late, "--since", position) == ["b"]


def test_on_a_push_only_route_a_client_waits_for_them(redis, start):
    routes = {"ws_routes": f"{PATH};history=9"}
    first, late = start(n=1, **routes), start(n=2, **routes)
    with first.ws(PATH, direct=True, subprotocols=["frond.1"]) as client:
        told = [client.receive() for _ in range(2)][-1]
    push(first, "missed")
    stored(redis, 1)
    with late.ws(PATH, direct=True, subprotocols=["frond.1", f"frond.at.{told[3:]}"]) as client:
        got = [client.receive() for _ in range(3)]
    assert got[1:] == ["missed", "\0r 1"]


def test_what_had_no_room_in_the_stream_is_a_gap(redis, start):
    """The route keeps five; Redis drops whole blocks of a stream, so that more may be there than are asked for."""
    first = start(n=1)
    with frond(first, PATH) as one:
        one.settle()
        push(first, *(str(i) for i in range(300)))
        one.receive_until("299")
        one.cut()
        push(first, *(str(i) for i in range(300, 304)))
        eventually(lambda: redis.ask("HVALS", LATEST), "it is stored")
        kill(first)
        late = start(n=1)
        got, verdicts = move(one, late, PATH)
        assert (got, verdicts) == ([str(i) for i in range(300, 304)], [True])
        one.cut()
        push(late, *(str(i) for i in range(304, 310)))
        kill(late)
        last = start(n=1)
        assert move(one, last, PATH)[1] == [False]


# --- what Redis has of it ----------------------------------------------------------------------------


def test_a_stream_is_bounded_and_goes(redis, start):
    host = start(n=1)
    push(host, *(str(i) for i in range(1000)))
    eventually(lambda: redis.ask("HVALS", LATEST)[0].split()[0] == b"1000", "all are stored")
    assert redis.ask("XLEN", STREAM) <= 5 + 100
    for key in (STREAM, LATEST):
        assert 3600 < redis.ask("TTL", key) <= 3600 + 120


RUBBISH = [
    lambda own: ("m", b"rubbish", "b", "0"),
    lambda own: ("m", own[:-1], "b", "0"),
    lambda own: ("m", own),
    lambda own: ("b", "0"),
    lambda own: ("x", "y"),
    lambda own: ("m", own.replace(b"stored", b"others"), "b", "0"),
    lambda own: ("m", own, "b", "no number"),
]


@pytest.mark.parametrize("rubbish", RUBBISH)
def test_words_of_others_in_the_stream_are_left_out(redis, start, rubbish):
    first, late = start(n=1), start(n=2)
    push(first, "a")
    stored(redis, 1)
    own = redis.ask("XRANGE", STREAM, "-", "+")[0][1][1]
    redis.ask("XADD", STREAM, "*", *rubbish(own))
    for field, value in (("x", "1 1"), ("0" * 16, "no"), ("0" * 16, "1"), ("g" * 16, "1 1")):
        redis.ask("HSET", LATEST, field, value)
    assert history(late) == ["a"]


@pytest.mark.parametrize("key", [STREAM, LATEST, WHOLE])
def test_a_key_of_another_kind_costs_the_past_only(redis, start, key):
    redis.ask("DEL", key)
    redis.ask("SADD", key, "x")
    first, late = start(n=1), start(n=2)
    with frond(first, PATH) as one, frond(late, PATH) as other:
        for client in (one, other):
            client.settle()
        push(first, "a")
        assert one.receive() == "a" and other.receive() == "a"
        assert first.status()[0] == "ready"


def test_without_room_in_redis_the_past_is_not_stored(redis, start):
    first = start(n=1)
    with frond(first, PATH) as one:
        one.settle()
        push(first, "a")
        assert one.receive() == "a"
        stored(redis, 1)
        redis.ask("CONFIG", "SET", "maxmemory", "1")
        push(first, "b")
        assert one.receive() == "b", "it is said all the same"
        eventually(lambda: first.stats()["relay_unstored"] > 0, "and counted")
        redis.ask("CONFIG", "SET", "maxmemory", "0")
        push(first, "c")
        assert one.receive() == "c"
        stored(redis, 2)
        late = start(n=2)
        assert history(late) == ["a", "c"]


def test_nobody_may_store_but_all_may_speak(redis, start):
    redis.ask("ACL", "SETUSER", "default", "-xadd", "-hset", "-multi", "-info")
    first, late = start(n=1), start(n=2)
    with frond(first, PATH) as one, frond(late, PATH) as other:
        for client in (one, other):
            client.settle()
        push(first, "a")
        assert one.receive() == "a" and other.receive() == "a"
        assert other.back() == ([], [True])
        assert first.status()[0] == "ready"


def test_the_user_of_the_guide_may_do_all_that_is_needed(redis, make_stack):
    guide = (pathlib.Path(__file__).parents[2] / "deploy/redis.md").read_text()
    rule = re.search(r"ACL SETUSER tina4((?:.*\\\n)*.*)", guide)[1].replace("\\\n", " ").replace("PASSWORD", "word")
    redis.ask("ACL", "SETUSER", "tina4", *rule.split())
    url = f"unix://tina4:word@{redis.path}"
    first, late = [make_stack(kind=Host, redis=None, ws_backplane_url=url).start("sidecar", "worker") for _ in range(2)]
    late.settled(2)
    push(first, "a")
    stored(redis, 1)
    assert history(late) == ["a"]
    assert redis.ask("GET", WHOLE), "it may say since when all is there"
    denied = [entry for entry in redis.ask("ACL", "LOG")]
    assert denied == []


# --- what is lost ------------------------------------------------------------------------------------


def test_what_was_flushed_is_a_gap_where_nobody_has_heard_it(redis, start):
    first = start(n=1)
    with frond(first, PATH) as one, frond(first, PATH) as two:
        for client in (one, two):
            client.settle()
        push(first, "a")
        for client in (one, two):
            assert client.receive() == "a"
            client.cut()
        stored(redis, 1)
        redis.ask("FLUSHALL")
        eventually(lambda: redis.ask("GET", WHOLE), "the hosts begin anew")
        push(first, "b")
        stored(redis, 1)
        assert one.back() == (["b"], [True]), "this host has it all"
        late = start(n=2)
        assert move(two, late, PATH)[1] == [False]
        assert history(late) == ["b"]


def test_a_redis_that_has_forgotten_of_late_is_not_believed(redis, start):
    """It is restarted from an older snapshot: the key says that it was another run."""
    first = start(n=1)
    with frond(first, PATH) as one, frond(first, PATH) as two:
        for client in (one, two):
            client.settle()
            client.cut()
        push(first, "a")
        stored(redis, 1)
        redis.ask("SAVE")
        push(first, "b")
        stored(redis, 2)
        kill(first)
        redis.kill()
        redis.start()
        assert redis.ask("XLEN", STREAM) == 1
        late = start(n=1)
        assert move(one, late, PATH)[1] == [False]
        two.cut()


def test_what_others_said_before_they_died_is_in_redis(redis, start, make_stack):
    """A host is cut off; another one speaks and dies before it can tell it again."""
    talks = start(n=1)
    cable = Cable(redis)
    cut_off = make_stack(kind=Host, redis=None, ws_backplane_url=cable.url).start("sidecar", "worker").settled(2)
    with frond(cut_off, PATH) as one, frond(cut_off, PATH) as two:
        for client in (one, two):
            client.settle()
        push(talks, "a")
        for client in (one, two):
            assert client.receive() == "a"
        two.cut()
        cable.hold()
        push(talks, "b", "c")
        stored(redis, 3)
        eventually(lambda: cut_off.status()[0] == "degraded", "it knows that it is cut off")
        kill(talks)
        cable.let_go()
        assert [one.receive() for _ in range(2)] == ["b", "c"]
        assert two.back() == (["b", "c"], [True])
        assert cut_off.stats()["relay_gaps"] == 0 and one.verdicts == []
