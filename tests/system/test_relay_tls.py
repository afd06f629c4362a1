"""A Redis that is reached with TLS, where hiredis has it."""

import os
import re
import socket
import subprocess
import time

import pytest

from redis import Host, Redis
from stack import BUILD, eventually, free_ports
from test_relay import counts, join, script
from test_relay_faults import await_status, log_of
from wire import OK, PUSH, Peer, command

URL = "TINA4_WS_BACKPLANE_URL"


def check(url):
    """Whether the sidecar takes the URL."""
    return subprocess.run([BUILD / "tina4-sidecar", "--check"], env={**os.environ, URL: url}, capture_output=True,
                          text=True, check=False, timeout=20)


@pytest.fixture(scope="module")
def has_tls():
    return check("rediss://localhost").returncode == 0


@pytest.fixture(scope="module")
def need_tls(has_tls):
    if not has_tls:
        pytest.skip("the hiredis here has no TLS")


class Authority:
    """Signs certificates. Whoever is to believe it gets its file."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.file, self.key = self.make("authority", "-addext", "keyUsage=critical,keyCertSign")

    def make(self, name, *more):
        file, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-out", file, "-keyout", key, *more],
                       check=True, capture_output=True)
        return file, key

    def sign(self, name):
        return self.make(name, "-CA", self.file, "-CAkey", self.key, "-addext", f"subjectAltName=DNS:{name}",
                         "-addext", "basicConstraints=critical,CA:FALSE")


class TlsRedis(Redis):
    """On a port with TLS beside its unix socket."""

    def __init__(self, authority, name="localhost"):
        port = free_ports()
        file, key = authority.sign(name)
        super().__init__("--tls-port", str(port), "--tls-cert-file", str(file), "--tls-key-file", str(key),
                         "--tls-ca-cert-file", str(authority.file), "--tls-auth-clients", "no")
        self.url = f"rediss://localhost:{port}"


@pytest.fixture(scope="module")
def authority(need_tls, tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture(scope="module")
def redis(authority):
    server = TlsRedis(authority).start()
    yield server
    server.stop()


@pytest.fixture
def make_host(make_stack):
    def make(url, authority):
        host = make_stack(kind=Host, redis=None, ws_backplane_url=url)
        host.env["SSL_CERT_FILE"] = str(authority.file)
        return host.start("sidecar", "worker")

    return make


@pytest.fixture
def hosts(redis, authority, make_host):
    hosts = [make_host(redis.url, authority) for _ in range(2)]
    for host in hosts:
        host.settled(2)
    return hosts


def refused_because(host, why):
    """It goes on alone, and says why."""
    await_status([host], "degraded")
    eventually(lambda: re.search(f'relay disconnected why=".*TLS: {why}"', log_of(host)), f'it says "{why}"')
    assert "Success" not in log_of(host)
    client = host.ws("/ws/script/alone?open=send%20here", direct=True)
    assert client.receive() == "here"
    assert host.pushes("/ws/script/alone", "news").status == OK
    assert client.receive() == "news"


def test_hosts_meet(hosts, redis, room):
    path = script(room)
    clients = join(hosts, path)
    for i, host in enumerate(hosts):
        host.pushes(path, f"push {i}")
        assert [client.receive() for client in clients] == [f"push {i}"] * 2
        clients[i].send(f"broadcast from {i}")
        assert [client.receive() for client in clients] == [f"from {i}"] * 2
    assert counts(hosts, path) == [2, 2]
    assert len(redis.clients()) == 4


def published(redis):
    return int(re.search(r"calls=(\d+)", redis.info("commandstats")["cmdstat_publish"])[1])


def test_what_waits_for_a_redis_that_stands_still_arrives(hosts, redis, room):
    """More than the kernel takes: it must be offered again in the way that TLS wants."""
    clients = join(hosts, script(room))
    before = published(redis)
    redis.hang()
    with Peer(hosts[0].bus) as peer:
        peer.hello()
        for _ in range(100):  # where nobody listens: Redis' own TLS closes a subscriber that is slow for a moment
            assert peer.ask(command(PUSH, "x" * 65536, key=script("nobody"))).relayed
    hosts[0].pushes(script(room), "last")
    redis.go_on()
    assert [client.receive() for client in clients] == ["last"] * 2
    assert published(redis) - before > 100
    assert all("relay disconnected" not in log_of(host) for host in hosts)


def test_a_redis_that_restarts_is_found_again(hosts, redis, room):
    path = script(room)
    clients = join(hosts, path)
    redis.kill()
    await_status(hosts, "degraded")
    redis.start()
    await_status(hosts, "ready")
    hosts[0].pushes(path, "again")
    assert [client.receive() for client in clients] == ["again"] * 2


def test_a_certificate_for_another_name_is_refused(authority, make_host):
    redis = TlsRedis(authority, "elsewhere.example").start()
    try:
        refused_because(make_host(redis.url, authority), "hostname mismatch")
    finally:
        redis.stop()


def test_an_authority_that_is_unknown_is_refused(redis, make_host, tmp_path):
    refused_because(make_host(redis.url, Authority(tmp_path / "other")), "self-signed certificate in certificate chain")


def test_a_redis_without_tls_is_refused(authority, make_host):
    port = free_ports()
    redis = Redis("--port", str(port)).start()
    try:
        refused_because(make_host(f"rediss://localhost:{port}", authority), "wrong version number")
        assert not redis.clients()
    finally:
        redis.stop()


def test_without_tls_a_redis_that_wants_it_is_refused(redis, authority, make_host):
    host = make_host(redis.url.replace("rediss", "redis"), authority)
    await_status([host], "degraded")
    eventually(lambda: re.search('relay disconnected why=".* ended: .*"', log_of(host)), "it says so")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_handshake_without_an_answer_costs_nothing(authority, make_host):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = make_host(f"rediss://localhost:{silent.getsockname()[1]}", authority)
        connections = [silent.accept()[0] for _ in range(2)]
        for connection in connections:
            assert connection.recv(1)[0] == 22, "a handshake has begun"
        before = cpu_seconds(host.sidecar.pid)
        time.sleep(1)
        assert cpu_seconds(host.sidecar.pid) - before < 0.3
        eventually(lambda: "relay disconnected" in log_of(host), "it gives up")
        for connection in connections:
            connection.close()


def test_rediss_is_refused_where_hiredis_has_no_tls(has_tls):
    if has_tls:
        pytest.skip("the hiredis here has TLS")
    done = check("rediss://localhost")
    assert done.returncode == 2
    assert URL in done.stderr and "TLS" in done.stderr
