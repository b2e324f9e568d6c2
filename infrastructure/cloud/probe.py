"""Whether a release answers as it must, asked from outside through the gateway's URL."""

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
from routes import Route

_PATIENCE_SECONDS = 20
_ANSWER_SECONDS = 30
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a request came to: the ``request``, such as ``GET /healthz``, the name of the ``function`` that answers it,
    the ``answer`` in a few words, and whether it is ``ok``."""

    request: str
    function: str
    answer: str
    ok: bool

    def __str__(self) -> str:
        return f"{self.request}: {self.answer}"


def probe(
    outputs: Mapping[str, object], patience_seconds: float = _PATIENCE_SECONDS
) -> tuple[ProbeResult, ...]:
    """The results of requests to the API of a stack with these ``outputs``: its health, its keys, its description where
    it is served, and a route with a scope, without a token and with an invalid one.

    The health check has to name the release that is live by the outputs. As long as one goes wrong all are sent again,
    for ``patience_seconds``, as gateways and aliases take a moment; a new API answers 404 at first.
    """
    api_url, tag = own_url(outputs), str(outputs["image_tag"])
    deadline = time.monotonic() + patience_seconds
    announced = False
    while True:
        results = _send_all(api_url, tag, described="docs_url" in outputs)
        wrong = failed(results)
        if not wrong or time.monotonic() > deadline:
            return results
        if not announced:
            display.say(
                f"Asking again for up to {patience_seconds} s, as not all is well yet: {describe(wrong)}"
            )
            announced = True
        time.sleep(_PAUSE_SECONDS)


def health(outputs: Mapping[str, object], seconds: float) -> ProbeResult:
    """The result of one request for the health of a stack with these ``outputs``, which has ``seconds`` to answer."""
    return _health(own_url(outputs), str(outputs["image_tag"]), seconds)


def own_url(outputs: Mapping[str, object]) -> str:
    """The base URL at which the gateway itself answers: a ``public_url`` may be known to others only."""
    return str(outputs.get("gateway_url") or outputs["api_url"])


def failed(results: Iterable[ProbeResult]) -> list[ProbeResult]:
    """Those that went wrong."""
    return [result for result in results if not result.ok]


def describe(results: Iterable[ProbeResult]) -> str:
    """The requests and their answers, in a line."""
    return "; ".join(map(str, results))


def remedy(failed: Sequence[ProbeResult], stack: str) -> str:
    """Where to look after ``failed`` results, of which there is one at least."""
    return f"Look at its log: make logs FN={failed[0].function} STACK={stack}"


def _send_all(api_url: str, tag: str, *, described: bool) -> tuple[ProbeResult, ...]:
    with ThreadPoolExecutor() as pool:
        futures = [
            pool.submit(_health, api_url, tag),
            pool.submit(_keys, api_url),
        ]
        if route := _guarded_route():
            # A token of its own each time, so that no remembered answer stands in for the authorizer's.
            token = f"probe-{secrets.token_hex(8)}"
            futures.append(pool.submit(_guard, api_url, route, None, HTTPStatus.UNAUTHORIZED))
            futures.append(pool.submit(_guard, api_url, route, token, HTTPStatus.FORBIDDEN))
        if described and any(route.name == "openapi" for route in routes.ROUTES):
            futures.append(pool.submit(_description, api_url))
        return tuple(future.result() for future in futures)


def _health(api_url: str, tag: str, seconds: float = _ANSWER_SECONDS) -> ProbeResult:
    status, body = ask(f"{api_url}/healthz", seconds=seconds)
    live = body.get("image_tag")
    return ProbeResult(
        "GET /healthz",
        "healthz",
        f"{status}, of {live or 'no release'}",
        status == HTTPStatus.OK and live == tag,
    )


def _keys(api_url: str) -> ProbeResult:
    path = routes.path_to("stack-keys")
    status, body = ask(api_url + path)
    if (
        status == HTTPStatus.NOT_FOUND
    ):  # of a release that has no keys of its own, which a failed update brought back
        path = routes.path_to("jwks")
        status, body = ask(api_url + path)
    keys = body.get("keys")
    count = len(keys) if isinstance(keys, list) else 0
    return ProbeResult(
        f"GET {path}", "jwks", f"{status}, {count} keys", status == HTTPStatus.OK and count > 0
    )


def _description(api_url: str) -> ProbeResult:
    path = routes.path_to("openapi")
    status, body = ask(api_url + path)
    paths = body.get("paths")
    count = len(paths) if isinstance(paths, dict) else 0
    return ProbeResult(
        f"GET {path}", "openapi", f"{status}, {count} paths", status == HTTPStatus.OK and count > 0
    )


def _guarded_route() -> Route | None:
    """A route to read that needs a scope, if there is one; best one whose path takes no parameters."""
    guarded = [route for route in routes.ROUTES if route.scope and route.method == "GET"]
    return min(guarded, key=lambda route: len(route.parameters), default=None)


def _guard(api_url: str, route: Route, token: str | None, expected: HTTPStatus) -> ProbeResult:
    """A route that needs a scope, called without one."""
    examples = {name: routes.PATH_PARAMETERS[name].example for name in route.parameters}
    status, _ = ask(api_url + route.path.format_map(examples), token)
    how = "with an invalid token" if token else "without a token"
    ok = status == expected
    return ProbeResult(
        f"{route.key} {how}", "authorizer", str(status) if ok else f"{status}, not {expected}", ok
    )


def ask(
    url: str,
    token: str | None = None,
    seconds: float = _ANSWER_SECONDS,
    *,
    method: str = "GET",
    body: object = None,
) -> tuple[int | str, dict[str, Any]]:
    """The status and the JSON object of an answer; the reason in place of the status where there is none. ``body`` is
    sent as JSON."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    data = None
    if body is not None:
        headers["Content-Type"], data = "application/json", json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the stack's own URL
    try:
        with _open(request, seconds) as answer:
            return int(answer.status), _object(answer.read())
    except (OSError, HTTPException) as error:
        return f"no answer ({getattr(error, 'reason', None) or repr(error)})", {}


def _open(request: urllib.request.Request, seconds: float) -> Any:
    """The answer, of whatever status. Raises ``OSError`` and ``HTTPException`` where there is none."""
    try:
        return urllib.request.urlopen(request, timeout=seconds)  # noqa: S310 - the stack's own URL
    except urllib.error.HTTPError as error:
        return error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
