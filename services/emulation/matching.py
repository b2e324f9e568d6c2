"""Whether a request is one that is meant: by method, path, caller, player and headers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote

from models.matching import Criterion, Match
from services.emulation.callers import caller_of
from utils.http import Request


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request is matched: ``path`` is under the base URL, header names are in lower case."""

    method: str
    path: str
    sub: str | None = None
    client_id: str | None = None
    player_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request) -> Self:
        """What is matched of ``request``."""
        caller = caller_of(request)
        player_id = request.path_parameters.get("player_id")
        return cls(request.method, request.path, caller.sub, caller.client_id, player_id, request.headers)


def matches(match: Match, asked: Asked) -> bool:
    """Whether ``asked`` has all that ``match`` says."""
    return all(criterion.ok for criterion in criteria(match, asked))


def criteria(match: Match, asked: Asked) -> Iterator[Criterion]:
    """What ``match`` says, each part beside what ``asked`` has."""
    if match.method is not None:
        yield _equal("method", match.method, asked.method)
    if match.path is not None:
        yield Criterion("path", match.path, asked.path, path_matches(match.path, asked.path))
    if match.sub is not None:
        yield _equal("sub", match.sub, asked.sub)
    if match.client_id is not None:
        yield _equal("client_id", match.client_id, asked.client_id)
    if match.player_id is not None:
        is_same = match.player_id.lower() == (asked.player_id or "").lower()
        yield Criterion("player_id", match.player_id, asked.player_id, is_same)
    for name, value in match.header.items():
        yield _equal(f"header.{name.lower()}", value, asked.headers.get(name.lower()))


def path_matches(pattern: str, path: str) -> bool:
    """Whether ``path`` is as ``pattern`` has it: ``*`` or ``{name}`` stands for a segment that is not empty, ``**`` at
    the end for any further ones, or none. Segments are the same whichever way they are percent-encoded."""
    expected, actual = pattern.split("/"), path.split("/")
    if expected[-1] == "**":
        expected.pop()
        actual = actual[: len(expected)]
    return len(expected) == len(actual) and all(map(_segment_matches, expected, actual))


def _segment_matches(expected: str, actual: str) -> bool:
    if expected == "*" or (expected.startswith("{") and expected.endswith("}")):
        return bool(actual)
    return unquote(expected) == unquote(actual)


def _equal(name: str, expected: str, actual: str | None) -> Criterion:
    return Criterion(name, expected, actual, expected == actual)
