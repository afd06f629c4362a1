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
from redis import Cable, Host, Listener, Redis, Talker, account
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


def log_of(host):
    return "\n".join(host.sidecar.lines())


# --- Redis goes and comes ---------------------------------------------------------------------


def test_redis_is_killed_and_restarted_under_traffic(redis, make_hosts, room):
    """Nothing is lost, nothing comes twice: what is said meanwhile waits until all are back."""
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    for _ in range(3):
        redis.kill()
        await_status(hosts, DEGRADED)
        time.sleep(0.5)
        redis.start()
        await_status(hosts, "ready")
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert not any(talker.refused for talker in talkers)
    assert max(talker.slowest for talker in talkers) < 0.5, "a push had to wait for Redis"
    assert counts(hosts, script(room)) == [N] * N


def test_local_delivery_goes_on_while_redis_is_gone(redis, make_hosts, room):
    hosts = make_hosts(redis)
    path = script(room)
    clients = join(hosts, path)
    redis.kill()
    await_status(hosts, DEGRADED, "redis is away")
    for i, (host, client) in enumerate(zip(hosts, clients)):
        begin = time.monotonic()
        reply = host.pushes(path, f"{i} 0")
        assert (reply.status, reply.connections, reply.relayed) == (OK, 1, True)
        assert client.receive() == f"{i} 0"
        for n in range(1, 100):
            assert client.ask(f"broadcast {i} {n}") == f"{i} {n}"
        assert time.monotonic() - begin < 2
        # A path that is new to the host is not held up either.
        begin = time.monotonic()
        with host.ws(f"{path}-{i}?open=tell%20count", direct=True) as other:
            assert other.receive() == "1"
        assert time.monotonic() - begin < 0.2
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
    redis.ask("DEBUG", "SLEEP", seconds)
    if seconds == 1:
        await_status(hosts, "ready")
    else:
        for host in hosts:
            host.settled(N)
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert max(talker.slowest for talker in talkers) < 0.5
    went_away = any("relay disconnected" in log_of(host) for host in hosts)
    assert went_away == (seconds > FOUND_IN)


@pytest.mark.parametrize("mode", ["WRITE", "ALL"])
def test_a_paused_redis(redis, make_hosts, room, mode):
    hosts = make_hosts(redis)
    listeners, talkers = start_traffic(hosts, script(room))
    redis.ask("CLIENT", "PAUSE", "1000", mode)
    time.sleep(1.2)
    losses = stop_traffic(listeners, talkers)
    assert nothing_lost(losses), losses
    assert max(talker.slowest for talker in talkers) < 0.5


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
    assert time.monotonic() - begin < FOUND_IN
    assert "redis does not answer" in log_of(cut_off)
    eventually(lambda: hosts[0].stats()["relay_hosts"] == 1, "the others forget its counts")
    assert time.monotonic() - begin < FORGOTTEN_IN
    eventually(lambda: counts(hosts[:2], path) == [2, 2], "and what it counted")
    assert cut_off.count(path) == N, "it keeps what it knew"
    cable.let_go()
    for host in hosts:
        host.settled(N)
    eventually(lambda: counts(hosts, path) == [N] * N, "they know each other again")
    losses = stop_traffic(listeners, talkers)
    # What it said waited, and those that could hear missed nothing; only it could not hear.
    assert nothing_lost(losses[:2]), losses[:2]
    assert losses[2]["host2"] == []
    for name in ("host0", "host1"):
        missed = losses[2][name]
        assert missed and missed == list(range(missed[0], missed[-1] + 1)), "one gap, no more"
    assert max(talker.slowest for talker in talkers) < 0.5


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


