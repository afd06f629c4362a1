"""How the gate counts whom it refuses, and which subprotocol it answers."""

import pytest

from raw import Raw, figures, head, refused
from stack import eventually


@pytest.fixture(scope="module")
def gate(make_stack_for_session):
    return make_stack_for_session().start("sidecar", "worker")


def test_the_chosen_subprotocol_is_answered(gate):
    with Raw(gate.port) as conn:
        conn.send(head(last=["Sec-WebSocket-Protocol: other", "Sec-WebSocket-Protocol: frond.1"]))
        assert conn.answer().headers["sec-websocket-protocol"] == "frond.1"
    with Raw(gate.port) as conn:
        assert "sec-websocket-protocol" not in conn.send(head()).answer().headers


@pytest.mark.parametrize("reason,status,spoiled", [
    ("bad-field-value", 400, head(last=["X: a\0b"])),
    ("head-too-large", 431, head(last=["X: " + "y" * 20000])),
    ("no-route", 404, head("GET /ws/nothing HTTP/1.1")),
])
def test_a_refusal_is_counted_by_its_reason_and_logged_with_it(gate, reason, status, spoiled):
    name = f'tina4_refusals_total{{reason="{reason}"}}'
    before = figures(gate)[name]
    refused(gate, status, spoiled)
    assert figures(gate)[name] == before + 1
    eventually(lambda: any(f"reason={reason}" in line for line in gate.sidecar.lines()), "the log says so")
