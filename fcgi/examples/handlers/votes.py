"""A poll: who is on a page votes, and all see the result at once.

    PYTHONPATH=/usr/local/share/tina4/python tina4 worker --exec "python3 votes.py"

Clients connect to /ws/votes/{question} and send the name of what they are for.
"""

import json
from collections import Counter, defaultdict

import tina4

votes: dict[str, dict[str, str]] = defaultdict(dict)  # of each question: who is for what


def result(question: str) -> str:
    return json.dumps({"type": "result", "votes": Counter(votes[question].values())})


@tina4.websocket("/ws/votes/{question}")
def vote(connection: tina4.Connection, event: str, data: tina4.Message) -> None:
    question = connection.params["question"]
    if event == "open":
        connection.send(result(question))
    if event == "message":
        if not isinstance(data, str) or not 0 < len(data) <= 40:
            connection.close(1008, "a vote is a word")
            return
        votes[question][connection.id] = data
        connection.broadcast(result(question))
    if event == "close" and votes[question].pop(connection.id, None) is not None:
        connection.broadcast(result(question))


tina4.run()
