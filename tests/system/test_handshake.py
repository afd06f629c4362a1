"""What the sidecar says to an upgrade request before it upgrades."""

import base64
import os

import pytest

from stack import BUILD, eventually

PATH = "/ws/script/handshake"


@pytest.fixture(params=[True, False], ids=["direct", "nginx"])
def direct(request):
    return request.param


def test_a_good_one_is_upgraded(lab, direct):
    answer = lab.handshake(PATH, direct)
    assert answer.status == 101
    # RFC 6455 section 1.3 has this key and its answer.
    assert answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_header_words_come_in_any_case(lab):
    assert lab.handshake(PATH, Connection="keep-alive, upGRADE", Upgrade="WebSocket").status == 101


def test_no_route_is_404(lab, direct):
    for path in ("/ws/nothing", "/ws/script", "/ws/script/", "/ws/script/a/b", "/WS/script/a"):
        if direct or path.startswith("/ws/"):
            assert lab.handshake(path, direct).status == 404, path


def test_an_encoded_slash_is_400(lab):
    assert lab.handshake("/ws/script/a%2Fb").status == 400


@pytest.mark.parametrize("path", ["/ws/script/%00", "/ws/script/%zz", "/ws/script/a%"])
def test_a_bad_escape_is_refused(lab, path):
    assert lab.handshake(path).status == 400


@pytest.mark.parametrize("version", ["12", "14", "0", "x", None])
def test_another_version_is_426(lab, version):
    answer = lab.handshake(PATH, Sec_WebSocket_Version=version)
    assert answer.status == 426
    assert answer.headers["sec-websocket-version"] == "13"


@pytest.mark.parametrize("key", [None, "", "short", base64.b64encode(os.urandom(15)).decode(), "!" * 24])
def test_a_wrong_key_is_400(lab, key):
    assert lab.handshake(PATH, Sec_WebSocket_Key=key).status == 400


def test_another_method_is_405(lab):
    assert lab.handshake(PATH, method="POST").status == 405


def test_a_foreign_origin_is_403(lab, direct):
    for origin in ("http://evil.example", "null", "http://localhost.evil.example", "localhost"):
        assert lab.handshake(PATH, direct, Origin=origin).status == 403, origin


def test_the_own_origin_passes(lab, direct):
    host = f"127.0.0.1:{lab.port if direct else lab.web}"
    for origin in (f"http://{host}", f"https://{host}"):
        assert lab.handshake(PATH, direct, Host=host, Origin=origin).status == 101, origin
    assert lab.handshake(PATH, direct, Host=host, Origin="http://127.0.0.1:1").status == 403


def test_allowed_origins_replace_the_own(make_stack):
    stack = make_stack(ws_allowed_origins="https://a.example, https://b.example:8443").start("sidecar", "worker")
    assert stack.handshake(PATH, Origin="https://a.example").status == 101
    assert stack.handshake(PATH, Origin="https://b.example:8443").status == 101
    assert stack.handshake(PATH, Origin="https://b.example").status == 403
    assert stack.handshake(PATH, Origin="http://a.example").status == 403


def test_an_origin_is_compared_by_its_parts(lab, make_stack):
    def status(stack, origin, host="example.com"):
        return stack.handshake(PATH, Origin=origin, Host=host).status

    assert status(lab, "https://example.com", "example.com:443") == 101
    assert status(lab, "http://Example.COM:80") == 101
    for origin in ("evil://example.com", "http://example.com:443", "https://example.com, https://example.com"):
        assert status(lab, origin) == 403, origin
    stack = make_stack(ws_allowed_origins="https://Example.com:443, https://*.example.org").start("sidecar", "worker")
    assert status(stack, "https://example.com") == 101
    assert status(stack, "https://a.b.example.org") == 101
    for origin in ("https://example.org", "https://evilexample.org", "http://a.example.org", "null"):
        assert status(stack, origin) == 403, origin


def test_before_the_first_worker_it_is_503(make_stack):
    stack = make_stack().start("sidecar")
    answer = stack.handshake(PATH)
    assert answer.status == 503
    assert int(answer.headers["retry-after"]) > 0
    assert stack.admin_status("/healthz") == 200
    assert stack.admin_status("/readyz") == 503

    stack.start("worker")
    assert stack.admin_status("/readyz") == 200
    assert stack.handshake(PATH).status == 101


def test_on_a_first_start_a_path_of_nobody_is_404_at_once(make_stack):
    stack = make_stack(ws_settle_seconds=600).start("sidecar", "worker")
    assert stack.handshake("/ws/nobody").status == 404
    stack = make_stack(ws_routes="/ws/static/{x}", ws_settle_seconds=600).start("sidecar")
    assert stack.handshake(PATH).status == 404


