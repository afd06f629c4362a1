"""HTTP through each web server to the app: over FastCGI, and as a CGI program."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from stack import eventually


def test_what_comes_is_what_was_sent(site):
    answer = site.http("POST", "/mirror/a%20b?q=1%262+3", {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": "p=1; q=cookie", "X-Q": "head"}, "q=f%C3%BCr+me")
    assert answer.status == 200
    assert answer.json == {"method": "POST", "path": "/mirror/a b", "ip": "127.0.0.1", "word": "a b", "bytes": 13,
                           "query": "1&2 3", "form": "für me", "cookie": "cookie", "header": "head"}


def test_every_value_of_a_name_comes(site):
    answer = site.http("POST", "/repeats?q=1&p=0&q=2", {
        "Content-Type": "application/x-www-form-urlencoded", "Cookie": "q=a; p=0; q=b", "X-Q": ["one", "two"]},
        "q=red&q=blue").json
    assert (answer["query"], answer["form"], answer["cookie"]) == (["1", "2"], ["red", "blue"], ["a", "b"])
    # Each line, or one value with commas: RFC 9110 section 5.3 has both mean the same.
    assert answer["header"] in (["one", "two"], ["one, two"])


def test_two_files_of_one_field_come(site):
    body = "".join(f'--xx\r\nContent-Disposition: form-data; name=q; filename="{name}"\r\n\r\n{name}\r\n'
                   for name in ("a.txt", "b.txt")) + "--xx--\r\n"
    answer = site.http("POST", "/repeats", {"Content-Type": "multipart/form-data; boundary=xx"}, body)
    assert answer.json["files"] == ["a.txt", "b.txt"]


def test_cookies_of_two_lines_come(site):
    cookies = site.http("GET", "/repeats", {"Cookie": ["q=a", "q=b"]}).json["cookie"]
    # Apache joins them with a comma, which means nothing there; but a browser sends one line, RFC 6265 section 5.4.
    assert cookies in (["a", "b"], ["a, q=b"])


def test_json_comes_parsed(site):
    answer = site.http("POST", "/mirror/x", {"Content-Type": "application/json; charset=utf-8"}, '{"a": [1, null]}')
    assert answer.json["json"] == {"a": [1, None]}


@pytest.mark.parametrize("body", ["{", "{} x", "[" * 100000, "[012]", "[\"\\u0000\"]", "[1]\0"])
def test_a_body_that_is_no_json_is_400(site, body):
    assert site.http("POST", "/mirror/x", {"Content-Type": "application/json"}, body).status == 400


def test_a_json_type_without_a_body_has_none(site):
    answer = site.http("POST", "/mirror/x", {"Content-Type": "application/json", "Content-Length": "0"}, "")
    assert answer.status == 200 and answer.json.get("json") is None


def test_methods(site):
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert site.http(method, "/mirror/x").json["method"] == method
    head = site.http("HEAD", "/")
    assert (head.status, head.body) == (200, b"")
    wrong = site.http("GET", "/push")
    assert wrong.status == 405
    assert "POST" in wrong.headers["allow"]
    options = site.http("OPTIONS", "/push")
    assert options.status in (200, 204) and "POST" in options.headers["allow"]


def test_no_route_is_404(site):
    for target in ("/nothing", "/mirror", "/mirror/", "/mirror/a/b"):
        assert site.http("GET", target).status == 404, target


def test_an_encoded_slash_is_no_slash(site):
    answer = site.http("GET", "/mirror/a%2Fb")
    assert answer.status in (400, 404)
    assert "json" in answer.headers["content-type"]  # it was the app that said so


def test_a_handler_that_fails_is_500(site):
    answer = site.http("GET", "/broken")
    assert answer.status == 500
    assert b"EIO" not in answer.body and b"Input/output" not in answer.body
    log = site.app or site.web_server
    eventually(lambda: any("/broken" in line for line in log.lines()), "it is logged")


def test_a_body_past_the_limit_is_413(make_stack):
    stack = make_stack(max_body=5000).start("app", "nginx")
    assert stack.http("POST", "/mirror/x", body="x" * 5000).json["bytes"] == 5000
    assert stack.http("POST", "/mirror/x", body="x" * 5001).status == 413


def test_a_body_that_nginx_refuses_is_413_with_a_reason_too(lab):
    answer = lab.http("POST", "/mirror/x", body=b"x" * ((10 << 20) + 1))
    assert answer.status == 413
    assert answer.json == {"error": "The body is larger than 10 MiB."}


def test_a_big_body(site):
    assert site.http("POST", "/mirror/x", body=b"x" * (8 << 20)).json["bytes"] == 8 << 20


def test_many_at_once(site):
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: site.http("GET", f"/mirror/{i}").json["word"], range(300)))
    assert answers == [str(i) for i in range(300)]


def test_a_stop_finishes_what_has_begun(make_stack):
    stack = make_stack().start()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            answers = [pool.submit(stack.http, "GET", f"/mirror/{i}") for i in range(40)]
            stack.app.term()
            # What came too late is the web server's 502; nothing is cut in the middle.
            assert {answer.result().status for answer in answers} <= {200, 502}
            stack.app.start()
    assert stack.http("GET", "/mirror/x").status == 200
