"""What can happen to Redis, to the way to it, and to other hosts. Every message is accounted for."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time

import pytest

from client import Client
from redis import Cable, Error, Host, Listener, Redis, Talker, account, lose_for_good, namespace
from stack import eventually
from test_relay import counts, join, script
from wire import OK, PUSH, Peer, command

N = 3
READY, DEGRADED = ("ready", None), "degraded"
NOT_RELAYED = 9
FOUND_IN = 3  # seconds: a dead way to Redis
FORGOTTEN_IN = 10  # seconds: a dead host


@pytest.fixture
def redis():
    server = Redis().start()
    yield server
    server.stop()


@pytest.fixture
def make_hosts(make_stack):
    def make(redis, n=N, settle=True, **settings):
        hosts = [make_stack(kind=Host, redis=redis, **settings).start("sidecar", "worker") for _ in range(n)]
        if settle:
            for host in hosts:
                host.settled(n)
        return hosts

    return make


def await_status(hosts, status, why=None):
    for host in hosts:
        eventually(lambda: host.status()[0] == status and (why is None or host.status()[1] == why),
                   f"{host.dir} is {status}")


def start_traffic(hosts, path, **more):
    listeners = [Listener(client) for client in join(hosts, path)]
    talkers = [Talker(host, path, f"host{i}", **more) for i, host in enumerate(hosts)]
    time.sleep(0.3)
    return listeners, talkers


def stop_traffic(listeners, talkers):
    """Returns what each listener lost, once the last of each talker has come."""
    for talker in talkers:
        talker.stop()
        assert len(talker.taken) > 50
    lasts = {f"{talker.name} {talker.taken[-1]}" for talker in talkers}
    for listener in listeners:
        eventually(lambda: lasts <= {message.rpartition(" ")[0] for message in listener.messages()},
                   "the last of each has come")
    return [account(listener, talkers) for listener in listeners]


def nothing_lost(losses):
    return all(not numbers for lost in losses for numbers in lost.values())


def no_gaps(hosts):
    return all(host.stats()["relay_gaps"] == 0 for host in hosts)


def nobody_waited(talkers, begin, end):
    """A push is answered while Redis is away: it does not wait for it."""
    for talker in talkers:
        assert talker.answered_between(begin, end) > 0, f"{talker.name}: a push had to wait for Redis"


def log_of(host):
    return "\n".join(host.sidecar.lines())


# --- Redis goes and comes ---------------------------------------------------------------------


def test_redis_is_killed_and_restarted_under_traffic(redis, make_hosts, room):
    """Nothing is lost, nothing comes twice: what is said meanwhile waits until all are back."""
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    outages = []
    for _ in range(3):
        begin = time.monotonic()
        redis.kill()
        await_status(hosts, DEGRADED)
        time.sleep(0.5)
        outages.append((begin, time.monotonic()))
        redis.start()
        await_status(hosts, "ready")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert no_gaps(hosts)
    assert not any(talker.refused for talker in talkers)
    for outage in outages:
        nobody_waited(talkers, *outage)
    assert counts(hosts, script(room)) == [N] * N


def test_a_long_time_without_redis(redis, make_hosts, room):
    """TINA4_WITHOUT says how many seconds: it may be longer than the window for repairs, which begins after it."""
    hosts = make_hosts(redis, ws_backplane_repair_seconds=1)
    listeners, talkers = start_traffic(hosts, script(room), rate=100)
    redis.kill()
    await_status(hosts, DEGRADED)
    time.sleep(float(os.environ.get("TINA4_WITHOUT", "4")))
    redis.start()
    await_status(hosts, "ready")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert no_gaps(hosts)


def test_what_is_gone_for_good_is_told(redis, make_stack, make_hosts, room):
    """The window for repairs is over: that is a metric, and pages with frond.js are told where it is."""
    cable = Cable(redis)
    talks, = make_hosts(redis, n=1, settle=False, ws_backplane_repair_seconds=1)
    cut_off = make_stack(kind=Host, redis=redis, ws_backplane_url=cable.url,
                         ws_backplane_repair_seconds=1).start("sidecar", "worker")
    hosts = [talks, cut_off]
    for host in hosts:
        host.settled(2)
    path = script(room)
    frond = cut_off.ws(f"{path}?open=send%20here", direct=True, subprotocols=["frond.1"])
    plain = cut_off.ws(f"{path}?open=send%20here", direct=True)
    assert [frond.receive(), plain.receive()] == ["here", "here"]
    eventually(lambda: counts([talks], path) == [2], "they are counted")
    talks.pushes(path, "before")
    assert [frond.receive(), plain.receive()] == ["before", "before"]
    lose_for_good(talks, cut_off, cable, path)
    assert frond.receive() == "\0r 0", "what a host said that is gone"
    assert cut_off.stats()["relay_gaps"] == 1
    eventually(lambda: counts([talks], path) == [2], "they are counted")
    talks.pushes(path, "after")
    assert [frond.receive(), plain.receive()] == ["after", "after"]


def test_local_delivery_goes_on_while_redis_is_gone(redis, make_hosts, room):
    hosts = make_hosts(redis)
    path = script(room)
    clients = join(hosts, path)
    redis.kill()
    await_status(hosts, DEGRADED, "redis is away")
    for i, (host, client) in enumerate(zip(hosts, clients)):
        reply = host.pushes(path, f"{i} 0")
        assert (reply.status, reply.connections, reply.relayed) == (OK, 1, True)
        assert client.receive() == f"{i} 0"
        for n in range(1, 100):
            assert client.ask(f"broadcast {i} {n}") == f"{i} {n}"
        # A path that is new to the host is not held up either.
        with host.ws(f"{path}-{i}?open=tell%20count", direct=True) as other:
            assert other.receive() == "1"
        assert "open events go without" not in log_of(host)
    redis.start()
    await_status(hosts, "ready")
    for i, client in enumerate(clients):
        got = [client.receive() for _ in range(100 * (N - 1))]
        for j in range(N):
            assert [m for m in got if m.startswith(f"{j} ")] == [f"{j} {n}" for n in range(100) if i != j]


def test_redis_comes_after_the_hosts(make_hosts, room):
    redis = Redis()
    try:
        hosts = make_hosts(redis, settle=False)
        await_status(hosts, DEGRADED, "redis is away")
        clients = [host.ws(f"{script(room)}?open=tell%20count", direct=True) for host in hosts]
        assert [client.receive() for client in clients] == ["1"] * N
        redis.start()
        for host in hosts:
            host.settled(N)
        eventually(lambda: counts(hosts, script(room)) == [N] * N, "they know each other")
        hosts[0].pushes(script(room), "hello")
        assert [client.receive() for client in clients] == ["hello"] * N
    finally:
        redis.stop()


def test_what_finds_no_room_is_an_error(redis, make_hosts, room):
    hosts = make_hosts(redis, ws_max_message="8K", ws_backplane_queue_bytes="64K")
    path = script(room)
    clients = join(hosts, path)
    redis.kill()
    await_status(hosts, DEGRADED)
    taken, refused = [], []
    with Peer(hosts[0].bus) as peer:
        peer.hello()
        for n in range(100):
            cmd = command(PUSH, f"{n} ".ljust(2000, "x"), key=path)
            reply = peer.ask(cmd)
            assert reply.connections == 1, "it is delivered here in any case"
            assert (reply.status, reply.relayed) in ((OK, True), (NOT_RELAYED, False))
            (taken if reply.status == OK else refused).append(n)
        assert taken == list(range(len(taken))) and 20 < len(taken) < 40
        ident = os.urandom(16)
        assert peer.push(path, "again " * 500, ident=ident).status == NOT_RELAYED
        clients[0].send("fill 2000")
        eventually(lambda: "command refused" in log_of(hosts[0]), "a handler's broadcast is not lost in silence")
        assert [clients[0].receive().split()[0] for _ in range(100)] == [str(n) for n in range(100)]
        assert clients[0].receive().startswith("again")
        assert len(clients[0].receive()) == 2000
        redis.start()
        await_status(hosts, "ready")
        for client in clients[1:]:
            assert [client.receive().split()[0] for _ in taken] == [str(n) for n in taken]
        # The retry of what was refused is for the others only.
        assert peer.push(path, "again " * 500, ident=ident).status == OK
        assert peer.push(path, "again " * 500, ident=ident).status == OK
        assert peer.push(path, "end").status == OK
        for client in clients[1:]:
            assert client.receive().startswith("again")
            assert client.receive() == "end"
        assert clients[0].receive() == "end"


def test_flushall(redis, make_hosts, room):
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    for _ in range(20):
        redis.ask("FLUSHALL")
        assert counts(hosts, script(room)) == [N] * N
    late = hosts[0].ws(f"{script(room)}?open=tell%20count", direct=True)
    assert Listener(late).client is late
    assert nothing_lost(stop_traffic(listeners, talkers))
    eventually(lambda: counts(hosts, script(room)) == [N + 1] * N, "it is counted")
    await_status(hosts, "ready")


def test_who_leaves_while_redis_is_away_is_not_counted(redis, make_stack, make_hosts, room):
    """Nobody could say so at the time: counts begin anew with each connection to Redis."""
    cable = Cable(redis)
    hosts = make_hosts(redis, n=2)
    hosts.append(make_stack(kind=Host, redis=redis, ws_backplane_url=cable.url).start("sidecar", "worker"))
    for host in hosts:
        host.settled(N)
    path, other = script(room), script(f"{room}-2")
    clients = join(hosts, path)
    others = join(hosts, other)
    redis.kill()
    await_status(hosts, DEGRADED)
    clients[1].close()
    others[1].close()
    eventually(lambda: hosts[1].stats()["connections"] == 0, "it is gone")
    redis.start()
    await_status(hosts, "ready")
    # Those that have left are not asked: their question would tell that they have nobody there.
    still = [hosts[0], hosts[2]]
    eventually(lambda: counts(still, path) == counts(still, other) == [2, 2], "it is not counted")
    cable.hold()  # now only one host is away, and comes back before it is forgotten
    await_status(hosts[2:], DEGRADED)
    clients[2].close()
    others[0].close()
    for host in still:
        eventually(lambda: host.stats()["connections"] == 1, "it is gone")
    assert counts(hosts[:1], path) == counts(hosts[2:], other) == [2]
    cable.let_go()
    await_status(hosts, "ready")
    eventually(lambda: counts(hosts[:1], path) == counts(hosts[2:], other) == [1], "they are not counted")
    assert counts(hosts, path) == counts(hosts, other) == [1] * N
    assert not any("host disconnected" in log_of(host) for host in hosts)


# --- Redis is slow ------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, 4])
def test_a_slow_redis(redis, make_hosts, room, seconds):
    """A short sleep is waited for; a long one looks like death, and is survived as well."""
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    begin = time.monotonic()
    redis.ask("DEBUG", "SLEEP", seconds)
    nobody_waited(talkers, begin, time.monotonic())
    if seconds == 1:
        await_status(hosts, "ready")
    else:
        for host in hosts:
            host.settled(N)
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses

    def went_away():
        return any("relay disconnected" in log_of(host) for host in hosts)

    if seconds > FOUND_IN:
        eventually(went_away, "it was given up")
    else:
        assert not went_away()


@pytest.mark.parametrize("mode", ["WRITE", "ALL"])
def test_a_paused_redis(redis, make_hosts, room, mode):
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    redis.ask("CLIENT", "PAUSE", "1000", mode)
    begin = time.monotonic()
    time.sleep(0.9)
    nobody_waited(talkers, begin, time.monotonic())
    time.sleep(0.3)
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses


# --- the way to Redis ----------------------------------------------------------------------------


def test_a_way_that_swallows_everything_is_found_and_replaced(redis, make_stack, make_hosts, room):
    """Both connections look alive, and nothing comes: the canary sees it."""
    cable = Cable(redis)
    hosts = make_hosts(redis, n=2)
    cut_off = make_stack(kind=Host, redis=redis, ws_backplane_url=cable.url).start("sidecar", "worker")
    hosts.append(cut_off)
    for host in hosts:
        host.settled(N)
    path = script(room)
    listeners, talkers = start_traffic(hosts, path)
    cable.hold()
    begin = time.monotonic()
    eventually(lambda: cut_off.status()[0] == DEGRADED, "it is found")
    eventually(lambda: "redis does not answer" in log_of(cut_off), "the log says why")
    eventually(lambda: hosts[0].stats()["relay_hosts"] == 1, "the others forget its counts")
    eventually(lambda: counts(hosts[:2], path) == [2, 2], "and what it counted")
    assert cut_off.count(path) == N, "it keeps what it knew"
    end = time.monotonic()
    cable.let_go()
    for host in hosts:
        host.settled(N)
    eventually(lambda: counts(hosts, path) == [N] * N, "they know each other again")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses  # what it could not hear it was told again
    assert cut_off.stats()["relay_repaired"] > 0
    assert no_gaps(hosts)
    nobody_waited(talkers, begin, end)


@pytest.mark.parametrize("what", ["pubsub", "normal"])
def test_connections_that_redis_closes(redis, make_hosts, room, what):
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    for times in range(1, 4):
        redis.ask("CLIENT", "KILL", "TYPE", what)
        for host in hosts:
            eventually(lambda: log_of(host).count("relay disconnected") >= times, "it notices")
        await_status(hosts, "ready")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert no_gaps(hosts)


@pytest.mark.parametrize("publishing", [False, True], ids=["subscriber", "publisher"])
def test_one_connection_is_killed_again_and_again(redis, make_stack, room, publishing):
    """One of the two of one host. TINA4_KILLS says how often."""
    kills = int(os.environ.get("TINA4_KILLS", "20"))
    hosts = [make_stack(kind=Host, redis=redis, ws_backplane_url=redis.user_url(f"host{i}"))
             .start("sidecar", "worker") for i in range(N)]
    for host in hosts:
        host.settled(N)
    listeners, talkers = start_traffic(hosts, script(room))
    others = redis.connections("host0", not publishing)
    chance = random.Random(17)
    for _ in range(kills):
        ident, = eventually(lambda: redis.connections("host0", publishing), "it is there again")
        try:
            redis.ask("CLIENT", "KILL", "ID", ident)
        except Error:
            pass  # it has gone by itself
        time.sleep(chance.random() * 0.2)
    await_status(hosts, "ready")
    assert redis.connections("host0", not publishing) == others, "the other one has stayed"
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert no_gaps(hosts)
    assert counts(hosts, script(room)) == [N] * N
    if not publishing:
        assert hosts[0].stats()["relay_repaired"] > 0


def test_packets_that_are_dropped(make_stack, redis, room):
    """A host in a network namespace of its own, whose packets to Redis are dropped for 10 seconds."""
    with far_host(make_stack, redis) as (net, hosts):
        near, far = hosts
        path, listeners, talkers = start_far_traffic(hosts, room)
        begin = time.monotonic()
        net.loss = 1.0
        eventually(lambda: far.status()[0] == DEGRADED, "it is found")
        eventually(lambda: counts([near], path) == [1], "the other forgets it")
        time.sleep(max(0, begin + 10 - time.monotonic()))
        end = time.monotonic()
        net.loss = 0.0
        for host in hosts:
            host.settled(2)
        eventually(lambda: counts(hosts, path) == [2, 2], "they know each other again")
        losses = stop_traffic(listeners, talkers)
        assert nothing_lost(losses), losses
        assert no_gaps(hosts) and far.stats()["relay_repaired"] > 0
        nobody_waited(talkers, begin, end)


def test_packets_that_are_lost_now_and_then(make_stack, redis, room):
    """One of five, either way. TINA4_LOSSY says for how many seconds."""
    with far_host(make_stack, redis) as (net, hosts):
        _, listeners, talkers = start_far_traffic(hosts, room)
        net.loss = 0.2
        time.sleep(float(os.environ.get("TINA4_LOSSY", "5")))
        net.loss = 0.0
        for host in hosts:
            host.settled(2)
        losses = stop_traffic(listeners, talkers)
        assert nothing_lost(losses), losses
        assert no_gaps(hosts)


@contextlib.contextmanager
def far_host(make_stack, redis):
    """Two hosts that share a Redis; the second one reaches it over a network that the test can disturb."""
    with namespace() as net:
        server = Redis("--port", str(net.port), "--bind", net.near, "--protected-mode", "no").start()
        try:
            near = make_stack(kind=Host, redis=server).start("sidecar", "worker")
            far = make_stack(kind=Host, redis=server, ws_backplane_url=f"redis://{net.near}:{net.port}")
            for process in (far.sidecar, far.worker):
                process.argv = ["ip", "netns", "exec", net.name, *process.argv]
            far.start("sidecar", "worker")
            far.start("nginx")  # reaches the sidecar by a unix socket: those know no network namespace
            for host in (near, far):
                host.settled(2)
            yield net, [near, far]
        finally:
            server.stop()


def start_far_traffic(hosts, room):
    near, far = hosts
    path = script(room)
    clients = [near.ws(f"{path}?open=send%20here", direct=True), far.ws(f"{path}?open=send%20here")]
    assert [client.receive() for client in clients] == ["here", "here"]
    eventually(lambda: counts(hosts, path) == [2, 2], "they know each other")
    listeners = [Listener(client) for client in clients]
    talkers = [Talker(host, path, f"host{i}") for i, host in enumerate(hosts)]
    time.sleep(0.3)
    return path, listeners, talkers


# --- Redis says no ----------------------------------------------------------------------------------


def refused_and_taken_again(redis, hosts, room, why, mend):
    """Each says why, and that it is degraded; once it is mended, all is well without a restart."""
    await_status(hosts, DEGRADED, "redis is away")
    for host in hosts:
        eventually(lambda: why in log_of(host), f"the log says {why}")
        assert sum(why in line for line in host.sidecar.lines()) == 1, "once, not at every attempt"
    client = hosts[0].ws(f"{script(room)}?open=tell%20count", direct=True)
    assert client.receive() == "1"
    assert hosts[1].pushes(script(room), "it waited").relayed
    mend()
    for host in hosts:
        host.settled(len(hosts))
    assert client.receive() == "it waited"
    eventually(lambda: counts(hosts, script(room)) == [1] * len(hosts), "the count is right")


def test_a_wrong_password(make_hosts, room):
    redis = Redis(password="another").start()
    try:
        hosts = make_hosts(redis, n=2, settle=False, ws_backplane_url=f"unix://default:right@{redis.path}")

        def mend():
            redis.ask("CONFIG", "SET", "requirepass", "right")
            redis.password = "right"

        refused_and_taken_again(redis, hosts, room, "WRONGPASS", mend)
        for host in hosts:
            assert "right@" not in log_of(host), "no password in the log"
    finally:
        redis.stop()


def test_a_password_that_is_missing(make_hosts, room):
    redis = Redis(password="needed").start()
    try:
        hosts = make_hosts(redis, n=2, settle=False)

        def mend():
            redis.ask("CONFIG", "SET", "requirepass", "")
            redis.password = None

        refused_and_taken_again(redis, hosts, room, "NOAUTH", mend)
    finally:
        redis.stop()


def test_a_read_only_replica(redis, make_hosts, room):
    """Also one that becomes it while we are connected: what is said there does not reach the master's clients."""
    hosts = make_hosts(redis, n=2)
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    refused_and_taken_again(redis, hosts, room, "READONLY", lambda: redis.ask("REPLICAOF", "NO", "ONE"))