@pytest.fixture
def two_apps(make_stack):
    """Makes a sidecar that knows two apps; the second one has DEMO."""
    def make(**settings):
        stack = make_stack(**settings)
        stack.demo = stack.new_worker("demo", BUILD / "fcgi/examples/demo")
        return stack.start("sidecar", "worker", "demo")

    return make


DEMO = "/ws/livechat/1"


def test_after_a_restart_a_path_is_503_until_all_apps_are_back(two_apps):
    stack = two_apps(ws_settle_seconds=600)
    assert [stack.handshake(path).status for path in (PATH, DEMO, "/ws/nobody")] == [101, 101, 404]
    stack.demo.kill()
    stack.sidecar.kill()
    stack.start("sidecar")
    eventually(lambda: stack.handshake(PATH).status == 101, "one app has come back by itself")
    for path in (DEMO, "/ws/nobody"):
        answer = stack.handshake(path)
        assert answer.status == 503, f"{path} may be that of the other"
        assert int(answer.headers["retry-after"]) > 0
    stack.start("demo")
    assert [stack.handshake(path).status for path in (PATH, DEMO, "/ws/nobody")] == [101, 101, 404]


def test_that_lasts_as_long_as_it_is_set_to_and_once(two_apps):
    stack = two_apps(ws_settle_seconds=1)
    stack.demo.kill()
    stack.sidecar.kill()
    stack.start("sidecar")
    eventually(lambda: stack.handshake(DEMO).status == 404, "that app does not come any more")
    eventually(lambda: any("app not back app=demo" in line for line in stack.sidecar.lines()), "the log says so")
    stack.env["TINA4_WS_SETTLE_SECONDS"] = "600"
    stack.sidecar.kill()
    stack.start("sidecar")
    eventually(lambda: stack.handshake(PATH).status == 101, "the other one has come back")
    assert stack.handshake(DEMO).status == 404, "it has been forgotten"


@pytest.mark.parametrize("where", ["beside the bus", "of systemd"])
def test_a_damaged_memory_is_ignored(make_stack, where):
    stack = make_stack(ws_settle_seconds=600)
    folder = stack.dir
    if where == "of systemd":
        folder = stack.dir / "state"
        folder.mkdir()
        stack.env["STATE_DIRECTORY"] = str(folder)
    stack.start("sidecar", "worker")
    memory = folder / "bus.apps"
    assert stack.handshake(PATH).status == 101
    assert memory.read_bytes().endswith(b"\napp\0")
    stack.sidecar.kill()
    memory.write_bytes(memory.read_bytes().replace(b"\napp", b"\nbad"))
    stack.start("sidecar")
    eventually(lambda: any("apps of the last run not known" in line and "damaged" in line
                           for line in stack.sidecar.lines()), "the log says so")
    eventually(lambda: stack.handshake(PATH).status == 101, "the app has come back")
    assert stack.handshake("/ws/nobody").status == 404
    assert memory.read_bytes().endswith(b"\napp\0")


def test_routes_from_the_settings_need_no_worker(make_stack):
    stack = make_stack(ws_routes="/ws/news/{topic}, /ws/all").start("sidecar")
    assert stack.admin_status("/readyz") == 200
    with stack.ws("/ws/news/c", direct=True) as client:
        from wire import OK, Peer
        with Peer(stack.bus) as peer:
            reply = peer.push("/ws/news/c", "hello")
        assert (reply.status, reply.connections) == (OK, 1)
        assert client.receive() == "hello"


def test_too_many_connections_are_503(make_stack):
    stack = make_stack(ws_max_connections=3).start("sidecar", "worker")
    clients = [stack.ws(PATH, direct=True) for _ in range(3)]
    assert stack.handshake(PATH).status == 503
    clients.pop().close()
    from stack import eventually
    eventually(lambda: stack.handshake(PATH).status == 101, "room for one again")


def test_a_plain_request_is_no_upgrade(lab):
    answer = lab.handshake(PATH, Connection="close", Upgrade=None)
    assert answer.status in (400, 404, 426)


@pytest.mark.parametrize("end", ["%0A", "%0D%0A", "%0a%0d"])
def test_a_query_adds_no_header(lab, direct, end):
    """An encoded line end stays within the query, or is refused."""
    for name, value in (("Origin", "http://evil.example"), ("X-Forwarded-For", "203.0.113.9"), ("Cookie", "q=evil")):
        answer = lab.handshake(f"{PATH}?a=%20HTTP/1.1{end}{name}:%20{value}{end}X:%20y", direct)
        assert answer.status in (101, 400), name


def test_a_huge_header_costs_its_sender_only(lab):
    with lab.ws(PATH, direct=True) as bystander:
        try:
            assert lab.handshake(PATH, X_Junk="x" * 100000).status >= 400
        except ConnectionError:
            pass
        assert bystander.ask("send here") == "here"
