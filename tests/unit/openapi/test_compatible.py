"""What the document told before it was made of rows, docstrings and models: it tells all of that still.

``described-by-hand.json`` is the document as it was when every route was described by hand.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openapi.__main__ import FILE
from routes import ROUTES, Route

BEFORE = Path(__file__).with_name("described-by-hand.json")
_BY_HAND = json.loads(BEFORE.read_text(encoding="utf-8"))["paths"]
_OWN = "an answer of the service's own beside the gateway's, when a service of AWS does not answer"
_FAULTS = "a request to the partner's routes may ask for a fault, and is told what is wrong with that"
_SANDBOXES = "each route may be about any sandbox, and says what is wrong with naming it"


def _of_sandboxes(route: Route) -> Iterator[str]:
    """The places in which a route tells of sandboxes and was described otherwise by hand."""
    place = f"/paths/{route.path.replace('/', '~1')}/{route.method.lower()}"
    told = _BY_HAND.get(route.path, {}).get(route.method.lower(), {})
    if "parameters" in told:
        yield f"{place}/parameters"
    for status, is_told in (("400", route.errors_as == "problem"), ("404", route.scope is not None)):
        if is_told and status in told.get("responses", {}):
            yield f"{place}/responses/{status}/description"


def _of_faults(route: Route) -> Iterator[str]:
    """The places in which a route tells of faults and was described otherwise by hand."""
    told = _BY_HAND.get(route.path, {}).get(route.method.lower(), {})
    if route.is_partners and "400" in told.get("responses", {}):
        yield f"/paths/{route.path.replace('/', '~1')}/{route.method.lower()}/responses/400/description"


REASONS: dict[str, str] = {
    **{place: _FAULTS for route in ROUTES for place in _of_faults(route)},
    "/info/description": "an answer with an injected fault may be any",
    **{place: _SANDBOXES for route in ROUTES for place in _of_sandboxes(route)},
    "/tags": "one more, of what operates the emulator",
    **dict.fromkeys(
        ("/paths/~1auth~1authorize/get/parameters", "/paths/~1auth~1authorize/post/parameters"),
        "a client with a secret needs no challenge, and some redirect URIs may have any port",
    ),
    "/paths/~1auth~1token/post/responses/400/description": "one more: invalid_target (RFC 8707)",
    "/components/schemas/Introspection/properties/aud/type": "several, where a client has asked so (RFC 8707)",
    "/components/schemas/UserInfo/description": "more claims",
    "/components/schemas/ServerMetadata/required": "one more: registration_endpoint (RFC 7591)",
    "/components/schemas/ProviderMetadata/required": "more is told of the provider",
    "/components/schemas/CodeGrant/required": "a client with a secret needs no challenge, and then no code_verifier",
} | {
    f"/paths/{route.path.replace('/', '~1')}/{route.method.lower()}/responses/{status}/description": _OWN
    for route in ROUTES
    for status in ((503,) if route.table else (429, 503) if route.secrets or route.is_partners else ())
    if route.method.lower() in _BY_HAND.get(route.path, {})
}
"""What is told in another way now, by its place in the document (RFC 6901), and why."""


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """The places in ``before`` whose value is another in ``after``, or is not there; what came since is none."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            at = f"{place}/{key.replace('~', '~0').replace('/', '~1')}"
            if key in after:
                yield from differences(value, after[key], at)
            else:
                yield at
    elif before != after:
        yield place


def test_nothing_that_was_told_is_told_otherwise_without_a_reason() -> None:
    before, after = (json.loads(file.read_text(encoding="utf-8")) for file in (BEFORE, FILE))
    assert set(differences(before, after)) == REASONS.keys()


def test_a_difference_is_found() -> None:
    assert list(differences({"a/b": {"c": [1]}, "d": 1}, {"a/b": {"c": [2], "e": 3}})) == ["/a~1b/c", "/d"]
