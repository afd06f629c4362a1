"""Spoils heads and frames. Pure: what comes out depends on the dice alone, so that a seed is a whole run."""

import random
import struct
from dataclasses import dataclass, field

from corpus import BEGINNINGS, BODIES_OF_CLOSES, CLOSE, CRUMBS, DEFLATED, HEADS, PREFACE, TEXTS
from raw import EXTENDED_CONNECT, UPGRADE, frame, http2

PATH = b"/ws/script/hostile"


@dataclass
class Attempt:
    """One connection's life: pieces with the seconds before each, and how the client ends it."""
    name: str
    pieces: list
    pauses: list
    end: str  # "wait" for the server, "half" closes its direction, "cut" resets
    frames: bool = False  # the first piece is a good head, and 101 its answer
    pipelined: bool = True  # else the second piece waits for the answer to the first
    way: int = 0  # chooses among the addresses
    data: bytes = field(default=b"", repr=False)  # that came back

    @property
    def sent(self):
        return b"".join(self.pieces)


def finished(data):
    """True when a reader may think that the head ends."""
    return b"\n\r\n" in data or b"\n\n" in data


# --- bytes ---------------------------------------------------------------------------------------


def _at(dice, data):
    return dice.randrange(len(data) + 1)


def _flip(dice, data):
    if not data:
        return data
    at = dice.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1:]


def _put(dice, data):
    at = _at(dice, data)
    return data[:at] + dice.choice(CRUMBS) * dice.choice([1, 1, 1, 2, 50]) + data[at:]


def _replace(dice, data):
    at = _at(dice, data)
    crumb = dice.choice(CRUMBS)
    return data[:at] + crumb + data[at + len(crumb):]


def _range(dice, data):
    begin = _at(dice, data)
    return begin, min(len(data), begin + dice.choice([1, 2, 5, 20, 100, 1000]))


def _drop(dice, data):
    begin, end = _range(dice, data)
    return data[:begin] + data[end:]


def _double(dice, data):
    begin, end = _range(dice, data)
    return data[:end] + data[begin:end] * dice.choice([1, 1, 2, 30]) + data[end:]


def _truncate(dice, data):
    return data[:_at(dice, data)]


def _noise(dice, data):
    at = _at(dice, data)
    return data[:at] + dice.randbytes(dice.randrange(1, 40)) + data[at:]


# --- lines ------------------------------------------------------------------------------------------


def _lines(change):
    def changed(dice, data):
        first, *rest = data.split(b"\r\n")
        return b"\r\n".join(change(dice, [first, *rest]))
    return changed


def _swap_lines(dice, lines):
    a, b = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def _drop_line(dice, lines):
    del lines[dice.randrange(len(lines))]
    return lines


def _double_line(dice, lines):
    at = dice.randrange(len(lines))
    return lines[:at] + [lines[at]] * dice.choice([2, 2, 3, 120]) + lines[at + 1:]


def _other_line(dice, lines):
    lines.insert(1 + dice.randrange(len(lines)), dice.choice(dice.choice(HEADS).split(b"\r\n")))
    return lines


def _short_name(dice, lines):
    line = dice.choice(BEGINNINGS) + dice.choice([b": x", b":", b" : x", b"", b" x"])
    lines.insert(1 + dice.randrange(len(lines)), line)
    return lines


def _long_value(dice, lines):
    at = dice.randrange(len(lines))
    lines[at] += dice.choice([b"x", b"a=b&", b", ", b"1.2.3.4, "]) * dice.choice([10, 300, 2000, 20000])
    return lines


def _case(dice, lines):
    at = dice.randrange(len(lines))
    lines[at] = dice.choice([bytes.upper, bytes.lower, bytes.swapcase])(lines[at])
    return lines


def _splice(dice, data):
    other = dice.choice(HEADS)
    return data[:_at(dice, data)] + other[_at(dice, other):]


def _more_behind(dice, data):
    return data + dice.choice([CLOSE, frame("send x") * 5, dice.choice(HEADS), PREFACE + _http2(dice),
                               dice.randbytes(50)])


def _http2(dice):
    return b"".join(http2(dice.randrange(11), dice.randrange(256), dice.choice([0, 1, 3, 1 << 30]),
                          dice.choice([b"", EXTENDED_CONNECT, dice.randbytes(8), dice.randbytes(30)]))
                    for _ in range(dice.randrange(1, 8)))


BYTES = [_flip, _flip, _put, _put, _replace, _drop, _double, _noise]
LINES = [_lines(change) for change in (_swap_lines, _drop_line, _double_line, _other_line, _other_line, _short_name,
                                       _long_value, _case)]
OF_HEADS = BYTES + LINES * 2 + [_splice, _more_behind, _more_behind, _truncate]


