"""Makes what fails smaller, while it still fails, within a time. Pure but for the clock."""

import time


def shrink(items, fails, seconds):
    """items is bytes or a list; fails(items) is true. Returns a part of it that still fails."""
    end = time.monotonic() + seconds
    size = (len(items) + 1) // 2
    while size >= 1:
        at = 0
        smaller = False
        while at < len(items):
            if time.monotonic() > end:
                return items
            rest = items[:at] + items[at + size:]
            if len(rest) > 0 and fails(rest):
                items, smaller = rest, True
            else:
                at += size
        if size == 1 and not smaller:
            break
        size = size if smaller else size // 2
    return items
