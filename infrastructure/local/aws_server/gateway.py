"""The gateway of the HTTP APIs, as AWS's: one form of its URLs, the caller's address, and the stage's access log."""

import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from . import internals

_PREFIX = "/_aws/execute-api/"
_API = re.compile(rf"{_PREFIX}[^/]+/")
_CONNECTIONS = "/@connections/"
_DEFAULT_STAGE = "$default"
_HOST = re.compile(rb"([a-z0-9-]+)\.execute-api\.localhost(:\d+)?$", re.IGNORECASE)
_INSERTED = re.compile(rf"(/\.well-known/[\w-]+)({_PREFIX}[^/]+/[^/]+(?:/s/[^/]+)?)/?$")
_EVENT_BYTES = (6 << 20) - (64 << 10)
"""The most of a body in an event, by Lambda's 6 MB for an invocation (AWS Lambda Developer Guide: Lambda quotas) less
what else an event holds."""
_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_.]+)")


@dataclass(slots=True)
class _Call:
    """A request to an API, and what becomes known of it on its way: times in seconds, texts for the access log."""

    source: str
    host: str
    id: str = field(default_factory=lambda: str(uuid4()))
    began: float = field(default_factory=time.time)
    route: str = ""
    authorizer_seconds: float | None = None
    authorizer_error: str = ""
    integration_id: str = ""
    integration_seconds: float | None = None
    integration_error: str = ""


_call: ContextVar[_Call] = ContextVar("_call")


def with_one_form(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The scope, in which every URL of an API has the form ``/_aws/execute-api/{api}/{stage}/…``.

    The others are every path at a port of the API's own, ``http://{api}.execute-api.localhost/…``, and that of a
    metadata document of an issuer with a path, whose well-known part is inserted before that (RFC 8414 section 3.1).
    """
    path, raw = scope["path"], scope.get("raw_path") or scope["path"].encode()
    if own := door(scope):
        begun = f"{_PREFIX}{own}/{_DEFAULT_STAGE}"
        return {**scope, "path": begun + path, "raw_path": begun.encode() + raw}
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    if named := _HOST.match(host):
        api = named[1].decode().lower()
        return {**scope, "path": f"{_PREFIX}{api}{path}", "raw_path": f"{_PREFIX}{api}".encode() + raw}
    if inserted := _INSERTED.match(path):
        moved = inserted[2] + inserted[1]
        return {**scope, "path": moved, "raw_path": moved.encode()}
    return scope


def door(scope: MutableMapping[str, Any]) -> str | None:
    """The id of the API at whose own port the request has arrived; ``None`` for one at another port."""
    return internals.doors.get(str((scope.get("server") or ("", ""))[1]))


def is_api(path: str) -> bool:
    """Whether the path, in the one form, is an API's own. That of a WebSocket's connections is for functions only."""
    return bool(_API.match(path)) and _CONNECTIONS not in path


def fits_in_an_event(body: bytes) -> bool:
    """Whether a function can be given the request body, which is a JSON string in its event: as text, or in base64.

    One that is too large would be refused by the function's container, with its internals in the answer.
    """
    if len(body) * len(r"\u0000") <= _EVENT_BYTES:
        return True
    return max(len(json.dumps(body.decode(errors="replace"))), len(body) * 4 // 3) <= _EVENT_BYTES


def entered(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Begins a request to an API; the scope that ministack is given.

    It has a host of this server's own, because ministack chooses by the host before it looks at the path.
    """
    host = next((value for name, value in scope["headers"] if name == b"host"), b"")
    _call.set(_Call((scope.get("client") or ("",))[0], host.decode("latin-1")))
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "headers": [(b"host", f"localhost:{internals.port}".encode()), *others]}


async def _run(function: Callable[..., Any], record: Any, event: Any, *rest: Any, **options: Any) -> Any:
    """Invokes the authorizer or the function of a route with an event that tells the caller's address."""
    call = _call.get(None)
    if call is None or not isinstance(event, dict) or "http" not in event.get("requestContext", {}):
        return await _run_unchanged(function, record, event, *rest, **options)
    context = event["requestContext"]
    context["http"]["sourceIp"] = call.source
    context["requestId"] = call.id
    event["headers"]["host"] = call.host
    call.route = context["routeKey"]
    began = time.time()
    result = await _run_unchanged(function, record, event, *rest, **options)
    took, error = time.time() - began, _error(result)
    if event.get("type") == "REQUEST":
        call.authorizer_seconds, call.authorizer_error = took, error
    else:
        call.integration_seconds, call.integration_error = took, error
    return result


