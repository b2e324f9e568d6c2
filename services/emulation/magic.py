"""Magic values: usernames that bring a fault about where nothing can be set up for it. They write nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from models.fault import Fault
from services.emulation.fault_rules import Injected
from utils.errors import PSNEmulatorException
from utils.http import FORM_TYPE, JSON_TYPE, Request

SOURCE: Final = "magic"
"""What a faulted answer says that the fault comes from."""
LOCKED: Final = "locked"
"""The username of a user who is locked out, whatever the password."""

LOGINS: Final = ("auth-token", "auth-authorize-form")
PLAYERS: Final = ("players-create", "players-update")

_LONGEST_MS: Final = 30_000


@dataclass(frozen=True, slots=True)
class MagicValue:
    """A username and what it brings about: ``shown`` is how people read it, ``pattern`` what matches it in lower case,
    ``routes`` are the names of the rows where it counts, ``effect`` says what happens; ``fault`` makes it of the
    match, or says that this one is none."""

    shown: str
    pattern: re.Pattern[str]
    routes: tuple[str, ...]
    effect: str
    fault: Callable[[re.Match[str]], Fault | None]


def _slow(match: re.Match[str]) -> Fault | None:
    milliseconds = int(match["ms"])
    return Fault(delay_ms=milliseconds) if milliseconds <= _LONGEST_MS else None


TABLE: Final = (
    MagicValue(
        "fault-503",
        re.compile(r"fault-(?P<status>[45][0-9]{2})"),
        (*LOGINS, *PLAYERS),
        "this status, any from 400 to 599, in the route's form of errors",
        lambda match: Fault(status=int(match["status"])),
    ),
    MagicValue(
        "fault-ratelimit",
        re.compile("fault-ratelimit"),
        (*LOGINS, *PLAYERS),
        "429 with `Retry-After: 1`",
        lambda _: Fault(status=429, retry_after=1),
    ),
    MagicValue(
        "fault-slow-2000",
        re.compile(r"fault-slow-(?P<ms>[0-9]{1,5})"),
        (*LOGINS, *PLAYERS),
        "the answer comes after so many milliseconds, at most 30000: a player that is not stored, or a refused login",
        _slow,
    ),
    MagicValue(
        "fault-timeout",
        re.compile("fault-timeout"),
        (*LOGINS, *PLAYERS),
        "no answer before the gateway gives up",
        lambda _: Fault(timeout=True),
    ),
    MagicValue(
        "fault-malformed",
        re.compile("fault-malformed"),
        (*LOGINS, *PLAYERS),
        "an answer whose body is no JSON",
        lambda _: Fault(malformed="invalid_json"),
    ),
    MagicValue(
        LOCKED,
        re.compile(LOCKED),
        LOGINS,
        "a login that is locked out: `invalid_grant` with `Retry-After`",
        lambda _: Fault(),
    ),
)
"""Every magic value there is. ``account_rules.is_reserved`` keeps them from users."""


def met(request: Request) -> Injected | None:
    """The fault that the username in ``request`` brings about, if it is a magic value there."""
    if request.route not in (*LOGINS, *PLAYERS):
        return None
    username = _username(request)
    return None if username is None else _of(username, request.route)


def is_magic(username: str) -> bool:
    """Whether ``username`` is a magic value of logins."""
    return any(_of(username, route) is not None for route in LOGINS)


def _of(username: str, route: str) -> Injected | None:
    for value in TABLE:
        match = value.pattern.fullmatch(username.casefold())
        if match and route in value.routes and (fault := value.fault(match)):
            delay = fault.delay_ms if isinstance(fault.delay_ms, int) else 0
            return Injected(fault, SOURCE, delay)
    return None


def _username(request: Request) -> str | None:
    """The username of a login or a player; what cannot be read is for the handler to refuse."""
    try:
        given: Any = _given(request)
    except PSNEmulatorException:
        return None
    username = given.get("username") if isinstance(given, dict) else None
    return username if isinstance(username, str) else None


def _given(request: Request) -> Any:
    if request.media_type == JSON_TYPE:
        return request.json()
    form = dict(request.form_pairs()) if request.media_type == FORM_TYPE else {}
    is_login = form.get("grant_type") == "password" or form.get("decision") == "sign-in"
    return form if is_login else {}
