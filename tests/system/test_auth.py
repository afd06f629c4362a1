"""Tokens and sessions: who may connect, and as whom."""

import base64
import hashlib
import hmac
import json
import subprocess
import time

import pytest

from stack import BUILD, SECRET

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims=None, secret=SECRET, alg="HS256", **more):
    claims = {"sub": "alice", "exp": int(time.time()) + 60, **(claims or {}), **more}
    claims = {name: value for name, value in claims.items() if value is not None}
    signed = f"{b64(json.dumps({'alg': alg, 'typ': 'JWT'}).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{signed}.{b64(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"


def cookie_of(answer):
    return answer.headers["set-cookie"].split(";")[0]


def login(stack, user, seconds=60):
    answer = stack.http("POST", "/login", FORM, f"user={user}&seconds={seconds}")
    assert answer.status == 200
    return cookie_of(answer), answer.json["token"]


# --- tokens --------------------------------------------------------------------------


def test_without_a_token_there_is_no_connection(lab):
    answer = lab.handshake("/ws/secret")
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json == {"error": "Unauthorized", "reason": "missing"}


@pytest.mark.parametrize("direct", [True, False], ids=["direct", "through-nginx"])
def test_a_token_in_the_query(lab, direct):
    with lab.ws(f"/ws/secret?token={token()}", direct=direct) as client:
        assert client.receive() == "hello alice"
        assert client.ask("who am I?") == "hello alice"


def test_a_token_in_the_header(lab):
    with lab.ws("/ws/secret", header={"Authorization": f"Bearer {token(sub='bob')}"}) as client:
        assert client.receive() == "hello bob"


def test_a_token_in_a_cookie(lab):
    with lab.ws("/ws/secret", header={"Cookie": f"a=b; tina4_token={token(sub='eve')}"}) as client:
        assert client.receive() == "hello eve"


def test_a_token_that_the_app_issued(lab):
    _, issued = login(lab, "carol")
    with lab.ws(f"/ws/secret?token={issued}") as client:
        assert client.receive() == "hello carol"
    assert lab.http("GET", "/me", {"Authorization": f"Bearer {issued}"}).json["sub"] == "carol"


