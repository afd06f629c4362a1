"""What is kept, on several hosts: a client may come back to any that has heard the path."""

import contextlib
import random
import threading

import pytest

from eventsource import EventSource
from frond import Frond, Position
from redis import Cable, Host, lose_for_good, old_redis
from stack import eventually
from wire import OK, Peer


@pytest.fixture(scope="module")
def redis():
    with old_redis() as server:
        yield server


@pytest.fixture
def forgetful():
    """One that a test may empty."""
    with old_redis() as server:
        yield server


@pytest.fixture
def hosts(redis, make_stack):
    made = [make_stack(kind=Host, redis=redis).start("sidecar", "worker") for _ in range(2)]
    for host in made:
        host.settled(2)
    return made


def cabled(make_stack, redis, **settings):
    """Two hosts, of which the second one's way to Redis is a cable: it, and both."""
    cable = Cable(redis)
    made = [make_stack(kind=Host, redis=redis, **settings, **more).start("sidecar", "worker")
            for more in ({}, {"ws_backplane_url": cable.url})]
    for host in made:
        host.settled(2)
    return cable, made


PATH = "/ws/kept/x"
ARCHIVE = "/ws/archive/x"  # of which much more is kept


def frond(host, path=PATH, **options):
    return Frond(lambda offers: host.ws(path, direct=True, subprotocols=offers), **options)


def move(client, host, path=PATH):
    """To another host."""
    client.cut()
    client.connect = lambda offers: host.ws(path, direct=True, subprotocols=offers)
    client.verdicts.clear()
    client.open()
    return client.settle(), client.verdicts


def stay(hosts, path):
    """A client of each host, who has joined the path; from now on both hosts hear it."""
    clients = [host.ws(path, direct=True) for host in hosts]
    for host, client in zip(hosts, clients):
        assert client.ask("send here") == "here"
        eventually(lambda: host.count(path) == 2, "both hear the path")
    return clients


@pytest.fixture
def listened(hosts):
    """Both hosts have somebody on the path, and so hear all of it, from before the clients of the test come."""
    clients = stay(hosts, PATH)
    yield clients
    for client in clients:
        client.ws.sock.close()


def said(hosts, clients, number, text):
    assert hosts[number].pushes(PATH, text).status == OK
    for client in clients:
        assert client.receive() == text


def test_a_stream_changes_hosts(hosts, listened):
    with EventSource(hosts[0].port, PATH) as one:
        one.settle()
        said(hosts, listened, 0, "a")
        said(hosts, listened, 1, "b")
        assert [one.receive(), one.receive()] == ["a", "b"]
        position = one.last_id
    said(hosts, listened, 0, "c")
    with EventSource(hosts[1].port, PATH, last_id=position) as one:
        assert one.settle() == (["c"], True)
        said(hosts, listened, 1, "d")
        assert one.receive() == "d"
        position = one.last_id
    with frond(hosts[0], position=Position(position)) as other:
        assert other.settle() == [] and other.verdicts == [True], "a WebSocket goes on from there"


def test_a_client_changes_hosts(hosts, listened):
    with frond(hosts[0]) as one:
        one.settle()
        said(hosts, listened, 0, "a")
        said(hosts, listened, 1, "b")
        assert [one.receive(), one.receive()] == ["a", "b"]
        assert move(one, hosts[1]) == ([], [True]), "what it has had it has had"
        one.cut()
        said(hosts, listened, 0, "c")
        said(hosts, listened, 1, "d")
        assert move(one, hosts[0]) == (["c", "d"], [True])
        one.cut()
        said(hosts, listened, 0, "e")
        assert move(one, hosts[1]) == (["e"], [True])
        said(hosts, listened, 0, "f")
        assert one.receive() == "f"


def test_own_words_stay_away_at_the_other_host(hosts, listened):
    with frond(hosts[0]) as one:
        one.settle()
        before = str(one.position)
        one.client.send("others mine")
        for client in listened:
            assert client.receive() == "mine"
        one.cut()
        one.position = Position(before)
        assert move(one, hosts[1]) == ([], [True])


def test_transient_words_are_kept_nowhere(hosts, listened):
    with frond(hosts[0]) as one:
        one.settle()
        one.client.send("transient typing")
        for client in [one, *listened]:
            assert client.receive() == "typing"
        said(hosts, listened, 0, "said")
        assert one.receive() == "said"
        assert [m["text"] for m in kept(hosts[1])][-1] == "said" and "typing" not in str(kept(hosts[1]))


def kept(host):
    import json
    from test_command import tina4
    lines = tina4(host, "history", "--json", PATH).splitlines()
    return [json.loads(line) for line in lines[:-1]]


