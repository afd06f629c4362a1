"""Who is on a path, as others may see it: on one host, and on several of which some die or are cut off."""

import json
import random
import subprocess
import time
from urllib.parse import quote

import pytest

from client import http
from elsewhere import STAYING, Elsewhere
from eventsource import EventSource
from frond import Frond
from redis import Cable, Host, old_redis
from stack import BUILD, eventually
from test_auth import token
from wire import NO_ROUTE, OK, MEMBERS, Peer, command

ADMIN = "presence-token-presence-token-presence"
GONE_IN = 6  # seconds: who was at a host that is dead


def path_of(room, name=None, user=None, kept=False, **data):
    """A user comes by a token, on the route that wants one."""
    words = {}
    if name is not None:
        words["open"] = f"present {json.dumps({'name': name, **data})}"
    if user is not None:
        words["token"] = token(sub=user)
    query = "&".join(f"{key}={quote(value)}" for key, value in words.items())
    return f"/ws/{'kept' if kept else 'known' if user else 'script'}/{room}" + (f"?{query}" if query else "")


def frond(host, room, name=None, **more):
    """One that presents itself under that name, or only looks."""
    client = Frond(lambda offers: host.ws(path_of(room, name, **more), direct=True, subprotocols=offers))
    client.host, client.room, client.more = host, room, (name, more)
    client.settle()
    return client


def come_back(client, host=None):
    name, more = client.more
    client.host = host or client.host
    client.connect = lambda offers: client.host.ws(path_of(client.room, name, **more), direct=True, subprotocols=offers)
    client.cut()
    client.open()
    client.settle()


def sees(client, names):
    """That is what it knows, sooner or later."""
    names = names if isinstance(names, int) else sorted(names)

    def does():
        client.settle()
        return client.names() == names

    eventually(does, f"it sees {names}")


def hears(client, changes):
    """Those it has been told, sooner or later, and no others."""
    def does():
        client.settle()
        return len(client.changes) >= len(changes)

    eventually(does, f"it hears of {changes}")
    assert [what for what, _ in client.changes] == changes


def members(host, room, route="script"):
    with Peer(host.bus) as peer:
        reply = peer.hello().ask(command(MEMBERS, key=f"/ws/{route}/{room}"))
    assert reply.status == OK
    return json.loads(reply.text)


def names_of(found):
    return sorted(member["data"]["name"] for member in found["members"])


@pytest.fixture(scope="module")
def host(make_stack_for_session):
    return make_stack_for_session(admin_token=ADMIN, ws_presence_grace=2).start("sidecar", "worker")


# --- on one host ----------------------------------------------------------------------------------------


def test_all_know_who_is_here(host, room):
    with frond(host, room) as watcher:
        assert watcher.names() == []
        with frond(host, room, "Ann") as ann, frond(host, room, "Bob") as bob:
            for client in (watcher, ann, bob):
                sees(client, ["Ann", "Bob"])
            bob.client.send('present {"name": "Bert", "busy": true}')
            for client in (watcher, ann, bob):
                sees(client, ["Ann", "Bert"])
            bob.client.send("present ")
            sees(watcher, ["Ann"])
            ann.client.send("close 1000")
            sees(watcher, [])
            assert watcher.changes[-1][0] == "-"


def test_it_is_in_order_with_messages(host, room):
    with frond(host, room) as watcher:
        with frond(host, room) as ann:
            ann.client.send('broadcast before|present {"name": "Ann"}|broadcast after|present |broadcast end')
            heard = []
            watcher.obey = lambda text: heard.append(text[0])
            for _ in range(3):
                heard.append(watcher.receive())
            assert heard == ["before", "+", "after", "-", "end"]


def test_others_get_their_messages_only(host, room):
    with host.ws(f"/ws/script/{room}", direct=True) as plain, frond(host, room, "Ann") as ann:
        ann.client.send("broadcast hello")
        assert plain.receive() == "hello"
        plain.send('present {"name": "Plain"}|broadcast end')
        assert plain.receive() == "end"
        sees(ann, ["Ann", "Plain"])


