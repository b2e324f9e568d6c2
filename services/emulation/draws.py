"""Chance that repeats itself: numbers that follow from a sandbox's seed number and from what they are drawn for."""

import hashlib
import math

from models.fault import Delay, UniformDelay


def share(seed: int, *purpose: str | int) -> float:
    """A number from 0 to just below 1, the same one for the same ``seed`` and ``purpose``, evenly spread over both."""
    text = "#".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2.0**48


def milliseconds(delay: Delay, seed: int, *purpose: str | int) -> int:
    """How long ``delay`` is this time; never less than nothing."""
    if isinstance(delay, int):
        return delay
    first = share(seed, *purpose, 1)
    if isinstance(delay, UniformDelay):
        shortest, longest = delay.uniform
        return shortest + int(first * (longest - shortest + 1))
    # The transform of Box and Muller makes two even numbers one of the standard normal distribution.
    radius, angle = math.sqrt(-2 * math.log(1 - first)), 2 * math.pi * share(seed, *purpose, 2)
    return max(0, round(delay.normal.mean + delay.normal.sd * radius * math.cos(angle)))