@pytest.mark.parametrize("emptied_at", [1, 2, 3])
@pytest.mark.parametrize("how", ["FLUSHALL", "restart"])
def test_a_host_that_is_new_does_not_vouch_for_what_redis_has_lost(forgetful, make_stack, emptied_at, how):
    """Redis forgets all before, between or after what the client has missed: the new host gives all of it, or says so."""
    first = make_stack(kind=Host, redis=forgetful).start("sidecar", "worker")
    first.settled(1)
    with frond(first, ARCHIVE) as one:
        one.settle()
        one.cut()
        for turn, word in enumerate(["a", "b", "c"], 1):
            assert first.pushes(ARCHIVE, word).status == OK
            if turn == emptied_at and how == "FLUSHALL":
                forgetful.ask("FLUSHALL")
            elif turn == emptied_at:
                forgetful.kill()
                forgetful.start()
                first.settled(1)
        late = make_stack(kind=Host, redis=forgetful).start("sidecar", "worker")
        for host in (first, late):
            host.settled(2)
        assert move(one, late, ARCHIVE) in (([], [False]), (["a", "b", "c"], [True]))
        assert first.pushes(ARCHIVE, "d").status == OK
        assert one.receive() == "d"
        assert move(one, first, ARCHIVE) == ([], [True])


def test_what_was_heard_before_a_gap_does_not_come_again(forgetful, make_stack):
    """The host that told of the gap has never heard of it; another one has, and must not take it for missed."""
    hosts = [make_stack(kind=Host, redis=forgetful).start("sidecar", "worker") for _ in range(2)]
    for host in hosts:
        host.settled(2)
    with hosts[1].ws(PATH, direct=True), frond(hosts[0]) as one:
        one.settle()
        for host, text in zip(hosts, "ab"):
            assert host.pushes(PATH, text).status == OK
            assert one.receive() == text
        hosts[0].sidecar.kill()
        forgetful.ask("FLUSHALL")
        hosts[0].sidecar.start()
        hosts[0].settled(2)
        eventually(lambda: hosts[0].admin_status("/readyz") == 200, "the worker is back")
        assert move(one, hosts[0]) == ([], [False])
        assert move(one, hosts[1]) == ([], [True])
        assert hosts[1].pushes(PATH, "c").status == OK
        assert one.receive() == "c"


def test_the_first_one_on_a_path_may_come_back(redis, make_stack):
    """On a push-only route it joins before its host hears the path: it is told again from when on that is so."""
    host = make_stack(kind=Host, redis=redis, ws_routes="/ws/news/{topic};history=9").start("sidecar", "worker")
    eventually(lambda: host.status()[0] == "ready", "the relay is here")
    for topic in range(5):
        path = f"/ws/news/{topic}"
        with host.ws(path, direct=True, subprotocols=["frond.1"]) as client:
            told = [client.receive() for _ in range(2)]
        assert all(words.startswith("\0p ") for words in told)
        host.pushes(path, "missed")
        with host.ws(path, direct=True, subprotocols=["frond.1", f"frond.at.{told[1][3:]}"]) as client:
            got = [client.receive() for _ in range(3)]
        assert got[0].startswith("\0n ") and got[1:] == ["missed", "\0r 1"]


def test_what_is_lost_between_hosts_is_a_gap_for_who_comes_back(forgetful, make_stack):
    """One host was cut off for so long that what it has missed is kept no more, and Redis has forgotten it, too."""
    cable, made = cabled(make_stack, forgetful, ws_backplane_repair_seconds=1)
    talks, cut_off = made
    with frond(cut_off) as one, frond(cut_off) as stays:
        eventually(lambda: talks.count(PATH) == 2, "the other host knows of it")
        stays.settle()
        one.settle()
        talks.pushes(PATH, "before")
        assert one.receive() == stays.receive() == "before"
        position = str(one.position)
        one.cut()
        lose_for_good(talks, cut_off, cable, PATH, meanwhile=lambda: forgetful.ask("FLUSHALL"))
        eventually(lambda: cut_off.stats()["relay_gaps"] == 1, "it has found that something is missing")
        one.position = Position(position)
        assert one.back() == ([], [False])
        assert stays.settle() == [] and stays.verdicts == [False]


def test_a_client_that_is_faster_than_the_relay(redis, make_stack):
    """What it has had at one host comes to the other only when it is there, and then to all others."""
    cable, made = cabled(make_stack, redis)
    talks, behind = made
    with frond(behind) as other, frond(talks) as one:
        other.settle()
        one.settle()
        eventually(lambda: talks.count(PATH) == 2, "both hear the path")
        talks.pushes(PATH, "before")
        assert one.receive() == other.receive() == "before"
        cable.hold()
        talks.pushes(PATH, "a")
        assert one.receive() == "a"
        assert move(one, behind) == ([], [True]), "it lacks nothing, though the host does"
        cable.let_go()
        assert other.receive() == "a"
        eventually(lambda: behind.status()[0] == "ready", "the host hears again")
        talks.pushes(PATH, "b")
        assert one.receive() == other.receive() == "b"
        assert one.back() == ([], [True])
        assert move(one, talks) == ([], [True]), "nor does it get anything twice where it came from"