def _pieces(dice, data):
    kind = dice.random()
    n = 1 if kind < 0.6 else dice.randrange(2, 6) if kind < 0.9 else dice.randrange(6, 40)
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(n - 1))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])]
    slow = dice.random() < 0.1
    return pieces, [dice.random() * 0.03 if slow else 0 for _ in pieces]


def head_attempt(seed, i):
    dice = random.Random(f"{seed} head {i}")
    data = dice.choice(HEADS)
    for _ in range(dice.choice([0, 1, 1, 1, 2, 2, 3, 5, 10])):
        data = dice.choice(OF_HEADS)(dice, data)
        data = data[:200000]
    if dice.random() < 0.01:
        data = dice.randbytes(dice.randrange(1, 3000))
    data = data or b"\0"
    pieces, pauses = _pieces(dice, data)
    pipelined = True
    if (end := data.find(b"\r\n\r\n") + 4) > 4 and end < len(data) and dice.random() < 0.5:
        pieces, pauses, pipelined = [data[:end], data[end:]], [0, 0], False
    chance = dice.random()
    # Most of those that are not whole are not waited for: each would take the server's deadline.
    if finished(data):
        end = "wait" if chance < 0.95 else "cut"
    else:
        end = "half" if chance < 0.85 else "cut" if chance < 0.95 else "wait"
    return Attempt(f"head {i}", pieces, pauses, end, pipelined=pipelined, way=dice.randrange(1 << 30))


# --- frames ---------------------------------------------------------------------------------------


def _length(dice, n):
    """A length as it should be, or in too many bytes, or another one."""
    chance = dice.random()
    if chance > 0.9:
        n = dice.choice([0, n + 1, max(0, n - 1), n + 100, 125, 126, 65535, 65536, 1 << 20, (1 << 20) + 1, 1 << 31,
                         (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
    if n < 126 and chance > 0.03:
        return bytes([n])
    if n < 65536 and chance > 0.02:
        return bytes([126]) + struct.pack("!H", n)
    return bytes([127]) + struct.pack("!Q", n)


def _frame(dice):
    opcode = dice.choice([1, 1, 1, 1, 2, 0, 8, 9, 9, 10, dice.randrange(16)])
    if opcode == 8:
        data = dice.choice(BODIES_OF_CLOSES)
    elif dice.random() < 0.3:
        data = dice.choice(DEFLATED)
    else:
        data = dice.choice(TEXTS)
    if opcode > 8 and dice.random() < 0.8:
        data = data[:125]
    first = (0x80 if dice.random() < 0.85 else 0) | opcode
    chance = dice.random()
    first |= 0x40 if chance < 0.25 else dice.randrange(8) << 4 if chance < 0.3 else 0
    length = _length(dice, len(data))
    if dice.random() < 0.05:
        return bytes([first]) + length + data
    key = dice.randbytes(4)
    mask = (key * (len(data) // 4 + 1))[:len(data)]
    hidden = (int.from_bytes(data, "big") ^ int.from_bytes(mask, "big")).to_bytes(len(data), "big")
    return bytes([first]) + bytes([length[0] | 0x80]) + length[1:] + key + hidden


def _fragments(dice):
    """A message in fragments, with control frames between, as it should be."""
    data = dice.choice(TEXTS)
    cuts = sorted(dice.randrange(len(data) + 1) for _ in range(dice.randrange(1, 5)))
    parts = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])]
    got = b""
    for i, part in enumerate(parts):
        got += frame(part, 1 if i == 0 else 0, first=0x80 if i == len(parts) - 1 else 0)
        if dice.random() < 0.3:
            got += frame("between", dice.choice([9, 10]))
    return got


def _good_head(dice):
    lines = [b"GET " + PATH + b" HTTP/1.1", b"Host: 127.0.0.1"]
    lines += [f"{name}: {value}".encode() for name, value in UPGRADE.items()]
    if dice.random() < 0.5:
        lines.append(b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
    if dice.random() < 0.3:
        lines.append(b"Sec-WebSocket-Protocol: frond.1")
    return b"\r\n".join([*lines, b"", b""])


def frames_attempt(seed, i):
    dice = random.Random(f"{seed} frames {i}")
    data = b""
    for _ in range(dice.choice([1, 1, 2, 3, 5, 12])):
        data += _fragments(dice) if dice.random() < 0.15 else _frame(dice)
    if dice.random() < 0.3:
        for _ in range(dice.randrange(1, 4)):
            data = dice.choice([_flip, _drop, _double, _truncate, _noise])(dice, data)[:300000]
    pieces, pauses = _pieces(dice, data)
    end = dice.choice(["wait", "wait", "wait", "half", "cut"])
    if end == "wait":
        pieces.append(CLOSE)
        pauses.append(0)
    return Attempt(f"frames {i}", [_good_head(dice), *pieces], [0, *pauses], end, frames=True,
                   pipelined=dice.random() < 0.5, way=dice.randrange(1 << 30))