def test_an_event_stream_is_told(host, room):
    with EventSource(host.port, f"/ws/script/{room}?open=send%20here") as stream:
        assert stream.receive() == "here"
        with frond(host, room, "Ann"):
            kind, words, _ = stream.event()
            assert kind == "presence" and words.startswith("+ ") and json.loads(words[2:])["data"] == {"name": "Ann"}
            with EventSource(host.port, f"/ws/script/{room}") as other:
                kind, words, _ = other.event()
                assert kind == "presence" and json.loads(words[2:])[0]["data"] == {"name": "Ann"}


@pytest.mark.parametrize("more", ({}, {"kept": True}, {"user": "7"}), ids=("script", "kept", "user"))
def test_who_is_back_soon_has_neither_left_nor_come(host, room, more):
    with frond(host, room, **more) as watcher, frond(host, room, "Ann", **more) as ann:
        sees(watcher, ["Ann"])
        for _ in range(3):
            watcher.changes.clear()
            come_back(ann)
            sees(watcher, ["Ann"])
            assert [what for what, _ in watcher.changes] == ["was"]
            sees(ann, ["Ann"])
        watcher.changes.clear()
        ann.cut()
        sees(watcher, [])
        assert [what for what, _ in watcher.changes] == ["-"], "who does not come back has left"


def test_as_another_user_it_is_somebody_else(host, room):
    with frond(host, room, user="6") as watcher, frond(host, room, "Ann", user="7") as ann:
        sees(watcher, ["Ann"])
        watcher.changes.clear()
        ann.more = ("Bob", {"user": "8"})
        come_back(ann)
        sees(watcher, ["Bob"])
        assert [what for what, _ in watcher.changes] == ["-", "+"]
        assert next(iter(watcher.members.values()))["user"] == "8"


def test_a_place_is_taken_before_its_loss_is_noticed(host, room):
    """As when a phone changes networks: the old connection seems alive."""
    with frond(host, room) as watcher, frond(host, room, "Ann") as ann:
        sees(watcher, ["Ann"])
        old = ann.client
        ann.open()
        ann.settle()
        sees(watcher, ["Ann"])
        assert [what for what, _ in watcher.changes] == ["+", "was"]
        old.ws.sock.close()
        time.sleep(0.1)
        sees(watcher, ["Ann"])


def test_a_list_is_asked_for_by_who_had_one(host, room):
    with frond(host, room) as watcher:
        with frond(host, room, "Ann"):
            sees(watcher, ["Ann"])
            watcher.cut()
        watcher.members = {"": {"data": {"name": "a ghost"}}}
        come_back(watcher)
        sees(watcher, [])


def test_past_the_limit_only_the_number_is_told(make_stack, room):
    host = make_stack(ws_presence_max=5).start("sidecar", "worker")
    with frond(host, room) as watcher:
        crowd = [frond(host, room, f"n{i}") for i in range(5)]
        sees(watcher, [f"n{i}" for i in range(5)])
        crowd.append(frond(host, room, "one more"))
        sees(watcher, 6)
        assert members(host, room) == {"count": 6}
        crowd += [frond(host, room, f"m{i}") for i in range(3)]
        sees(watcher, 9)
        with frond(host, room) as late:
            assert late.names() == 9
        for client in crowd[5:]:
            client.client.send("close 1000")
        sees(watcher, [f"n{i}" for i in range(5)])


@pytest.mark.parametrize("what,why", (
    ("[]", "INVALID"), ("{", "INVALID"), ('"x"', "INVALID"), ('{"a":"\\ud800"}', "INVALID"), ("{} {}", "INVALID"),
    ('{"a":"' + "x" * 4090 + '"}', "EMSGSIZE")))
def test_what_makes_no_sense_fails_the_handler(host, room, what, why):
    with frond(host, room) as watcher, frond(host, room, "Ann") as ann:
        ann.client.send(f"broadcast not this|present {what}")
        ann.client.send("broadcast but this")
        assert watcher.receive() == "but this"
        sees(watcher, ["Ann"])
    eventually(lambda: any("handler failed" in line for line in host.worker.lines()), "the log says so")


