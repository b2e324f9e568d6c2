"""The ASGI application that hypercorn serves as the local AWS: ministack's, and what this project adds to it.

- It answers nobody but this checkout, its functions and, for the API itself, the callers of that: ``guard``.
- ``GET /_psn-emulator/instance`` answers whose local AWS this is.
- ``POST /_psn-emulator/snapshot`` writes the state, as ``snapshots`` does soon after each change; how: ``state``. The
  process id's file is removed after an orderly end, and left by a kill.
- The gateway limits bodies, tells functions who calls, and writes the access log, as AWS's does: ``gateway``.
- Functions' containers may do what Lambda's may: ``containers``.

The package imports nothing of this project: where the local AWS runs in a container, it is copied into that.
"""

import hashlib
import html
import json
import os
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

os.umask(0o077)  # before anything is written: the state holds the stacks' keys

from . import containers, gateway, guard, internals, signatures, snapshots  # noqa: E402 - after the umask
from .signatures import RefusedError, SignedRequest  # noqa: E402

__all__ = ["INSTANCE", "SNAPSHOT", "app", "containers"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

INSTANCE = "/_psn-emulator/instance"
SNAPSHOT = "/_psn-emulator/snapshot"

_API_BYTES = 10 << 20
"""The largest request body of an HTTP API, 10 MB (API Gateway Developer Guide: Quotas for HTTP APIs)."""
_SIGNED_BYTES = 32 << 20
"""The largest signed body, which is read to verify it; those of the services that are on are smaller."""
_TOO_LARGE = {"message": "Request Entity Too Large"}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await internals.ministack.app(scope, _ending_snapshot(receive), _removing_pid_file(send))
        return
    scope = gateway.with_one_form(scope)
    try:
        if gateway.is_api(scope["path"]):
            guard.require_own_name(scope, guard.request_of(scope), api=True)
            await _api(gateway.entered(scope), receive, send)
        elif gateway.door(scope):
            raise RefusedError("AccessDenied", "Nothing but the API is served at this port.")
        else:
            await _own(scope, receive, send)
    except RefusedError as refused:
        await _refuse(scope, receive, send, refused)


async def _api(scope: Scope, receive: Receive, send: Send) -> None:
    """Has ministack answer a request to an API."""
    if scope["type"] == "websocket":
        await internals.ministack.app(scope, receive, send)
        return
    body = await _read(scope, receive, _API_BYTES)
    if body is None or not gateway.fits_in_an_event(b"".join(message.get("body", b"") for message in body)):
        await _answer(send, 413, _TOO_LARGE)
    else:
        await internals.ministack.app(scope, _replayed(body, receive), send)


async def _own(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request to AWS's services, to the registry or to this server's own routes.

    Raises ``RefusedError`` for one that is not let in.
    """
    request, path = guard.request_of(scope), scope["path"]
    guard.require_own_name(scope, request)
    guard.require_no_page(request)
    if scope["type"] == "websocket":
        raise RefusedError("AccessDenied", f"{path} is no WebSocket.")
    if path == INSTANCE and scope.get("method") == "GET":
        await _answer(send, 200, _description(scope))
    elif guard.is_registry(path) and guard.has_registry_password(request):
        headers = [header for header in scope["headers"] if header[0] != b"authorization"]
        await _service({**scope, "headers": headers}, receive, send)
    else:
        await _signed(scope, request, receive, send)


async def _signed(scope: Scope, request: SignedRequest, receive: Receive, send: Send) -> None:
    """Answers a request of the services or of this server's own routes, once its signature is verified."""
    signature, secret = guard.require_signature(scope["path"], request)
    body = await _read(scope, receive, _SIGNED_BYTES)
    if body is None:
        await _answer(send, 413, _TOO_LARGE)
        return
    signatures.verify(signature, request, b"".join(message.get("body", b"") for message in body), secret)
    if signature.service != guard.CONTROL:
        await _service(scope, _replayed(body, receive), send)
    elif scope["path"] == SNAPSHOT and scope["method"] == "POST":
        failed = await snapshots.write_all()
        await _answer(send, 500 if failed else 200, {"failed": failed})
    else:
        await _answer(send, 404, {"message": "Not Found"})


async def _service(scope: Scope, receive: Receive, send: Send) -> None:
    """Has a service of AWS or the registry answer; what that changes is written soon."""
    try:
        await internals.ministack.app(scope, receive, send)
    finally:
        snapshots.writer.note(scope)


def _description(scope: Scope) -> dict[str, Any]:
    """Whose local AWS this is. Containers are told the folder's digest and not its path, which has the user's name."""
    told = {**internals.description, "pid": os.getpid()}
    client = (scope.get("client") or ("",))[0]
    if "home" in told and not (client and ip_address(client).is_loopback):
        told["home"] = hashlib.sha256(told["home"].encode()).hexdigest()
    return told


async def _read(scope: Scope, receive: Receive, limit: int) -> list[Message] | None:
    """The messages of the request body; ``None`` for one of more bytes than ``limit``.

    That is read to its end and dropped: a client that is answered while it sends may see its connection reset and
    not the answer.
    """
    size = next((int(value) for name, value in scope["headers"] if name == b"content-length"), 0)
    messages: list[Message] = []
    received, more = 0, True
    while more:
        message = await receive()
        more = message["type"] == "http.request" and message.get("more_body", False)
        received += len(message.get("body", b""))
        if max(size, received) <= limit:
            messages.append(message)
    return messages if max(size, received) <= limit else None


def _replayed(messages: list[Message], receive: Receive) -> Receive:
    """A ``receive`` that returns ``messages`` again, and then those of the original."""

    async def give() -> Message:
        return messages.pop(0) if messages else await receive()

    return give


def _ending_snapshot(receive: Receive) -> Receive:
    """A ``receive`` that ends a snapshot under way before ministack shuts down and writes its state."""

    async def receive_and_end() -> Message:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            snapshots.writer.end()
        return message

    return receive_and_end


def _removing_pid_file(send: Send) -> Send:
    """A ``send`` that removes the process id's file once ministack has shut down and written its state."""

    async def send_and_remove(message: Message) -> None:
        if message["type"] == "lifespan.shutdown.complete":
            Path(internals.persistence.STATE_DIR).with_name("pid").unlink(missing_ok=True)
        await send(message)

    return send_and_remove


async def _refuse(scope: Scope, receive: Receive, send: Send, refused: RefusedError) -> None:
    """Answers 403, in a form that AWS's SDKs read, or to Docker 401, upon which it sends its password. A WebSocket is
    closed before it is open."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers, status = [(b"x-amzn-errortype", refused.code.encode())], 403
    if guard.is_registry(scope["path"]) and refused.code == "MissingAuthenticationToken":
        status = 401
        headers.append((b"www-authenticate", b'Basic realm="the local AWS"'))
    if guard.speaks_xml(scope):
        fields = f"<Code>{refused.code}</Code><Message>{html.escape(str(refused))}</Message>"
        body = f"<ErrorResponse><Error><Type>Sender</Type>{fields}</Error></ErrorResponse>".encode()
        await _send(send, status, [(b"content-type", b"text/xml"), *headers], body)
    else:
        await _answer(send, status, {"__type": refused.code, "message": str(refused)}, headers)


async def _answer(
    send: Send, status: int, body: dict[str, Any], headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    start = [(b"content-type", b"application/json"), *(headers or [])]
    await _send(send, status, start, json.dumps(body).encode())


async def _send(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
