"""Who sends a form: through each web server, with the tokens and cookies of several visitors."""

import urllib.parse

import pytest

from web import SERVERS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(params=SERVERS)
def stack(make_stack, request):
    return make_stack(web=request.param, csrf="true").start()


def visit(stack):
    """The cookie and the token of a new visitor."""
    answer = stack.http("GET", "/form")
    assert answer.headers["cache-control"] == "private"
    return answer.headers["set-cookie"].split(";")[0], answer.body.decode()


def post(stack, cookie=None, header=None, field=None):
    headers = {**FORM, **({"Cookie": cookie} if cookie else {}), **({"X-Form-Token": header} if header else {})}
    return stack.http("POST", "/mirror/x", headers, urllib.parse.urlencode({"formToken": field or ""}).encode()).status


def test_only_a_page_of_the_visitors_sends_one(stack):
    cookie, token = visit(stack)
    assert post(stack, cookie, header=token) == 200
    assert post(stack, "a=b; " + cookie, field=token) == 200
    other, others = visit(stack)
    assert (cookie, token) != (other, others)
    for attempt in ({}, {"cookie": cookie}, {"field": token}, {"cookie": other, "field": token},
                    {"cookie": cookie, "header": others}, {"cookie": cookie, "header": cookie.split("=")[1]}):
        assert post(stack, **attempt) == 403, attempt
    assert stack.http("GET", "/mirror/x").status == 200
