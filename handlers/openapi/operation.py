"""What is said of a route beyond what its row, its models and its error classes say by themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from utils.errors import PSNEmulatorException
from utils.http import JSON_TYPE

type Refusals = Literal["problem", "oauth", "page"]
"""How a route tells of its errors: RFC 9457, RFC 6749 section 5.2, or HTML for people."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``model`` is the type whose schema it has.

    An ``example`` is what a page fills in before its user does, so it has to be one that will do.
    """

    name: str
    place: Literal["path", "query", "header"]
    description: str
    model: Any = str
    example: Any = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Body:
    """A body that a route takes: a pydantic model, or several of which one has to fit; ``examples`` by title."""

    model: Any
    examples: Mapping[str, Any]
    media_type: str = JSON_TYPE


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. ``example`` is of ``model``; ``headers`` are those that every answer of this kind has,
    ``sometimes`` those that some have, ``links`` the operations that its content leads to, by the route's name, with
    their parameters as runtime expressions."""

    description: str
    model: Any = None
    example: Any = None
    media_types: tuple[str, ...] = (JSON_TYPE,)
    headers: tuple[str, ...] = ()
    sometimes: tuple[str, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A route: what it takes, and what it answers.

    ``errors`` are those of the route's own; what every route, every scope and every JSON body brings along is added
    by ``handlers.openapi.refusals``. ``client`` says whether a client authenticates here, or may.
    """

    tag: str
    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()
    errors: tuple[type[PSNEmulatorException], ...] = ()
    refusals: Refusals = "problem"
    client: bool = False
    bearer: str | None = None
