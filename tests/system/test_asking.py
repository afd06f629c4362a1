"""Requests of clients: each gets its answer, over cuts and deaths of workers too."""

import os
import signal
import subprocess

import pytest

from asking import NUL, Asker
from elsewhere import Elsewhere
from stack import BUILD, eventually
from web import TOP


def asker(stack, path):
    return Asker(lambda offers: stack.ws(path, direct=True, subprotocols=offers))


def test_a_request_gets_what_its_handler_replies(lab, room):
    page = asker(lab, f"/ws/script/{room}")
    text = page.answer(page.ask("broadcast one\nreply the answer\nbroadcast two"))
    assert text == "the answer" and page.messages == ["one"], "in its order with all else"
    assert page.answer(page.ask("reply_binary bytes")) == b"bytes"
    assert page.answer(page.ask("broadcast three")) is None
    assert page.messages == ["one", "two", "three"], "what has been done has come before"
    assert page.answer(page.ask("reply never\nfail")) == ("!", "failed")
    assert page.answer(page.ask(b"reply to bytes")) == "to bytes"


def test_a_reply_to_no_request_is_named_in_the_log(lab, room):
    with lab.ws(f"/ws/script/{room}") as client:
        client.send("reply x")
        client.send("send end")
        assert client.receive() == "end"
    eventually(lambda: any("a reply to no request" in line for line in lab.worker.lines()), "the log has it")


def test_who_asks_for_a_path_without_handlers_hears_so(lab, room):
    page = asker(lab, f"/ws/watch/{room}")
    assert page.answer(page.ask("x")) == ("!", "no-handler")


@pytest.mark.parametrize("frame", ["q", "q 0 t x", "q 1 x", "q 1.2 t x", "q 1 bx", "o", "o 00", "q 99999999999999999999 t x"])
def test_a_malformed_one_costs_its_sender_the_connection(lab, room, frame):
    before = lab.stats()["client_requests"]
    page = asker(lab, f"/ws/script/{room}")
    page.client.send(NUL + frame)
    assert page.client.closed()[0] == 1008
    assert lab.stats()["client_requests"] == before


def test_a_client_has_one_key(lab, room):
    page = asker(lab, f"/ws/script/{room}")
    page.learn_memory()
    page.client.send(f"{NUL}o {page.key}")
    assert page.client.closed()[0] == 1008


def test_verbs_of_others_are_ignored(lab, room):
    page = asker(lab, f"/ws/script/{room}")
    for frame in ("", "z", "a 1 t x", "p 1.2"):
        page.client.send(NUL + frame)
    assert page.answer(page.ask("reply still here")) == "still here"


def test_who_does_not_speak_frond_cannot_ask(lab, room):
    with lab.ws(f"/ws/script/{room}", direct=True) as client:
        client.send(f"{NUL}q 1 t reply x")
        client.send("send end")
        assert client.receive() == "end"


def test_a_cut_is_survived_and_once_is_once(lab, room):
    """The handler is at it when the connection is lost."""
    path = f"/ws/script/{room}"
    with lab.ws(path, direct=True) as witness:
        assert witness.ask("send here") == "here"
        page = asker(lab, path)
        page.learn_memory()
        first = page.ask("pause 300\nbroadcast done\nreply first", once=True)
        eventually(lambda: lab.stats()["events_waiting"] == 1, "its handler is at it")
        page.back()
        assert page.answer(first) == "first"
        second = page.ask("broadcast done too\nreply second", once=True)
        assert [witness.receive(), witness.receive()] == ["done", "done too"]
        page.back()
        assert page.answer(second) == "second"
        assert page.answer(page.ask("broadcast end")) is None
        assert witness.receive() == "end", "nothing was done twice"
    assert lab.stats()["client_requests_again"] >= 2


def test_nobody_knows_after_the_sidecar_was_killed(make_stack):
    stack = make_stack().start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    page.learn_memory()
    once = page.ask("pause 1000\nreply x", once=True)
    plain = page.ask("reply y")
    stack.sidecar.kill()
    stack.sidecar.start()
    eventually(lambda: stack.stats()["workers"] == 1, "the worker is back")
    page.open()
    assert page.answer(once) == ("!", "unknown")
    assert page.answer(plain) == "y", "which may be handled twice"
    assert page.answer(page.ask("reply z", once=True)) == "z"


def test_a_worker_that_dies_leaves_it_to_the_next(make_stack):
    stack = make_stack().start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    number = page.ask("pause 500\nbroadcast done\nreply x", once=True)
    eventually(lambda: stack.stats()["events_waiting"] == 1, "it is asked")
    os.kill(stack.worker.worker_pid(), signal.SIGKILL)
    assert page.answer(number) == "x" and page.messages == ["done"]


def test_a_request_that_kills_workers_is_given_up(make_stack):
    stack = make_stack().start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    number = page.ask("crash", once=True)
    assert page.answer(number) == ("!", "given-up")
    assert page.client.closed()[0] == 1011
    assert stack.stats()["events_given_up"] == 1


def test_without_memory_none_is_remembered(make_stack):
    stack = make_stack(ws_once_seconds=0).start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    page.learn_memory()
    assert page.memory == ""


def test_what_is_remembered_has_a_limit(make_stack):
    stack = make_stack(ws_once_bytes=1).start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    page.learn_memory()
    assert page.memory != "", "the first finds room, and there is no more"
    assert page.answer(page.ask("reply x", once=True)) == ("!", "busy")
    assert page.answer(page.ask("reply x")) == "x", "what need not be remembered is done"
    other = asker(stack, "/ws/script/x")
    other.learn_memory()
    assert other.memory == ""


@pytest.mark.parametrize("handlers", ["php", "fpm", "python", "perl"])
def test_handlers_in_other_languages_reply(make_stack, handlers):
    stack = make_stack(Elsewhere, handlers=handlers).start("sidecar", "worker")
    page = asker(stack, "/ws/script/x")
    assert page.answer(page.ask("reply the answer")) == "the answer"
    assert page.answer(page.ask("send s")) is None and page.messages == ["s"]


def test_cuts_and_deaths_of_workers():
    """A short run of tests/chaos/ask, with another seed each time: what fails says how to do it again."""
    done = subprocess.run([TOP / "tests" / "chaos" / "ask", "--quick"], env={**os.environ, "TINA4_BUILD": str(BUILD)},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-20000:]
