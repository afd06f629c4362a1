"""fcgi/examples: handlers in Python, Perl, Ruby and the shell, and the chapter in PHP, by real clients."""

import json
import os

import pytest

from elsewhere import Elsewhere
from stack import eventually
from web import TOP

EXAMPLES = TOP / "fcgi" / "examples"
BRIDGE = TOP / "fcgi" / "bridge"


@pytest.fixture
def run(make_stack):
    def make(command):
        stack = make_stack(Elsewhere, handlers=command)
        stack.env.update(PYTHONPATH=str(BRIDGE), PERL5LIB=str(BRIDGE))
        return stack.start("sidecar", "worker")
    return make


def test_votes_in_python(run):
    stack = run(f"python3 {EXAMPLES}/handlers/votes.py")
    with stack.ws("/ws/votes/lunch", direct=True) as one, stack.ws("/ws/votes/lunch", direct=True) as two:
        assert one.receive_json() == two.receive_json() == {"type": "result", "votes": {}}
        one.send("soup")
        assert one.receive_json() == two.receive_json() == {"type": "result", "votes": {"soup": 1}}
        two.send("soup")
        assert one.receive_json()["votes"] == two.receive_json()["votes"] == {"soup": 2}
        two.send("")
        assert two.closed() == (1008, "a vote is a word")
        assert one.receive_json()["votes"] == {"soup": 1}


def test_auction_in_perl(run):
    stack = run(f"perl {EXAMPLES}/handlers/auction.pl")
    with stack.ws("/ws/auction/7", direct=True) as one, stack.ws("/ws/auction/7", direct=True) as two:
        assert one.receive_json() == two.receive_json() == {"type": "highest", "bid": 0}
        one.send("20")
        assert one.receive_json() == two.receive_json() == {"type": "highest", "bid": 20}
        assert json.loads(two.ask("20"))["type"] == "error"
        assert json.loads(two.ask("x"))["type"] == "error"
    assert stack.handshake("/ws/auction/x").status == 404


def test_stopwatch_in_ruby(run):
    stack = run(f"ruby {EXAMPLES}/handlers/stopwatch.rb")
    with stack.ws("/ws/stopwatch/a", direct=True) as one, stack.ws("/ws/stopwatch/a", direct=True) as two:
        assert json.loads(two.ask("look")) == {"type": "stopwatch", "running": False, "seconds": 0.0}
        one.send("start")
        assert one.receive_json()["running"] and two.receive_json()["running"]
        one.send("stop")
        assert not one.receive_json()["running"] and not two.receive_json()["running"]


def test_shout_in_the_shell(run):
    stack = run(f"{EXAMPLES}/handlers/shout.sh")
    with stack.ws("/ws/shout/a", direct=True) as one, stack.ws("/ws/shout/a", direct=True) as two:
        eventually(lambda: stack.count("/ws/shout/a") == 2, "both have joined")
        one.send("grüße")
        assert two.receive() == "GRüßE"
        two.send("bye")
        assert one.receive() == "BYE"
