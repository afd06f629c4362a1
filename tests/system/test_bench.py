"""The benchmark's load generator notices what goes wrong with a message."""

import json
import re
import subprocess

import pytest

from stack import BUILD

SECONDS = 0.2


@pytest.fixture
def floor(request):
    """A server of the benchmark's that works in the mode of the test's parameter."""
    with subprocess.Popen([BUILD / "tests" / "bench" / "floor", request.param], stdout=subprocess.PIPE,
                          text=True) as server:
        yield re.match(r"port (\d+)", server.stdout.readline())[1]
        server.kill()


def load(mode, port, *options):
    """Returns the exit status, and what was measured."""
    done = subprocess.run([BUILD / "tests" / "bench" / "load", mode, port, *map(str, options)], capture_output=True,
                          text=True, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def fan_out(port):
    status, (result,) = load("fanout", port, "--conns", 50, "--window", 16, "--seconds", SECONDS, "--patience", 1)
    return status, {name: result[name] for name in ("missing", "doubled", "reordered", "damaged")}


@pytest.mark.parametrize("floor", ["broadcast", "batch"], indirect=True)
def test_nothing_is_wrong_with_a_server_that_works(floor):
    status, faults = fan_out(floor)
    assert status == 0
    assert not any(faults.values())


@pytest.mark.parametrize("floor", ["echo"], indirect=True)
def test_nor_with_an_echo(floor):
    status, results = load("echo", floor, "--conns", 20, "--window", "1,8", "--size", "16,70000", "--seconds", SECONDS)
    assert status == 0
    assert len(results) == 4 and all(result["deliveries"] > 0 for result in results)


@pytest.mark.parametrize("floor, fault", [("lose", "missing"), ("double", "doubled"), ("swap", "reordered"),
                                          ("damage", "damaged")], indirect=["floor"])
def test_a_fault_is_noticed(floor, fault):
    status, faults = fan_out(floor)
    assert status == 1
    assert faults[fault] > 0


@pytest.mark.parametrize("floor", ["broadcast"], indirect=True)
def test_rooms_are_apart(floor):
    """One room for all is as if every message went astray."""
    rooms = ("--conns", 50, "--rooms", 10, "--seconds", SECONDS, "--patience", 1)
    assert load("fanout", floor, "--path", "/%d", *rooms)[0] == 0
    status, results = load("fanout", floor, "--path", "/", *rooms)
    assert status == 1
    assert results[0]["damaged"] > 0


@pytest.mark.parametrize("floor", ["broadcast"], indirect=True)
def test_what_clients_have_missed_must_come(floor):
    status, (result,) = load("connect", floor, "--conns", 10, "--missed", 2, "--patience", 0.2)
    assert status == 1
    assert result["missing"] == 20


@pytest.mark.parametrize("floor", ["broadcast"], indirect=True)
def test_connections_are_counted(floor):
    status, steps = load("connect", floor, "--conns", 30, "--step", 20, "--hold", 0.1)
    assert status == 0
    assert [(step.get("from"), step.get("to"), step.get("held")) for step in steps] == [
        (0, 20, None), (20, 30, None), (None, None, 30)]