def test_packets_that_are_dropped(make_stack, redis, room):
    """A host in a network namespace of its own, whose packets to Redis are dropped for 10 seconds."""
    with namespace() as net:
        server = Redis("--port", str(net.port), "--bind", net.near, "--protected-mode", "no").start()
        try:
            near = make_stack(kind=Host, redis=server).start("sidecar", "worker")
            far = make_stack(kind=Host, redis=server, ws_backplane_url=f"redis://{net.near}:{net.port}")
            for process in (far.sidecar, far.worker):
                process.argv = ["ip", "netns", "exec", net.name, *process.argv]
            far.start("sidecar", "worker")
            far.start("nginx")  # reaches the sidecar by a unix socket: those know no network namespace
            hosts = [near, far]
            for host in hosts:
                host.settled(2)
            path = script(room)
            clients = [near.ws(f"{path}?open=send%20here", direct=True), far.ws(f"{path}?open=send%20here")]
            assert [client.receive() for client in clients] == ["here", "here"]
            eventually(lambda: counts(hosts, path) == [2, 2], "they know each other")
            listeners = [Listener(client) for client in clients]
            talkers = [Talker(host, path, f"host{i}") for i, host in enumerate(hosts)]
            time.sleep(0.3)
            begin = time.monotonic()
            net.drop()
            eventually(lambda: far.status()[0] == DEGRADED, "it is found")
            assert time.monotonic() - begin < FOUND_IN
            eventually(lambda: counts([near], path) == [1], "the other forgets it")
            assert time.monotonic() - begin < FORGOTTEN_IN
            time.sleep(max(0, begin + 10 - time.monotonic()))
            net.carry_on()
            begin = time.monotonic()
            for host in hosts:
                host.settled(2)
            eventually(lambda: counts(hosts, path) == [2, 2], "they know each other again")
            assert time.monotonic() - begin < 5
            losses = stop_traffic(listeners, talkers)
            assert nothing_lost(losses[:1]) and losses[1]["host1"] == []
            missed = losses[1]["host0"]
            assert missed and missed == list(range(missed[0], missed[-1] + 1)), "one gap, no more"
            assert max(talker.slowest for talker in talkers) < 0.5
        finally:
            server.stop()


class Namespace:
    """A network namespace, joined to this one by a pair of virtual cards."""

    def __init__(self):
        self.name = f"tina4-{os.getpid()}"
        self.card = f"t4-{os.getpid()}"
        third = os.getpid() % 250
        self.near, self.far = f"10.213.{third}.1", f"10.213.{third}.2"
        self.port = random.randrange(20000, 30000)

    def open(self):
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.card, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        run("ip", "address", "add", f"{self.near}/30", "dev", self.card)
        run("ip", "-n", self.name, "address", "add", f"{self.far}/30", "dev", "eth0")
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        run("ip", "-n", self.name, "link", "set", "eth0", "up")
        run("ip", "link", "set", self.card, "up")

    def drop(self):
        """Every packet vanishes, both ways, and nobody is told: the cards' queues have no room."""
        run("tc", "qdisc", "replace", "dev", self.card, "root", "pfifo", "limit", "0")
        run("tc", "-n", self.name, "qdisc", "replace", "dev", "eth0", "root", "pfifo", "limit", "0")

    def carry_on(self):
        run("tc", "qdisc", "del", "dev", self.card, "root")
        run("tc", "-n", self.name, "qdisc", "del", "dev", "eth0", "root")

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL, check=False)


def run(*argv):
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")


@contextlib.contextmanager
def namespace():
    net = Namespace()
    try:
        net.open()
    except OSError as error:
        net.close()
        pytest.skip(f"no network namespaces here: {error}")
    try:
        yield net
    finally:
        net.close()


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
    assert got == sorted(set(got)), "in order, and nothing twice"
    assert clients[0].receive() == clients[1].receive() == "end"


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
    begin = time.monotonic()
    hosts[2].sidecar.kill()
    assert counts(hosts[:2], path) == [N, N]
    eventually(lambda: counts(hosts[:2], path) == [2, 2], "it is forgotten")
    assert time.monotonic() - begin < FORGOTTEN_IN
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
    begin = time.monotonic()
    eventually(lambda: hosts[0].stats()["relay_hosts"] == 1 and counts(hosts[:2], path) == [2, 2], "it is forgotten")
    assert time.monotonic() - begin < 1


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
                assert 0.2 < time.monotonic() - begin < 0.5
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
