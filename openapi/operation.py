"""A route as its description tells of it: put together from its row, its handler's docstring and its models."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from handlers import admission
from handlers.idempotency import HEADER, KEY_PATTERN
from models.responses import APIResponse, Meta, PageMeta, PageResponse
from openapi import docstring
from openapi.naming import RowError, load, require_known, resolve
from routes import ADMIN, PATH_PARAMETERS, ROUTES, SCOPES, TABLE_ACTIONS, Route
from services.emulation import fault_header
from services.idempotency import IdempotencyKeyInUseException, IdempotencyKeyReusedException
from utils.errors import (
    NotFoundException,
    PSNEmulatorException,
    ValidationException,
    VersionConflictException,
)
from utils.http import FORM_TYPE, JSON_TYPE
from utils.sandbox import NAME
from variables import SECRETS

type Error = type[PSNEmulatorException]

WRITES = {"PutItem", "UpdateItem", "BatchWriteItem"}
"""The actions on the table that make something."""

REQUEST_ID = "Yk3rDj9hIAMEPVA="
_META = Meta(REQUEST_ID)
_PAGE_META = PageMeta(REQUEST_ID, "eyJwbGF5ZXJzIl0", 20)
_MATCH = "The `ETag` that the change is meant for; `*` for any."
_NONE_MATCH = "The `ETag` that the caller has; the answer is 304 if it still holds."
_SANDBOX = (
    "The sandbox that the request is about, where neither the URL nor a token names it; if they do, the same."
)
_FAULT = "A fault of this request alone, such as `status=503;retry_after=2, delay_ms=800`, where the stack has faults."
_KEY = "Sent again with the same key within 24 hours, the request is carried out once and answered the same."


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
    """A body that a route takes: a pydantic model, or a union of which one has to fit; ``examples`` by title."""

    model: Any
    examples: Mapping[str, Any]
    media_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A success. ``example`` is of ``model``; ``headers`` are those that every answer of this kind has,
    ``sometimes`` those that some have, ``links`` the operations that its content leads to, by the route's name, with
    their parameters as runtime expressions (OpenAPI 3.1.1 section 4.8.20.4)."""

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

    ``errors`` are those of the route's own and those that its flags imply; what every route, every scope and every
    body in JSON brings along is added by ``openapi.errors``.
    """

    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    bodies: tuple[Body, ...]
    answers: Mapping[int, Answer]
    errors: tuple[Error, ...]


def operation(route: Route) -> Operation:
    """The operation of ``route``. Raises :class:`RowError` where its row names what is not there, or where something
    that the description needs is missing."""
    handler = _handler(route)
    text = docstring.read(handler)
    for name in filter(None, (route.scope, route.bearer)):
        require_known(name, SCOPES, "scope")
    for name in route.table:
        require_known(name, TABLE_ACTIONS, "action on the table")
    for name in route.secrets:
        require_known(name, SECRETS, "secret")
    for name in route.preload:
        load(name)
    if WRITES & set(route.table) and "player_id" in route.parameters and not route.stores:
        raise RowError("it writes, and does not say with stores what goes when the player is deleted")
    for name in (*route.stores, *filter(None, [route.prefetch])):
        _takes(resolve(name), name, {"sandbox", *route.parameters})
    return Operation(
        text.summary,
        text.description,
        tuple(_parameters(route)),
        tuple(_bodies(route)),
        {status: _answer(route, status, meaning) for status, meaning in text.answers.items()},
        tuple(dict.fromkeys((*map(_error, route.errors), *_implied(route)))),
    )


def _handler(route: Route) -> Callable[..., Any]:
    handler: Callable[..., Any] = resolve(route.handler)
    given = {"request", *route.arguments}
    wanted = {name.removeprefix("_") for name in inspect.signature(handler).parameters}
    if wanted != given:
        raise RowError(
            f"{route.handler} takes {', '.join(sorted(wanted))}, and is given {', '.join(sorted(given))}"
        )
    return handler


def _takes(function: Any, name: str, given: set[str]) -> None:
    wanted = set(inspect.signature(function).parameters)
    if not wanted <= given:
        raise RowError(f"{name} takes {', '.join(sorted(wanted - given))}, of which the route has none")


def _error(name: str) -> Error:
    error: Error = resolve(name)
    if not (isinstance(error, type) and issubclass(error, PSNEmulatorException)):
        raise RowError(f"{name} is no PSNEmulatorException")
    return error


def _implied(route: Route) -> Iterator[Error]:
    """The errors that the flags of a row bring along."""
    if route.query and route.errors_as == "problem":
        yield ValidationException
    if route.scope == ADMIN:
        yield NotFoundException
    if route.versioned and route.method != "GET" and route.parameters:
        yield VersionConflictException
    if route.idempotent:
        yield from (IdempotencyKeyReusedException, IdempotencyKeyInUseException)


def _parameters(route: Route) -> Iterator[Parameter]:
    for name in route.parameters:
        if name not in PATH_PARAMETERS:
            raise RowError(f"PATH_PARAMETERS does not describe {{{name}}}")
        told = PATH_PARAMETERS[name]
        yield Parameter(name, "path", told.description, example=told.example, required=True)
    if route.query:
        yield from _query(route.query)
    if route.versioned and route.parameters:
        name, meaning = ("If-None-Match", _NONE_MATCH) if route.method == "GET" else ("If-Match", _MATCH)
        yield Parameter(name, "header", meaning)
    if route.idempotent:
        yield Parameter(HEADER, "header", _KEY, Annotated[str, Field(pattern=f"^{KEY_PATTERN}$")])
    yield Parameter(admission.HEADER, "header", _SANDBOX, Annotated[str, Field(pattern=f"^{NAME.pattern}$")])
    if route.is_partners:
        fault = Annotated[str, Field(pattern=f"^{fault_header.PATTERN}$")]
        yield Parameter(fault_header.HEADER, "header", _FAULT, fault)


def _query(name: str) -> Iterator[Parameter]:
    model: type[BaseModel] = resolve(name)
    for field_name, info in model.model_fields.items():
        if not info.description:
            raise RowError(f"{name} does not describe its field {field_name}")
        schema = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        example = next(iter(info.examples or ()), None)
        yield Parameter(
            info.alias or field_name, "query", info.description, schema, example, info.is_required()
        )


def _bodies(route: Route) -> Iterator[Body]:
    for name, media_type in ((route.body, JSON_TYPE), (route.form, FORM_TYPE)):
        if name:
            yield Body(resolve(name), _examples(name), media_type)


def _examples(name: str) -> Mapping[str, Any]:
    """The examples of a model by title, from the function ``examples`` of its module."""
    module, model = load(name.partition(":")[0]), resolve(name)
    examples: Mapping[Any, Mapping[str, Any]] = module.examples() if hasattr(module, "examples") else {}
    if not examples.get(model):
        raise RowError(f"there is no example of {name}: the function examples of its module gives one")
    return examples[model]


def _answer(route: Route, status: int, meaning: str) -> Answer:
    leads_on = (status == 201 and route.located) or (300 <= status < 400 and status != 304)
    tagged = route.versioned and status != 204
    headers = tuple(name for name, there in (("Location", leads_on), ("ETag", tagged)) if there)
    if status == 204 or status in range(300, 400):
        return Answer(meaning, headers=headers)
    flags = (("Idempotent-Replayed", route.idempotent), ("Link", route.page_of is not None))
    sometimes = tuple(name for name, there in flags if there)
    model, example = _content(route, status)
    return Answer(meaning, model, example, route.media_types, headers, sometimes, _links(route))


def _content(route: Route, status: int) -> tuple[Any, Any]:
    """The model of an answer and an example of it; of several examples the one whose title is the status."""
    name = route.data or route.page_of or route.answer
    if name is None:
        return None, None
    titled = _examples(name)
    example = titled.get(str(status), next(iter(titled.values())))
    model: Any = resolve(name)
    if route.data:
        enveloped: Any = APIResponse
        return enveloped[model], APIResponse(example, _META)
    if route.page_of:
        enveloped = PageResponse
        return enveloped[model], PageResponse([example], _PAGE_META)
    return model, example


def _links(route: Route) -> Mapping[str, Mapping[str, str]]:
    """Where an answer leads: to every route about what it names by an id that the request did not name."""
    name = route.data or route.page_of
    if name is None:
        return {}
    place = "$response.body#/data/0/" if route.page_of else "$response.body#/data/"
    told = {one for one in PATH_PARAMETERS if one in getattr(resolve(name), "__annotations__", {})}
    new = told - set(route.parameters)
    links: dict[str, Mapping[str, str]] = {
        other.name: {one: f"{place}{one}" for one in other.parameters}
        for other in ROUTES
        if other.parameters and set(other.parameters) <= new
    }
    return links | ({route.name: {"cursor": "$response.body#/meta/next_cursor"}} if route.page_of else {})