def test_a_master_that_becomes_a_replica_for_a_while(redis, make_hosts, room):
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    begin = time.monotonic()
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    await_status(hosts, DEGRADED, "redis is away")
    time.sleep(0.5)
    nobody_waited(talkers, begin, time.monotonic())
    redis.ask("REPLICAOF", "NO", "ONE")
    await_status(hosts, "ready")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert no_gaps(hosts)


def test_too_many_clients(redis, make_hosts, room):
    hosts = make_hosts(redis, n=2)
    with redis.connect() as connection:
        connection.ask("CONFIG", "SET", "maxclients", 1)
        connection.ask("CLIENT", "KILL", "TYPE", "pubsub")
        refused_and_taken_again(redis, hosts, room, "max number of clients",
                                lambda: connection.ask("CONFIG", "SET", "maxclients", 100))


def test_a_subscriber_that_is_too_slow(redis, make_hosts, room):
    """Redis closes the connection of a host that does not read; the host sees it, and comes back."""
    hosts = make_hosts(redis)
    path = script(room)
    clients = join(hosts, path)
    redis.ask("CONFIG", "SET", "client-output-buffer-limit", "pubsub 262144 0 0")
    hosts[2].sidecar.popen.send_signal(signal.SIGSTOP)
    try:
        for n in range(40):
            hosts[0].pushes(path, f"{n} ".ljust(50000, "x"))
            assert [client.receive().split()[0] for client in clients[:2]] == [str(n)] * 2
        eventually(lambda: len(redis.clients()) == 5, "redis has closed it")
    finally:
        hosts[2].sidecar.popen.send_signal(signal.SIGCONT)
    eventually(lambda: "subscription ended" in log_of(hosts[2]), "it notices")
    for host in hosts:
        host.settled(N)
    hosts[0].pushes(path, "end")
    got = [int(text.split()[0]) for text in clients[2].receive_until("end")]
    assert got == list(range(40)), "what it missed it was told again, in order"
    assert no_gaps(hosts)
    assert clients[0].receive() == clients[1].receive() == "end"