def test_members_are_told_to_anybody(host, room, tmp_path):
    with frond(host, room, "Ann", user="7") as ann, frond(host, room, "Bob", user="8"):
        found = members(host, room, "known")
        assert found["count"] == 2 and names_of(found) == ["Ann", "Bob"]
        answer = http(host.admin, "GET", f"/members/ws/known/{room}", {"Authorization": f"Bearer {ADMIN}"})
        assert answer.status == 200 and answer.json == found
        assert http(host.admin, "GET", f"/members/ws/known/{room}").status == 401
        assert http(host.admin, "GET", "/members/none", {"Authorization": f"Bearer {ADMIN}"}).status == 404
        assert http(host.admin, "POST", f"/members/ws/known/{room}",
                    {"Authorization": f"Bearer {ADMIN}"}).status == 405
        env = {"PATH": "/usr/bin", "TINA4_BUS": host.bus}
        told = subprocess.run([BUILD / "tina4", "members", f"/ws/known/{room}"], env=env, cwd=tmp_path,
                              capture_output=True, text=True, check=True).stdout
        assert sorted(line.split("  ", 1)[1] for line in told.splitlines()) == ['7  {"name":"Ann"}', '8  {"name":"Bob"}']
        told = subprocess.run([BUILD / "tina4", "members", "--json", f"/ws/known/{room}"], env=env, cwd=tmp_path,
                              capture_output=True, text=True, check=True).stdout
        assert json.loads(told) == found
        assert host.stats()["members"] >= 2
        ann.settle()
    with Peer(host.bus) as peer:
        assert peer.hello().ask(command(MEMBERS, key="/nowhere")).status == NO_ROUTE


@pytest.mark.parametrize("language", STAYING)
def test_handlers_in_other_languages_present_too(make_stack, room, language):
    host = make_stack(kind=Elsewhere, handlers=language).start("sidecar", "worker")
    with frond(host, room) as watcher, frond(host, room, "Zoë") as zoe:
        sees(watcher, ["Zoë"])
        zoe.client.send("present ")
        sees(watcher, [])


# --- on several hosts --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis():
    with old_redis() as server:
        yield server


def make_hosts(make_stack, redis, n, **settings):
    cables = [Cable(redis) for _ in range(n)]
    hosts = [make_stack(kind=Host, redis=redis, ws_backplane_url=cable.url, **settings).start("sidecar", "worker")
             for cable in cables]
    for host in hosts:
        host.settled(n)
    return hosts, cables


def test_members_of_all_hosts(make_stack, redis, room):
    hosts, _ = make_hosts(make_stack, redis, 3)
    with frond(hosts[0], room, "Ann") as ann, frond(hosts[1], room, "Bob") as bob:
        for client in (ann, bob):
            sees(client, ["Ann", "Bob"])
        assert names_of(members(hosts[2], room)) == ["Ann", "Bob"], "also where nobody is there"
        with frond(hosts[2], room) as late:
            assert late.names() == ["Ann", "Bob"], "who comes knows at once"
            late.changes.clear()
            come_back(ann, hosts[1])
            hears(late, ["was"])
            sees(late, ["Ann", "Bob"])
            time.sleep(0.1)
            sees(bob, ["Ann", "Bob"])
            bob.client.send("close 1000")
            sees(late, ["Ann"])


def test_a_dead_host_takes_its_people_with_it(make_stack, redis, room):
    hosts, _ = make_hosts(make_stack, redis, 2)
    with frond(hosts[0], room, "Ann") as ann, frond(hosts[1], room, "Bob"), frond(hosts[1], room, "Cid"):
        sees(ann, ["Ann", "Bob", "Cid"])
        hosts[1].sidecar.kill()
        begun = time.monotonic()
        sees(ann, ["Ann"])
        assert time.monotonic() - begun < GONE_IN
        hosts[1].sidecar.start()


