"""The OpenAPI document: the route table, the served models and the error classes, in the words of OpenAPI 3.1."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from handlers.openapi import identity, pages, players, refusals, responses, security, service
from handlers.openapi.operation import Body, Operation, Parameter
from handlers.openapi.refusals import Error
from handlers.openapi.responses import SchemaOf, plain
from handlers.openapi.schemas import Kind, schemas
from models.responses import GatewayMessage
from routes import ROUTES, Route
from utils.http import FORM_TYPE
from utils.settings import Settings
from utils.version import VERSION

OPERATIONS: Final[Mapping[str, Operation]] = {
    **players.OPERATIONS,
    **identity.OPERATIONS,
    **pages.OPERATIONS,
    **service.OPERATIONS,
}
"""What is said of every route, by its name."""

_DESCRIPTION: Final = """\
An emulator of a game partner's identity provider and player-account service.

- Times are RFC 3339 in UTC, ids are UUIDv7. Unknown fields and parameters are refused where a body or a query is read.
- Errors are problems by RFC 9457 whose `code` is stable; those of the OAuth endpoints have the shapes of their RFCs.
- What the gateway answers by itself has a body of its own, `{"message": …}`: when there is no token, or one that is
  forged or lacks the scope, on too many requests, and when a function takes too long.
- Any other path answers 404 `not_found`, any other method 405 `method_not_allowed` with `Allow`.
- `X-Correlation-Id` (1 to 128 visible ASCII characters) and `traceparent` (W3C Trace Context) go to the logs and back.
"""
_TAGS: Final = {
    "Players": "The accounts of a game's players.",
    "Statistics": "What a player's results add up to.",
    "Identity": "OAuth 2.0 and OpenID Connect, for programs.",
    "Pages": "OAuth 2.0 and OpenID Connect, for browsers.",
    "Service": "What the service says about itself.",
}


@cache
def document(deployment: Settings) -> dict[str, Any]:
    """The document (OpenAPI 3.1.1) of the API that is deployed so."""
    found, named = schemas(_types())

    def schema_of(kind: Kind, model: Any) -> dict[str, Any]:
        schema: dict[str, Any] = found[kind, model]
        return schema

    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        operation = _operation(route, OPERATIONS[route.name], schema_of)
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "PSN Partner Emulator",
            "summary": "Identity provider and player accounts",
            "description": _DESCRIPTION,
            "version": VERSION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": deployment.issuer, "description": deployment.environment}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": named,
            "examples": responses.examples(set(_errors()), paths),
            "headers": responses.headers(paths),
            "securitySchemes": security.schemes(deployment),
        },
    }


def _operation(route: Route, operation: Operation, schema_of: SchemaOf) -> dict[str, Any]:
    said: dict[str, Any] = {
        "operationId": route.entry,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "parameters": [_parameter(one, schema_of) for one in operation.parameters],
        "responses": responses.responses(route, operation, schema_of),
        "security": security.requirements(route, operation),
    }
    if operation.bodies:
        content = {one.media_type: _content(one, schema_of) for one in operation.bodies}
        said["requestBody"] = {"required": True, "content": content}
    return {name: value for name, value in said.items() if value or name == "security"}


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
    return "form" if body.media_type == FORM_TYPE else "taken"


def _types() -> Iterator[tuple[Kind, Any]]:
    """The types whose schemas the document holds."""
    yield "given", GatewayMessage
    for error in _errors():
        yield "given", refusals.model(error)
    for operation in OPERATIONS.values():
        for parameter in operation.parameters:
            yield "form", parameter.model
        for body in operation.bodies:
            yield _kind(body), body.model
        for answer in operation.answers.values():
            if answer.model is not None:
                yield "given", answer.model


def _errors() -> Iterator[Error]:
    for route in ROUTES:
        for errors in refusals.errors(route, OPERATIONS[route.name]).values():
            yield from errors