def test_what_is_kept_for_repairs_has_its_bytes(redis, make_hosts, room):
    hosts = make_hosts(redis, n=2, ws_max_message="64K", ws_backplane_repair_bytes="256K")
    path = script(room)
    there, here = join(hosts, path)
    redis.ask("CONFIG", "SET", "client-output-buffer-limit", "pubsub 262144 0 0")
    hosts[1].sidecar.popen.send_signal(signal.SIGSTOP)
    try:
        for n in range(40):
            hosts[0].pushes(path, f"{n} ".ljust(50000, "x"))
            assert there.receive().split()[0] == str(n)
        eventually(lambda: len(redis.clients()) == 3, "redis has closed it")
    finally:
        hosts[1].sidecar.popen.send_signal(signal.SIGCONT)
    for host in hosts:
        host.settled(2)
    hosts[0].pushes(path, "end")
    got = [int(text.split()[0]) for text in here.receive_until("end")]
    assert got == sorted(set(got)) and got[-3:] == [37, 38, 39], "what was kept it was told, in order"
    assert len(got) < 40 and hosts[1].stats()["relay_gaps"] == 1


def test_a_login_and_a_database_over_tcp(make_hosts, room):
    """By a name, which a resolver must look up; and with a user who may do only what is needed."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    redis = Redis("--port", str(port), "--bind", "127.0.0.1").start()
    try:
        redis.ask("ACL", "SETUSER", "relay", "on", ">pa:ss", "resetkeys", "~site:*", "resetchannels", "&site:*",
                  "+subscribe", "+unsubscribe", "+publish", "+set", "+auth", "+select")
        hosts = make_hosts(redis, n=2, ws_backplane_url=f"redis://relay:pa%3Ass@localhost:{port}/3",
                           ws_backplane_prefix="site")
        clients = join(hosts, script(room))
        hosts[0].pushes(script(room), "hello")
        assert [client.receive() for client in clients] == ["hello"] * 2
        with redis.connect() as connection:
            connection.ask("SELECT", 3)
            keys = connection.ask("KEYS", "*")
            assert len(keys) == 2 and all(key.startswith(b"site:host:") for key in keys)
            assert 0 < connection.ask("TTL", keys[0]) <= FORGOTTEN_IN
    finally:
        redis.stop()


@pytest.mark.parametrize("name, value", [
    ("WS_BACKPLANE", "nats"), ("WS_BACKPLANE_URL", "http://localhost"), ("WS_BACKPLANE_PREFIX", "with blank"),
    ("WS_BACKPLANE_PREFIX", ""), ("WS_BACKPLANE_QUEUE_BYTES", "1M")])
def test_wrong_settings_are_refused_at_the_start(make_stack, name, value):
    stack = make_stack(**{name: value})
    done = subprocess.run(stack.sidecar.argv, env={**os.environ, **stack.env}, capture_output=True, text=True,
                          check=False, timeout=20)
    assert done.returncode == 2
    assert f"TINA4_{name}" in done.stderr


# --- other hosts ---------------------------------------------------------------------------------------


def test_a_host_that_is_killed_is_forgotten(redis, make_hosts, room):
    hosts = make_hosts(redis)
    path = script(room)
    listeners, talkers = start_traffic(hosts, path)
    talkers.pop().stop()
    hosts[2].sidecar.kill()
    assert counts(hosts[:2], path) == [N, N]
    eventually(lambda: counts(hosts[:2], path) == [2, 2], "it is forgotten")
    assert nothing_lost(stop_traffic(listeners[:2], talkers))
    await_status(hosts[:2], "ready")
    hosts[2].sidecar.start()
    for host in hosts:
        host.settled(N)
    with hosts[2].ws(f"{path}?open=tell%20count", direct=True) as client:
        assert client.receive() == "3"


def test_a_host_that_stops_is_forgotten_at_once(redis, make_hosts, room):
    hosts = make_hosts(redis)
    path = script(room)
    clients = join(hosts, path)
    hosts[2].sidecar.popen.terminate()
    clients[2].closed()
    hosts[2].sidecar.ended(0)
    eventually(lambda: hosts[0].stats()["relay_hosts"] == 1 and counts(hosts[:2], path) == [2, 2], "it is forgotten")
    eventually(lambda: "why=leaves" in log_of(hosts[0]), "because it said so, and not because it was silent")


def test_a_host_that_hangs_for_long_is_welcome_again(redis, make_hosts, room):
    """It is forgotten while it hangs; it forgets nobody, and its counts come back with it."""
    hosts = make_hosts(redis)
    path = script(room)
    join(hosts, path)
    hosts[2].sidecar.popen.send_signal(signal.SIGSTOP)
    try:
        eventually(lambda: counts(hosts[:2], path) == [2, 2], "it is forgotten")
    finally:
        hosts[2].sidecar.popen.send_signal(signal.SIGCONT)
    assert hosts[2].count(path) == N
    eventually(lambda: counts(hosts, path) == [N] * N, "it is back")
    await_status(hosts, "ready")


def test_a_host_that_does_not_answer_holds_an_open_event_for_a_moment_only(redis, make_hosts, room):
    """The first connection on a path waits for the other hosts' counts: 250 ms, then it goes on without."""
    hosts = make_hosts(redis, n=2)
    path = script(room)
    with hosts[1].ws(f"{path}?open=send%20here", direct=True) as other:
        assert other.receive() == "here"
        hosts[1].sidecar.popen.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            with hosts[0].ws(f"{path}?open=tell%20count", direct=True) as client:
                assert client.receive() == "1"
                assert time.monotonic() - begin > 0.2
                assert hosts[0].stats()["relay_hosts"] == 1, "long before the other one is given up"
                await_status(hosts[:1], DEGRADED, "counts of other hosts are missing")
                hosts[1].sidecar.popen.send_signal(signal.SIGCONT)
                await_status(hosts[:1], "ready")
                eventually(lambda: counts(hosts, path) == [2, 2], "both know both")
        finally:
            hosts[1].sidecar.popen.send_signal(signal.SIGCONT)


