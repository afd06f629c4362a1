"""One rule for paths, in the sidecar and in the app: what a web server would resolve is refused."""

import re

import pytest

from client import http
from raw import Raw, accepted, asked, head, refused
from test_push_over_http import ALLOWED, TOKEN

DOTS = ["/ws/script/..", "/ws/script/.", "/ws/script/../script/x", "/ws/./script/x", "/ws/script/%2e%2e",
        "/ws/script/%2E", "/ws/script/.%2e", "/ws/script/%2e.", "/../ws/script/x", "/ws/%2e%2e/ws/script/x",
        "/./ws/script/x", "/ws/script/x/..", "/ws/script/%2e%2e?a=b", "/ws/watch/..", "/ws/watch/%2e"]
SLASHES = ["/ws/script/a%2fb", "/ws/script/%2F", "/ws/script/..%2f..%2fetc", "/ws/script/%2e%2e%2fx"]
FINE = ["/ws/script/...", "/ws/script/..a", "/ws/script/a..", "/ws/script/.a", "/ws/script/a.b", "/ws/script/%2e%2e%2e",
        "/ws/script/x?a=/../b", "/ws/script/x?../..", "/ws/script/%252e%252e"]
NOWHERE = ["/ws/script//x", "//ws/script/x", "/ws//script/x", "/ws/script/x/", "/ws/script//", "/ws/script/"]


@pytest.fixture(scope="module")
def gate(make_stack_for_session):
    return make_stack_for_session(admin_token=TOKEN).start("sidecar", "worker")


@pytest.mark.parametrize("target", DOTS + SLASHES)
def test_upgrades_to_dots_and_encoded_slashes_are_400(gate, target):
    refused(gate, 400, head(f"GET {target} HTTP/1.1"))
    refused(gate, 400, head(f"GET http://localhost{target} HTTP/1.1"))


@pytest.mark.parametrize("target", FINE)
def test_dots_within_a_segment_are_fine(gate, target):
    accepted(gate, head(f"GET {target} HTTP/1.1"))


def test_what_was_encoded_twice_is_decoded_once(gate):
    assert asked(gate, "tell path", head("GET /ws/script/%252e%252e HTTP/1.1")) == "=/ws/script/%2e%2e"


@pytest.mark.parametrize("target", NOWHERE)
def test_an_empty_segment_is_no_route(gate, target):
    refused(gate, (400, 404), head(f"GET {target} HTTP/1.1"))


@pytest.mark.parametrize("path", ["/ws/watch/..", "/ws/watch/%2e%2e", "/ws/watch/.", "/ws/./watch/x",
                                  "/ws/watch/a%2fb"])
def test_nor_can_one_push_there(gate, path):
    answer = http(gate.admin, "POST", f"/push{path}", {**ALLOWED, "Content-Type": "text/plain"}, "x")
    assert answer.status == 400 and answer.json["error"]


def statuses(port, target):
    """Of a target that no client library would send as it is."""
    with Raw(port) as conn:
        conn.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return conn.answer().status


HTTP_DOTS = ["/mirror/..", "/mirror/.", "/mirror/../mirror/x", "/./mirror/x", "/mirror/%2e%2e", "/mirror/%2E",
             "/mirror/.%2e", "/mirror/x/../x", "/mirror/x/%2e%2e/x", "/x/../mirror/x", "/x/%2e%2e/mirror/x"]


@pytest.mark.parametrize("target", HTTP_DOTS)
def test_the_app_sees_the_path_as_the_sidecar_does(lab, target):
    assert statuses(lab.web, target) == 400


def test_nor_behind_any_web_server_does_it_resolve_dots(site):
    """Some resolve them before their rules and the app come; then it is another path, for everybody."""
    for target in HTTP_DOTS:
        with Raw(site.web) as conn:
            conn.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = conn.rest()
        assert b'"word":"."' not in answer and b'"word":".."' not in answer, target
    for target in DOTS:
        with Raw(site.web) as conn:
            answer = conn.send(head(f"GET {target} HTTP/1.1")).answer()
            if answer.status == 101:
                conn.send(b"\x81\x89\0\0\0\0tell path")
                assert not re.search(r"/\.\.?(/|$)", conn.frame()[1].decode()), target


@pytest.mark.parametrize("target", ["/mirror//x", "//mirror/x", "/mirror/x/", "/mirror//"])
def test_an_empty_segment_is_no_route_of_the_app(lab, target):
    assert statuses(lab.web, target) in (400, 404)


@pytest.mark.parametrize("target", ["/mirror/...", "/mirror/a..b", "/mirror/.x"])
def test_dots_within_a_segment_are_fine_there_too(lab, target):
    assert statuses(lab.web, target) == 200
