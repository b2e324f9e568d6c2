"""The OpenAPI document: the route table, the served models and the error classes, in the words of OpenAPI 3.1."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from models.problems import GatewayMessage
from openapi import errors, responses, security
from openapi.naming import RowError
from openapi.operation import Body, Error, Operation, Parameter, operation
from openapi.responses import SchemaOf, plain
from openapi.schemas import Kind, schemas
from routes import ROUTES, TAGS, Route
from utils.http import FORM_TYPE
from utils.version import VERSION

ISSUER: Final = "https://api.example"
"""The issuer in the committed document; who serves it puts in its own."""

_DESCRIPTION: Final = """\
An emulator of a game partner's identity provider and player-account service.

- Times are RFC 3339 in UTC, ids are UUIDv7. Unknown fields and parameters are refused where a body or a query is read.
- Errors are problems by RFC 9457 whose `code` is stable; those of the OAuth endpoints have the shapes of their RFCs.
- What the gateway answers by itself has a body of its own, `{"message": …}`: when there is no token, or one that is
  forged or lacks the scope, on too many requests, and when a function takes too long.
- Any other path answers 404 `not_found`, any other method 405 `method_not_allowed` with `Allow`.
- Where the stack has faults and one was asked for, an answer may be any other; `X-Emulator-Fault-Applied` says so.
- `X-Correlation-Id` (1 to 128 visible ASCII characters) and `traceparent` (W3C Trace Context) go to the logs and back.
"""


def operations() -> tuple[dict[str, Operation], list[str]]:
    """The operation of every route by its name, and what is wrong with those rows that have none: the row named, and
    told all that was found of each."""
    made: dict[str, Operation] = {}
    faults: list[str] = []
    for route in ROUTES:
        try:
            made[route.name] = operation(route)
        except RowError as error:
            faults.append(f"row {route.name}: {error}")
    return made, faults


def document(operations: Mapping[str, Operation]) -> dict[str, Any]:
    """The document (OpenAPI 3.1.1) of the API whose ``operations`` are given by the route's name."""
    found, named = schemas(_types(operations))

    def schema_of(kind: Kind, model: Any) -> dict[str, Any]:
        schema: dict[str, Any] = found[kind, model]
        return schema

    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        described = _operation(route, operations[route.name], schema_of)
        paths.setdefault(route.path, {})[route.method.lower()] = described
        if route.method == "GET":
            paths[route.path]["head"] = _head(described)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "PSN Partner Emulator",
            "summary": "Identity provider and player accounts",
            "description": _DESCRIPTION,
            "version": VERSION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ISSUER, "description": ""}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS],
        "paths": paths,
        "components": {
            "schemas": named,
            "examples": responses.examples(set(_errors(operations)), paths),
            "headers": responses.headers(paths),
            "securitySchemes": security.schemes(ISSUER),
        },
    }


def _operation(route: Route, operation: Operation, schema_of: SchemaOf) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(one, schema_of) for one in operation.parameters],
        "responses": responses.responses(route, operation, schema_of),
        "security": security.requirements(route),
    }
    if operation.bodies:
        content = {one.media_type: _content(one, schema_of) for one in operation.bodies}
        said["requestBody"] = {"required": True, "content": content}
    return {name: value for name, value in said.items() if value or name == "security"}


def _head(get: Mapping[str, Any]) -> dict[str, Any]:
    """The ``HEAD`` beside a ``GET``: answered the same, without a body (RFC 9110 section 9.3.2)."""
    answers = {
        status: {name: value for name, value in answer.items() if name not in {"content", "links"}}
        for status, answer in get["responses"].items()
    }
    summary = f"{get['summary'].rstrip('.')}, headers only."
    return {**get, "operationId": f"{get['operationId']}_head", "summary": summary, "responses": answers}


def _parameter(parameter: Parameter, schema_of: SchemaOf) -> dict[str, Any]:
    example = {} if parameter.example is None else {"example": parameter.example}
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": schema_of("form", parameter.model),
        **example,
    }


def _content(body: Body, schema_of: SchemaOf) -> dict[str, Any]:
    return {
        "schema": schema_of(_kind(body), body.model),
        "examples": {title: {"value": plain(value)} for title, value in body.examples.items()},
    }


def _kind(body: Body) -> Kind:
    return "form" if body.media_type == FORM_TYPE else "request"


def _types(operations: Mapping[str, Operation]) -> Iterator[tuple[Kind, Any]]:
    """The types whose schemas the document holds."""
    yield "response", GatewayMessage
    for error in _errors(operations):
        yield "response", errors.model(error)
    for described in operations.values():
        for parameter in described.parameters:
            yield "form", parameter.model
        for body in described.bodies:
            yield _kind(body), body.model
        for answer in described.answers.values():
            if answer.model is not None:
                yield "response", answer.model


def _errors(operations: Mapping[str, Operation]) -> Iterator[Error]:
    for route in ROUTES:
        for classes in errors.by_status(route, operations[route.name]).values():
            yield from classes
