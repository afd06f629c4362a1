"""Pages of other origins, through each web server: what they may read, and what they ask before."""

import pytest

from web import SERVERS

ORIGIN = "https://app.example.com"


@pytest.fixture(params=SERVERS)
def stack(make_stack, request):
    return make_stack(web=request.param, cors_origins="https://*.example.com", cors_headers="X-One,X-Two",
                      cors_credentials="true", cors_max_age=60).start()


def test_a_preflight_is_answered(stack):
    answer = stack.http("OPTIONS", "/mirror/x", {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"})
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-allow-headers"] == "X-One,X-Two"
    assert answer.headers["access-control-max-age"] == "60"
    assert "PUT" in answer.headers["access-control-allow-methods"]


def test_answers_and_errors_can_be_read_by_those_alone(stack):
    for target, status in (("/mirror/x", 200), ("/nowhere", 404), ("/broken", 500)):
        answer = stack.http("GET", target, {"Origin": ORIGIN})
        assert answer.status == status and answer.headers["access-control-allow-origin"] == ORIGIN, target
        answer = stack.http("GET", target, {"Origin": "https://example.com.evil.org"})
        assert answer.status == status and "access-control-allow-origin" not in answer.headers, target
        assert answer.headers["vary"] == "Origin"
