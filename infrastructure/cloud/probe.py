"""Whether a release answers as it must, asked from outside through the public URL."""

import json
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

import routes
from infrastructure.terminal import display

_PATIENCE_SECONDS = 20
_ANSWER_SECONDS = 30
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Check:
    """One question: ``what`` was asked, which ``function`` answers it, what it ``said``, and whether that was
    right."""

    what: str
    function: str
    said: str
    ok: bool

    def __str__(self) -> str:
        return f"{self.what}: {self.said}"


def probe(outputs: Mapping[str, object]) -> tuple[Check, ...]:
    """Asks the API of a stack with these outputs for its health, its keys, its description where it is
    served, and whether its authorizer stands before the players.

    The health check has to name the release that is live by the outputs. What is answered wrong is said and asked
    again for a while, as gateways and aliases take a moment; a new API answers 404 at first.
    """
    api_url, tag = str(outputs["api_url"]), str(outputs["image_tag"])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    told = False
    while True:
        checks = _ask(api_url, tag, described="docs_url" in outputs)
        wrong = failed(checks)
        if not wrong or time.monotonic() > deadline:
            return checks
        if not told:
            display.say(
                f"Asking again for up to {_PATIENCE_SECONDS} s, as not all is well yet: {said(wrong)}"
            )
            told = True
        time.sleep(_PAUSE_SECONDS)


def failed(checks: tuple[Check, ...]) -> list[Check]:
    """The checks that went wrong."""
    return [check for check in checks if not check.ok]


def said(checks: Iterable[Check]) -> str:
    """What was asked and said, in a line."""
    return "; ".join(map(str, checks))


def remedy(failed: Sequence[Check], stack: str) -> str:
    """Where to look after ``failed`` checks."""
    return f"Look at its log: make logs FN={failed[0].function} STACK={stack}"


def _ask(api_url: str, tag: str, *, described: bool) -> tuple[Check, ...]:
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(_health, api_url, tag),
            pool.submit(_keys, api_url),
            pool.submit(_guard, api_url, None, HTTPStatus.UNAUTHORIZED),
            # A token of its own each time, so that no remembered answer stands in for the authorizer's.
            pool.submit(_guard, api_url, f"probe-{secrets.token_hex(8)}", HTTPStatus.FORBIDDEN),
        ]
        if described and any(route.name == "openapi" for route in routes.ROUTES):
            asked.append(pool.submit(_description, api_url))
        return tuple(future.result() for future in asked)


def _health(api_url: str, tag: str) -> Check:
    status, body = _get(f"{api_url}/healthz")
    said = body.get("image_tag")
    return Check(
        "GET /healthz",
        "healthz",
        f"{status}, of {said or 'no release'}",
        status == HTTPStatus.OK and said == tag,
    )


def _keys(api_url: str) -> Check:
    path = "/.well-known/jwks.json"
    status, body = _get(api_url + path)
    keys = body.get("keys")
    count = len(keys) if isinstance(keys, list) else 0
    return Check(f"GET {path}", "jwks", f"{status}, {count} keys", status == HTTPStatus.OK and count > 0)


def _description(api_url: str) -> Check:
    path = routes.path_to("openapi")
    status, body = _get(api_url + path)
    paths = body.get("paths")
    count = len(paths) if isinstance(paths, dict) else 0
    return Check(f"GET {path}", "openapi", f"{status}, {count} paths", status == HTTPStatus.OK and count > 0)


def _guard(api_url: str, token: str | None, expected: HTTPStatus) -> Check:
    """A route that needs a scope, called without one."""
    route = next(
        item for item in routes.ROUTES if item.scope and item.method == "GET" and "{" not in item.path
    )
    status, _ = _get(api_url + route.path, token)
    how = "with an invalid token" if token else "without a token"
    ok = status == expected
    return Check(f"{route.key} {how}", "authorizer", str(status) if ok else f"{status}, not {expected}", ok)


def _get(url: str, token: str | None = None) -> tuple[int | str, dict[str, Any]]:
    """The status and the JSON object of an answer; the reason in place of the status where there is none."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the stack's own URL
    try:
        with _open(request) as answer:
            return int(answer.status), _object(answer.read())
    except (OSError, HTTPException) as error:
        return f"no answer ({getattr(error, 'reason', None) or repr(error)})", {}


def _open(request: urllib.request.Request) -> Any:
    """The answer, of whatever status. Raises ``OSError`` and ``HTTPException`` where there is none."""
    try:
        return urllib.request.urlopen(request, timeout=_ANSWER_SECONDS)  # noqa: S310 - the stack's own URL
    except urllib.error.HTTPError as error:
        return error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