def test_own_words_that_are_slower_than_who_said_them(redis, make_stack):
    """They come to the other host when the client is there already, and comes and goes: to all others, and once."""
    cable, made = cabled(make_stack, redis)
    talks, behind = made
    there, other = stay(made, PATH)
    with frond(talks) as one:
        one.settle()
        cable.hold()
        before = str(one.position)
        one.client.send("others mine")
        assert one.settle() == []
        one.position = Position(before)
        for _ in range(3):
            assert move(one, behind) == ([], [True])
        assert there.receive() == "mine"
        cable.let_go()
        assert other.receive() == "mine"
        eventually(lambda: behind.status()[0] == "ready", "the host hears again")
        talks.pushes(PATH, "next")
        assert one.receive() == other.receive() == there.receive() == "next"
        assert one.back() == ([], [True])


@contextlib.contextmanager
def emptied(redis, _):
    redis.ask("FLUSHALL")
    yield
    redis.ask("FLUSHALL")


@contextlib.contextmanager
def killed(redis, _):
    redis.kill()
    yield
    redis.start()


@contextlib.contextmanager
def stopped(redis, _):
    redis.hang()
    yield
    redis.go_on()


@contextlib.contextmanager
def paused(redis, _):
    redis.ask("CLIENT", "PAUSE", 2000, "ALL")
    yield


@contextlib.contextmanager
def slow(_, cable):
    cable.slow(0.2)
    yield
    cable.slow(0)


@pytest.mark.parametrize("trouble", [emptied, killed, stopped, paused, slow])
def test_a_client_that_moves_while_redis_has_trouble(forgetful, make_stack, trouble):
    """It is faster than the words of either host, and comes and goes: it has all of them once, and no gap."""
    cable, made = cabled(make_stack, forgetful)
    clients = stay(made, ARCHIVE)
    with frond(made[0], ARCHIVE) as one:
        one.settle()
        got, words = [], []
        with trouble(forgetful, cable):
            for turn in range(6):
                for number, host in enumerate(made):
                    words.append(f"{number}:{turn}")
                    assert host.pushes(ARCHIVE, words[-1]).status == OK
                more, verdicts = move(one, made[1 - turn % 2], ARCHIVE)
                assert verdicts == [True]
                got += more
        for host in made:
            host.settled(2)
        for number, host in enumerate(made):
            words.append(f"{number}:end")
            assert host.pushes(ARCHIVE, words[-1]).status == OK
        while not {"0:end", "1:end"} <= set(got):
            got.append(one.receive())
        assert sorted(got) == sorted(words)
        assert all([word for word in got if word[0] == number] == [word for word in words if word[0] == number]
                   for number in "01"), "in the order of each host"
        assert one.back() == ([], [True])
    for client in clients:
        got = [client.receive() for _ in words]
        assert sorted(got) == sorted(words)


@pytest.mark.parametrize("path", [PATH, ARCHIVE], ids=["few-are-kept", "many-are-kept"])
def test_clients_that_roam_while_both_hosts_speak(hosts, path):
    """They are cut off again and again, come back to either host, and have all of it once."""
    clients = stay(hosts, path)
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    ended = threading.Event()
    words = {0: [], 1: []}

    def speak(number):
        with Peer(hosts[number].bus) as peer:
            peer.hello()
            while not ended.is_set():
                text = f"{number}:{len(words[number])}"
                assert peer.push(path, text).status == OK
                words[number].append(text)

    def roam_as_stream():
        got, position = [], ""
        for _ in range(20):
            with EventSource(hosts[chance.randrange(2)].port, path, last_id=position) as one:
                more, is_whole = one.settle()
                got += [None] if is_whole is False else more
                got += [one.receive() for _ in range(1 + chance.randrange(4))]
                position = one.last_id
        all_got.append(got)

    def roam():
        with frond(hosts[chance.randrange(2)], path) as one:
            one.settle()
            got = [one.receive()]
            for _ in range(20):
                got += [one.receive() for _ in range(chance.randrange(4))]
                more, verdicts = move(one, hosts[chance.randrange(2)], path)
                got += [None] if verdicts == [False] else more
                assert len(verdicts) == 1
            all_got.append(got)

    all_got = []
    speakers = [threading.Thread(target=speak, args=(number,)) for number in range(2)]
    roamers = [threading.Thread(target=way) for way in (roam, roam_as_stream) for _ in range(5)]
    for thread in speakers + roamers:
        thread.start()
    for thread in roamers:
        thread.join()
    ended.set()
    for thread in speakers:
        thread.join()
    assert len(all_got) == 10
    for got in all_got:
        check(got)
    for client in clients:
        client.ws.sock.close()
    if path == ARCHIVE:
        assert not any(None in got for got in all_got), "all of it was kept"


def check(got):
    """Between two gaps the words of each host come without one missing, and none twice at all."""
    for number in "01":
        last = None
        for word in got:
            if word is None:
                last = None
            elif word.startswith(f"{number}:"):
                n = int(word[2:])
                assert last is None or n == last + 1, (last, word)
                last = n