def test_counts_do_not_drift(redis, make_hosts, room):
    """Random joins and leaves on three hosts, some of which are killed. TINA4_DRIFT says how many steps."""
    steps = int(os.environ.get("TINA4_DRIFT", "600"))
    kills = {steps // 3, 2 * steps // 3}
    paths = [f"/ws/watch/{room}-{i}" for i in range(4)]
    hosts = make_hosts(redis)
    there = {(h, path): [] for h in range(N) for path in paths}
    chance = random.Random(23)
    for step in range(steps):
        place = there[chance.randrange(N), chance.choice(paths)]
        h, path = next(key for key, value in there.items() if value is place)
        if place and chance.random() < 0.5:
            leaver = place.pop(chance.randrange(len(place)))
            leaver.cut() if chance.random() < 0.5 else leaver.ws.sock.close()
        elif len(place) < 20:
            place.append(Client(f"ws://127.0.0.1:{hosts[h].port}{path}"))
        if step in kills:
            hosts[h].sidecar.kill()
            for each in paths:
                there[h, each].clear()
            hosts[h].sidecar.start()
            await_status(hosts[h:h + 1], "ready")
        if step % (steps // 10) == 0:
            for each in paths:
                expected = [sum(len(there[i, each]) for i in range(N))] * N
                eventually(lambda: counts(hosts, each) == expected, f"{each} has {expected}")
    for each in paths:
        expected = [sum(len(there[i, each]) for i in range(N))] * N
        eventually(lambda: counts(hosts, each) == expected, f"{each} has {expected}")
    for place in there.values():
        for client in place:
            client.cut()
    for each in paths:
        eventually(lambda: counts(hosts, each) == [0] * N, "nobody is left")
