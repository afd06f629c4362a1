"""A client of frond.1 that asks, by the rules of frond(3), for tests that look at every byte."""

import secrets

NUL = "\0"


class Asker:
    """connect is called with the subprotocols to offer; what is asked goes on over all its connections."""

    def __init__(self, connect):
        self.connect = connect
        self.key = secrets.token_hex(16)
        self.client = None
        self.memory = None  # of this connection
        self.asked = {}  # number: [text or bytes, once, memory]
        self.answers = {}  # number: text, bytes, None or ("!", why)
        self.last = 0
        self.messages = []
        self.open()

    def open(self):
        """Comes, or comes back, and asks again what has no answer."""
        self.client = self.connect(["frond.1"])
        assert self.client.headers["sec-websocket-protocol"] == "frond.1"
        self.memory = None
        for number in sorted(self.asked):
            self.say(number)

    def cut(self):
        """As when a phone enters a tunnel."""
        self.client.cut()

    def back(self):
        self.cut()
        self.open()

    def learn_memory(self):
        self.client.send(f"{NUL}o {self.key}")
        while self.memory is None:
            self.take()

    def say(self, number):
        message, once, memory = self.asked[number]
        if once and self.memory is None:
            self.learn_memory()
        if once and memory not in (None, self.memory):
            self.end(number, ("!", "unknown"))
            return
        if once:
            self.asked[number][2] = self.memory
        numbers = f"{number}.{min(self.asked)}" if once else f"{number}"
        if isinstance(message, str):
            self.client.send(f"{NUL}q {numbers} t {message}")
        else:
            self.client.send(f"{NUL}q {numbers} b")
            self.client.send(message)

    def ask(self, message, once=False):
        """Returns the number."""
        self.last += 1
        self.asked[self.last] = [message, once, None]
        self.say(self.last)
        return self.last

    def end(self, number, answer):
        assert number not in self.answers, f"{number} is answered twice"
        self.answers[number] = answer
        del self.asked[number]

    def take_answer(self, words):
        number, how, rest = (words.split(" ", 2) + ["", ""])[:3]
        number = int(number)
        answer = {"": None, "t": rest, "!": ("!", rest)}.get(how) if how != "b" else self.client.receive()
        if number not in self.asked:
            return
        if answer == ("!", "again"):
            self.say(number)
        else:
            self.end(number, answer)

    def take(self):
        """Whatever comes next."""
        message = self.client.receive()
        if not isinstance(message, str) or not message.startswith(NUL):
            self.messages.append(message)
        elif message.startswith(f"{NUL}a "):
            self.take_answer(message[3:])
        elif message.startswith(f"{NUL}o"):
            self.memory = message[3:]

    def answer(self, number):
        while number not in self.answers:
            self.take()
        return self.answers[number]
