"""Durations by ISO 8601: weeks, days, hours, minutes and seconds, which are of one length wherever they are added."""

import re
from datetime import timedelta
from typing import Final

_NUMBER: Final = r"\d{1,12}"
PATTERN: Final = (
    rf"[+-]?P(?=.)(?:{_NUMBER}W)?(?:{_NUMBER}D)?"
    rf"(?:T(?=.)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}(?:[.,]\d{{1,6}})?S)?)?"
)
"""What :func:`parse` reads, but for its length. Years and months are left out: what they add up to depends on when."""

_PATTERN: Final = re.compile(PATTERN, re.ASCII)
_PART: Final = re.compile(r"(?P<whole>\d+)(?:[.,](?P<fraction>\d+))?(?P<unit>[WDHMS])", re.ASCII)
_UNITS: Final = {
    "W": timedelta(weeks=1),
    "D": timedelta(days=1),
    "H": timedelta(hours=1),
    "M": timedelta(minutes=1),
    "S": timedelta(seconds=1),
}
_MICROSECOND: Final = timedelta(microseconds=1)


def parse(text: str) -> timedelta:
    """The duration in ``text``, such as ``PT1H30M`` or, with a sign before it, ``-P1D``; seconds may have six decimals.

    Raises ``ValueError`` for any other text, and for more than a ``timedelta`` holds.
    """
    if not _PATTERN.fullmatch(text):
        raise ValueError("not a duration")
    total = timedelta()
    try:
        for part in _PART.finditer(text):
            total += int(part["whole"]) * _UNITS[part["unit"]]
            total += int((part["fraction"] or "").ljust(6, "0")) * _MICROSECOND
    except OverflowError:
        raise ValueError("too long a duration") from None
    return -total if text.startswith("-") else total


def iso8601(duration: timedelta) -> str:
    """``duration`` in days, hours, minutes and seconds, a minus before a negative one; ``PT0S`` for none."""
    rest = abs(duration)
    hours, seconds = divmod(rest.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    decimals = f".{rest.microseconds:06}".rstrip("0") if rest.microseconds else ""
    days = f"{rest.days}D" if rest.days else ""
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if seconds or decimals or not (days or time):
        time += f"{seconds}{decimals}S"
    sign = "-" if duration < timedelta() else ""
    return f"{sign}P{days}{f'T{time}' if time else ''}"