REFUSED = {
    "expired": lambda: token(exp=int(time.time()) - 1),
    "not-yet-valid": lambda: token(nbf=int(time.time()) + 3600),
    "bad-signature": lambda: token(secret="another secret, that has more than 32 bytes"),
    "wrong-algorithm": lambda: token(alg="none"),
    "malformed": lambda: "x.y.z",
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_token_that_is_not_valid_is_401(lab, reason):
    bad = REFUSED[reason]()
    assert lab.handshake(f"/ws/secret?token={bad}").json["reason"] == reason
    answer = lab.http("GET", "/me", {"Authorization": f"Bearer {bad}"})
    assert answer.status == 401
    assert answer.json["reason"] == reason


def test_an_answer_with_a_token_is_in_no_cache(lab):
    answer = lab.http("POST", "/login", FORM, "user=carol&seconds=60")
    assert answer.headers["cache-control"] == "no-store"
    assert "cache-control" not in lab.http("GET", "/mirror/x").headers


def test_a_token_of_another_service_is_401(make_stack):
    stack = make_stack(jwt_audience="shop", jwt_issuer="login").start()
    for claims, reason in (({"aud": "other", "iss": "login"}, "wrong-audience"), ({"aud": ["shop"]}, "wrong-issuer")):
        bad = token(**claims)
        assert stack.handshake(f"/ws/secret?token={bad}").json["reason"] == reason
        assert stack.http("GET", "/me", {"Authorization": f"Bearer {bad}"}).json["reason"] == reason
    good = token(aud=["shop", "other"], iss="login")
    with stack.ws(f"/ws/secret?token={good}") as client:
        assert client.receive() == "hello alice"
    _, issued = login(stack, "carol")
    assert stack.http("GET", "/me", {"Authorization": f"Bearer {issued}"}).json["sub"] == "carol"


def test_no_token_reaches_a_log(make_stack):
    stack = make_stack(log_level="debug").start()
    good, bad = token(), token(secret="another secret, that has more than 32 bytes")
    with stack.ws(f"/ws/secret?token={good}") as client:
        assert client.receive() == "hello alice"
    assert stack.handshake(f"/ws/secret?token={bad}").status == 401
    for process in stack.processes:
        log = process.log.read_text() if process.log.exists() else ""
        for text in (good, bad, SECRET):
            assert text not in log, process.name


def test_rs256_tokens_are_checked_with_the_public_key_alone(make_stack):
    stack = make_stack(secret="", jwt_algorithm="RS256")
    private, public = stack.dir / "private.pem", stack.dir / "public.pem"
    subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-out", private], check=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True)
    stack.env["TINA4_JWT_PUBLIC_KEY"] = str(public)
    stack.start("sidecar")
    stack.env["TINA4_JWT_PRIVATE_KEY"] = str(private)
    stack.start("app", "worker", "nginx")
    _, issued = login(stack, "carol")
    with stack.ws(f"/ws/secret?token={issued}") as client:
        assert client.receive() == "hello carol"
    # A public key is no secret: whoever signs with it as if it were is found out.
    forged = token(secret=public.read_text())
    assert stack.handshake(f"/ws/secret?token={forged}").json["reason"] == "wrong-algorithm"
    head, claims, signature = issued.split(".")
    assert stack.handshake(f"/ws/secret?token={head}.{b64(b'{}')}.{signature}").json["reason"] == "bad-signature"


def test_a_connection_ends_with_its_token(make_stack):
    stack = make_stack(ws_close_expired="true").start()
    with stack.ws(f"/ws/secret?token={token(exp=int(time.time()) + 2)}") as client:
        assert client.receive() == "hello alice"
        code, reason = client.closed()[:2]
        assert code == 4401
        assert reason in ("token expired", b"token expired")


def test_a_secure_route_needs_a_secret(make_stack):
    stack = make_stack(secret="")
    run = subprocess.run([BUILD / "tests/system/app", "--worker"], env={**stack.env, "TINA4_SECRET": ""},
                         capture_output=True, text=True, timeout=20)
    assert run.returncode == 2
    assert "TINA4_SECRET" in run.stderr


def test_a_short_secret_is_refused(make_stack):
    stack = make_stack()
    for program in ("tina4-sidecar", "tests/system/app"):
        run = subprocess.run([BUILD / program, *(["--worker"] if "app" in program else [])],
                             env={**stack.env, "TINA4_SECRET": "short"}, capture_output=True, text=True, timeout=20)
        assert run.returncode == 2
        assert "TINA4_SECRET" in run.stderr
        assert "short\"" not in run.stderr


# --- sessions -------------------------------------------------------------------------


def test_a_session_reaches_the_open_handler(lab):
    cookie, _ = login(lab, "alice")
    with lab.ws("/ws/members", header={"Cookie": cookie}) as client:
        assert client.receive() == "hello alice"
        assert client.ask("still there?") == "hello alice"


def test_without_a_session_it_is_closed_4401(lab):
    with lab.ws("/ws/members") as client:
        assert client.closed()[0] == 4401


def test_after_logout_the_session_is_over(lab):
    cookie, _ = login(lab, "alice")
    with lab.ws("/ws/members", header={"Cookie": cookie}) as client:
        assert client.receive() == "hello alice"
        assert lab.http("POST", "/logout", {"Cookie": cookie}).status == 200
        client.send("still there?")
        assert client.closed()[0] == 4401
    with lab.ws("/ws/members", header={"Cookie": cookie}) as client:
        assert client.closed()[0] == 4401


def test_the_session_cookie_is_safe(lab):
    header = lab.http("POST", "/login", FORM, "user=alice").headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert "alice" not in header


def test_each_login_has_another_id(lab):
    first, _ = login(lab, "alice")
    again = lab.http("POST", "/login", {**FORM, "Cookie": first}, "user=alice")
    assert cookie_of(again) != first
    with lab.ws("/ws/members", header={"Cookie": first}) as client:
        assert client.closed()[0] == 4401


def test_an_id_that_somebody_made_up_is_not_adopted(lab):
    made_up = "tina4_session=../../../../tmp/evil"
    answer = lab.http("POST", "/login", {**FORM, "Cookie": made_up}, "user=alice")
    assert cookie_of(answer) != made_up
    assert cookie_of(answer).startswith("tina4_session=")
