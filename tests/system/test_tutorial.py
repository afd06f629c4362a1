"""deploy/tutorial.md, followed: its files are written as it says, built, tested and served."""

import os
import re
import subprocess

import pytest

from client import Client, http
from test_serve import FORM, form_of, installed, new_app, serve  # noqa: F401 (fixtures)
from web import TOP

JPEG = b"\xff\xd8\xff\xe0 not much of a photo"


def blocks():
    """The fenced ones by the file that they are: the last one that the text before names."""
    text = (TOP / "deploy" / "tutorial.md").read_text()
    found = {}
    for match in re.finditer(r"^```\w+\n(.*?)^```\n", text, re.S | re.M):
        name = re.findall(r"`photos/([\w./]+)`", text[:match.start()])[-1]
        found[name] = match[1]
    return found


@pytest.fixture
def photos(installed, tmp_path):  # noqa: F811
    folder = new_app(installed, tmp_path / "photos")
    for name, content in blocks().items():
        before = (folder / name).read_text()
        (folder / name).write_text(before + content if name.endswith(".css") else content)
    return folder


def test_its_files_are_those_of_a_new_app(photos):
    assert sorted(blocks()) == ["app.c", "app_test.c", "static/css/app.css", "static/js/app.js", "templates/index.html"]


def test_its_app_builds_without_a_warning_and_passes_its_test(photos, installed):  # noqa: F811
    done = subprocess.run(["make", "check"], cwd=photos, capture_output=True, text=True,
                          env={**os.environ, **installed[1], "CFLAGS": "-O2 -Werror"})
    assert done.returncode == 0, done.stderr


def multipart(data, token):
    body = (b'--x\r\nContent-Disposition: form-data; name="formToken"\r\n\r\n' + token + b"\r\n"
            b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n" + data + b"\r\n--x--\r\n")
    return {"Content-Type": "multipart/form-data; boundary=x"}, body


def test_its_app_works(photos, installed, serve):  # noqa: F811
    prefix, env = installed
    one = serve(str(photos), command=[prefix / "bin" / "tina4", "serve"],
                **{**env, "PHOTOS_PASSWORD": "sesame"}).ready()
    page = http(one.port, "GET", "/")
    assert b"Log in" in page.body
    visitor, token = form_of(page)
    right = b"name=Carol&password=sesame&formToken=" + token
    assert http(one.port, "POST", "/login", {**FORM, **visitor}, right.replace(b"sesame", b"wrong")).status == 403
    assert http(one.port, "POST", "/login", FORM, right).status == 403, "another site's page sent it"
    answer = http(one.port, "POST", "/login", {**FORM, **visitor}, right)
    assert answer.status == 303
    cookie = {"Cookie": answer.headers["set-cookie"].split(";")[0] + "; " + visitor["Cookie"]}
    assert b"Carol" in http(one.port, "GET", "/", cookie).body

    with Client(f"ws://localhost:{one.port}/ws/board") as stranger:
        assert stranger.closed()[0] == 4401
    with Client(f"ws://localhost:{one.port}/ws/board", header=cookie) as client:
        assert client.receive_json() == {"online": 1}
        client.send("hello")
        said = client.receive_json()
        if said == {"online": 1}:  # the stranger's end, which may be told late
            said = client.receive_json()
        assert said == {"from": "Carol", "text": "hello"}
        headers, body = multipart(JPEG, token)
        assert http(one.port, "POST", "/photos/p1", {**headers, **visitor}, body).status == 403, "nobody is logged in"
        assert http(one.port, "POST", "/photos/p1", {**headers, **cookie}, body).status == 201
        assert client.receive_json() == {"from": "Carol", "photo": "p1"}
        assert http(one.port, "POST", "/photos/p1", {**headers, **cookie}, body).status == 409
        headers, body = multipart(b"GIF89a", token)
        assert http(one.port, "POST", "/photos/p2", {**headers, **cookie}, body).status == 415
    assert http(one.port, "GET", "/photos/p1").body == JPEG
    assert one.end()[0] == 0