def invoked(event: Any, invocation: str) -> None:
    """Notes the id of the ``invocation`` by which Lambda gives a route's function this event."""
    call = _call.get(None)
    if call is not None and isinstance(event, dict) and event.get("type") != "REQUEST":
        call.integration_id = invocation


def _error(result: Any) -> str:
    """Why a function failed, empty where it did not."""
    if not isinstance(result, dict) or not result.get("error"):
        return ""
    body = result.get("body")
    if isinstance(body, dict):
        # Lambda's own refusals, such as that of one call too many, have a message and no error of a function.
        return str(body.get("errorMessage") or body.get("message"))
    return str(body)


async def _execute(
    api: str, stage: str, path: str, method: str, headers: dict[str, str], *rest: Any, **options: Any
) -> tuple[int, dict[str, Any], bytes]:
    """Has ministack answer a request to an API, and writes the line of the stage's access log."""
    call = _call.get(None)
    answer: tuple[int, dict[str, Any], bytes] = await _execute_unchanged(
        api, stage, path, method, headers, *rest, **options
    )
    if call is not None:
        answer[1]["apigw-requestid"] = call.id
        _log(api, stage, _values(call, path, method, headers, answer))
    return answer


def _values(
    call: _Call, path: str, method: str, headers: dict[str, str], answer: tuple[int, dict[str, Any], bytes]
) -> dict[str, object]:
    """The variables of an access log (API Gateway Developer Guide: "Customize HTTP API access logs")."""
    status, _, body = answer
    refused = call.integration_seconds is None or bool(call.integration_error)
    return {
        "requestId": call.id,
        "extendedRequestId": call.id,
        "requestTime": datetime.fromtimestamp(call.began, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(call.began * 1000),
        "identity.sourceIp": call.source,
        "identity.userAgent": headers.get("user-agent"),
        "httpMethod": method,
        "protocol": "HTTP/1.1",
        "path": path,
        "routeKey": call.route,
        "status": status,
        "responseLength": len(body),
        "responseLatency": _milliseconds(time.time() - call.began),
        "integrationLatency": _milliseconds(call.integration_seconds),
        "integration.requestId": call.integration_id,
        "authorizer.latency": _milliseconds(call.authorizer_seconds),
        "authorizer.error": call.authorizer_error,
        "integrationErrorMessage": call.integration_error,
        "error.message": _message(body) if refused and status >= 400 else None,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def _message(body: bytes) -> str | None:
    try:
        return str(json.loads(body).get("message"))
    except (ValueError, AttributeError):
        return None


def _log(api: str, stage: str, values: dict[str, object]) -> None:
    """Writes a line in the format that the stage declares, to its log group; nothing where it declares none."""
    owner = internals.apis.find_api_scope(api)
    if owner is None:
        return
    with internals.scopes.request_scope(*owner):
        settings = internals.apis._stages.get(api, {}).get(stage, {}).get("accessLogSettings")
        if not settings or not settings.get("format"):
            return
        line = _VARIABLE.sub(lambda found: _escaped(values.get(found[1])), settings["format"])
        group = settings["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
        stream = {"logGroupName": group, "logStreamName": api}
        event = {"timestamp": int(time.time() * 1000), "message": line}
        if internals.logs._put_log_events({**stream, "logEvents": [event]})[0] >= 400:
            internals.logs._create_log_stream(stream)
            internals.logs._put_log_events({**stream, "logEvents": [event]})


def _escaped(value: object) -> str:
    """The value as text that may stand within quotes in JSON; ``-`` for one that is not there, as AWS writes it."""
    return json.dumps(str(value))[1:-1] if value not in {None, ""} else "-"


_run_unchanged: Callable[..., Awaitable[Any]] = internals.apis.run_reentrant
_execute_unchanged: Callable[..., Awaitable[Any]] = internals.apis.handle_execute
internals.apis.run_reentrant = _run
internals.apis.handle_execute = _execute
