"""The responses of an operation: its successes, its refusals, and what the gateway answers in its place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, Final

from models.problems import GatewayMessage
from openapi import errors
from openapi.errors import GATEWAYS_OWN
from openapi.operation import Answer, Error, Operation
from openapi.schemas import Kind
from routes import FAULT_APPLIED, LIMIT_HEADERS, ROUTES, Route
from utils.http import HTML_TYPE, JSON_TYPE
from utils.strict_json import dump, parse

type SchemaOf = Callable[[Kind, Any], dict[str, Any]]

HEADERS: Final[Mapping[str, str]] = {
    "X-Request-Id": "The gateway's id of the request, which leads to the log lines.",
    "X-Sandbox": "The sandbox that the request was about.",
    "Cache-Control": "Who may keep the answer, and how long.",
    "X-Content-Type-Options": "Always `nosniff`.",
    "X-Correlation-Id": "The caller's, if it sent one.",
    "traceparent": "The caller's trace context (W3C), if it sent one.",
    "Location": "Where to go, or what was made: an absolute URL.",
    "ETag": "The version: a strong entity tag.",
    "Idempotent-Replayed": "`true` when this answer was given before, to a request with the same key.",
    "Link": 'The next page: `<…>; rel="next"`.',
    "Retry-After": "Seconds to wait.",
    "WWW-Authenticate": "How to authenticate, and what was wrong with it.",
    "Allow": "The methods that the path answers to.",
    FAULT_APPLIED: "What the fault of the answer comes from: a rule's id, `header`, `magic` or `limit`.",
    "RateLimit": "While the sandbox has a rate limit of the newer form: what is left of it.",
    "RateLimit-Policy": "While the sandbox has a rate limit of the newer form: how many requests in how many seconds.",
    "RateLimit-Limit": "While the sandbox has a rate limit of the older form: how many requests in a window.",
    "RateLimit-Remaining": "While the sandbox has a rate limit of the older form: how many of them are left.",
    "RateLimit-Reset": "While the sandbox has a rate limit of the older form: seconds until the next window.",
}
_ALWAYS: Final = ("X-Request-Id", "X-Sandbox", "Cache-Control", "X-Content-Type-Options")
_IF_SENT: Final = ("X-Correlation-Id", "traceparent")
_OF_FAULTS: Final = (FAULT_APPLIED, *(name for name in HEADERS if name.lower() in LIMIT_HEADERS))
_OPERATION_IDS: Final = {route.name: route.operation_id for route in ROUTES}


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing that a status may mean; ``headers`` are those that it always has, ``sometimes`` further ones."""

    status: int
    description: str
    headers: tuple[str, ...]
    media_type: str = JSON_TYPE
    schema: Mapping[str, Any] | None = None
    name: str = ""
    example: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)
    sometimes: tuple[str, ...] = ()


def responses(route: Route, operation: Operation, schema_of: SchemaOf) -> dict[str, Any]:
    """The Responses Object (OpenAPI 3.1.1 section 4.8.16) of a route."""
    cases = sorted(_cases(route, operation, schema_of), key=lambda case: case.status)
    grouped = {status: list(group) for status, group in groupby(cases, key=lambda case: case.status)}
    any_time = (*_IF_SENT, *_OF_FAULTS) if route.is_partners else _IF_SENT
    return {str(status): _response(group, any_time) for status, group in grouped.items()}


def examples(classes: Iterable[Error], paths: Mapping[str, Any]) -> dict[str, Any]:
    """The examples of those of ``classes`` to which ``paths`` refer."""
    told = {errors.name(error): (error.title, errors.example(error)) for error in classes}
    used = _used("examples", told, paths)
    return {name: {"summary": told[name][0], "value": plain(told[name][1])} for name in sorted(used)}


def headers(paths: Mapping[str, Any]) -> dict[str, Any]:
    """The headers to which ``paths`` refer; a response that always has one says so by itself."""
    return {name: _header(name) for name in _used("headers", HEADERS, paths)}


def plain(value: Any) -> Any:
    """``value`` as it goes out in JSON."""
    return parse(dump(value))


def _cases(route: Route, operation: Operation, schema_of: SchemaOf) -> Iterator[_Case]:
    for status, answer in operation.answers.items():
        yield from _of_answer(status, answer, schema_of)
    for status, classes in errors.by_status(route, operation).items():
        for error in classes:
            yield _of_error(status, error, route, schema_of)
    for status in errors.by_gateway(route, operation):
        message = GATEWAYS_OWN[status]
        yield _Case(
            status,
            "In the gateway's own words.",
            (),
            schema=schema_of("response", GatewayMessage),
            name="gateway",
            example={"summary": "The gateway's own", "value": {"message": message}},
        )


def _of_answer(status: int, answer: Answer, schema_of: SchemaOf) -> Iterator[_Case]:
    links = {
        name: {"operationId": _OPERATION_IDS[name], "parameters": dict(parameters)}
        for name, parameters in answer.links.items()
    }
    case = _Case(
        status, answer.description, (*_ALWAYS, *answer.headers), links=links, sometimes=answer.sometimes
    )
    if answer.model is None:
        yield case
        return
    for media_type in answer.media_types:
        yield replace(
            case,
            media_type=media_type,
            schema=schema_of("response", answer.model),
            name="answer",
            example={"value": plain(answer.example)},
        )


def _of_error(status: int, error: Error, route: Route, schema_of: SchemaOf) -> _Case:
    media_type = errors.media_type(error, route)
    as_page = media_type == HTML_TYPE
    return _Case(
        status,
        f"{error.title}.",
        (*_ALWAYS, *errors.sample(error).headers),
        media_type,
        {"type": "string"} if as_page else schema_of("response", errors.model(error)),
        errors.name(error),
        {"value": "<!doctype html>…"} if as_page else {"$ref": f"#/components/examples/{errors.name(error)}"},
        sometimes=errors.SOMETIMES.get(error, ()),
    )


def _response(cases: list[_Case], any_time: tuple[str, ...]) -> dict[str, Any]:
    certain = set.intersection(*(set(case.headers) for case in cases))
    possible = dict.fromkeys(name for case in cases for name in (*case.headers, *case.sometimes, *any_time))
    content = {
        media_type: _media([case for case in cases if case.media_type == media_type])
        for media_type in dict.fromkeys(case.media_type for case in cases if case.schema is not None)
    }
    links = {name: link for case in cases for name, link in case.links.items()}
    return {
        "description": " ".join(dict.fromkeys(case.description for case in cases)),
        "headers": {name: _reference(name, certain=name in certain) for name in possible},
        **({"content": content} if content else {}),
        **({"links": links} if links else {}),
    }


def _media(cases: list[_Case]) -> dict[str, Any]:
    schemas = [case.schema for case in cases if case.schema is not None]
    distinct = [schema for position, schema in enumerate(schemas) if schema not in schemas[:position]]
    return {
        "schema": distinct[0] if len(distinct) == 1 else {"anyOf": distinct},
        "examples": {case.name: case.example for case in cases},
    }


def _reference(name: str, *, certain: bool) -> dict[str, Any]:
    return _header(name) | {"required": True} if certain else {"$ref": f"#/components/headers/{name}"}


def _header(name: str) -> dict[str, Any]:
    return {"description": HEADERS[name], "schema": {"type": "string"}}


def _used(kind: str, names: Iterable[str], paths: Mapping[str, Any]) -> list[str]:
    """Those of ``names`` in the Components Object to which ``paths`` refer."""
    text = dump(paths)
    return [name for name in names if f'"#/components/{kind}/{name}"' in text]