def test_who_flees_a_dead_host_has_neither_left_nor_come(make_stack, redis, room):
    hosts, _ = make_hosts(make_stack, redis, 2)
    with frond(hosts[0], room) as watcher, frond(hosts[1], room, "Bob") as bob:
        sees(watcher, ["Bob"])
        hosts[1].sidecar.kill()
        come_back(bob, hosts[0])
        hears(watcher, ["+", "was"])
        watcher.changes.clear()
        time.sleep(GONE_IN + 1)
        sees(watcher, ["Bob"])
        assert watcher.changes == []
        hosts[1].sidecar.start()


def test_a_host_that_stops_makes_nobody_flap(make_stack, redis, room):
    hosts, _ = make_hosts(make_stack, redis, 2)
    with frond(hosts[0], room) as watcher, frond(hosts[1], room, "Bob") as bob, \
            frond(hosts[1], room, "Cid") as cid:
        sees(watcher, ["Bob", "Cid"])
        watcher.changes.clear()
        hosts[1].sidecar.popen.terminate()
        eventually(lambda: any("stopping" in line for line in hosts[1].sidecar.lines()), "it stops")
        cid.cut()
        come_back(bob, hosts[0])
        hosts[1].sidecar.ended(0)
        hears(watcher, ["was"])
        sees(watcher, ["Bob", "Cid"])
        sees(watcher, ["Bob"])
        hosts[1].sidecar.start()


def test_a_short_cut_makes_nobody_flap(make_stack, redis, room):
    hosts, cables = make_hosts(make_stack, redis, 3)
    clients = [frond(host, room, f"n{i}") for i, host in enumerate(hosts)]
    for client in clients:
        sees(client, ["n0", "n1", "n2"])
        client.changes.clear()
    cables[2].hold()
    time.sleep(2)
    with frond(hosts[0], room, "meanwhile"), frond(hosts[2], room, "cut off"):
        cables[2].let_go()
        for client in clients:
            sees(client, ["n0", "n1", "n2", "meanwhile", "cut off"])
        for host in hosts:
            host.settled(3)
        for client in clients:
            client.settle()
            assert sorted(what for what, _ in client.changes) == ["+", "+"], "only what is new was told"
    for client in clients:
        sees(client, ["n0", "n1", "n2"])
        client.cut()


def test_a_long_cut_ends_well(make_stack, redis, room):
    hosts, cables = make_hosts(make_stack, redis, 2)
    with frond(hosts[0], room, "Ann") as ann, frond(hosts[1], room, "Bob") as bob:
        for client in (ann, bob):
            sees(client, ["Ann", "Bob"])
        cables[1].hold()
        sees(ann, ["Ann"])
        sees(bob, ["Ann", "Bob"])
        with frond(hosts[0], room, "Cid") as cid:
            time.sleep(10)
            cables[1].let_go()
            for client in (ann, bob, cid):
                sees(client, ["Ann", "Bob", "Cid"])
        for client in (ann, bob):
            sees(client, ["Ann", "Bob"])


def test_under_load_all_views_are_the_truth(make_stack, redis, room):
    """Comings and goings on three hosts, with cuts and a kill between them."""
    hosts, cables = make_hosts(make_stack, redis, 3)
    watchers = [frond(host, room) for host in hosts]
    people, chance = {}, random.Random(18)
    for turn in range(240):
        number = f"p{chance.randrange(20)}"
        if turn in (60, 140):
            cables[turn % 3].hold()
        if turn in (80, 160):
            for cable in cables:
                cable.let_go()
        if turn == 200:
            hosts[2].sidecar.kill()
            people = {name: client for name, client in people.items() if client.host is not hosts[2]}
            hosts[2].sidecar.start()
            hosts[2].settled(3)
            come_back(watchers[2])
        if number not in people:
            people[number] = frond(chance.choice(hosts), room, number)
        elif chance.random() < 0.4:
            people.pop(number).client.send("close 1000")
        elif chance.random() < 0.5:
            come_back(people[number], chance.choice(hosts))
        else:
            people[number].client.send(f'present {{"name": "{number}", "turn": {turn}}}')
    for client in (*watchers, *people.values()):
        sees(client, people.keys())
    for host in hosts:
        assert names_of(members(host, room)) == sorted(people)
    for client in (*watchers, *people.values()):
        client.cut()
