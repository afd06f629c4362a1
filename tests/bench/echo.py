"""Handlers for tina4 worker that only echo, and do as little as one can."""

import sys

ROUTES = b'{"routes":[{"route":"/ws/echo"}]}\n'
BEFORE, AFTER = b'"text":', b',"attributes":'


def main():
    lines, answers = sys.stdin.buffer, sys.stdout.buffer
    for line in iter(lines.readline, b""):
        begin = line.find(BEFORE)
        if line.startswith(b'{"event":"message"') and begin > 0:
            text = line[begin + len(BEFORE):line.index(AFTER, begin)]
            answers.write(b'{"commands":[{"command":"send","text":' + text + b"}]}\n")
        else:
            answers.write(ROUTES if line.startswith(b'{"event":"routes"') else b"\n")
        answers.flush()


main()
