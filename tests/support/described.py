"""Whether the OpenAPI document tells of an answer: of its status, its headers, its type and all of its body."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

import routes
from openapi.__main__ import FILE
from openapi.responses import HEADERS
from routes import FAULT_APPLIED


@cache
def document() -> dict[str, Any]:
    """The committed document, which a test holds to the code."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def require_described(route: routes.Route, status: int, headers: Mapping[str, str], text: str) -> None:
    """Fail unless the document says that ``route`` may answer so; ``headers`` by their names in lower case.

    An answer with an injected fault may be any, and says by a header that it is one.
    """
    if FAULT_APPLIED.lower() in headers:
        return
    what = f"{route.key} answered {status}"
    response = document()["paths"][route.path][route.method.lower()]["responses"].get(str(status))
    assert response is not None, f"{what}, which the document lacks"
    told = {name.lower(): header for name, header in response["headers"].items()}
    untold = {name.lower() for name in HEADERS} & headers.keys() - told.keys()
    assert not untold, f"{what} with {untold}, of which the document tells nothing"
    missing = {name for name, header in told.items() if header.get("required")} - headers.keys()
    assert not missing, f"{what} without {missing}, which the document promises"
    if text:
        media = response.get("content", {}).get(headers["content-type"])
        assert media is not None, f"{what} as {headers['content-type']}, which the document lacks"
        if headers["content-type"].endswith("json"):
            _require_valid(what, json.loads(text), media)


def _require_valid(what: str, body: Any, media: Mapping[str, Any]) -> None:
    faults = [fault.message for fault in _validator(json.dumps(media["schema"])).iter_errors(body)]
    assert not faults, f"{what} with {faults}"
    code = body.get("code", body.get("error"))
    told = {name.removeprefix("oauth_") for name in media["examples"]}
    assert code is None or code in told, f"{what} {code}, which the document lacks"


@cache
def _validator(schema: str) -> Draft202012Validator:
    """Of a schema that allows no member that is not named, so that none is left untold."""
    named = document()["components"]["schemas"]
    closed = {
        name: {"additionalProperties": False, **one} for name, one in named.items() if "properties" in one
    }
    root = {**json.loads(schema), "components": {"schemas": {**named, **closed}}}
    return Draft202012Validator(root, format_checker=Draft202012Validator.FORMAT_CHECKER)
