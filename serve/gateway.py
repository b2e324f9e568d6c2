"""The gateway: an ASGI application that answers as the HTTP API in front of the deployed functions does."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final

from routes import FALLBACK, ROUTES, Route
from serve import cors
from serve.access import Claims, Decisions
from serve.bodies import TOO_LARGE, UNAVAILABLE, Bodies, GoneError, Receive, RefusedError, Scope
from serve.connection import FunctionError, Invocation
from serve.payload import Incoming, Outgoing
from serve.routing import Match, Router
from serve.worker import AUTHORIZER
from serve.workers import BusyError, Workers

type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEAD_BYTES: Final = 10_240
"""The most of a request's line and its headers' values (API Gateway Developer Guide: "Quotas for HTTP APIs")."""
_EVENT_BYTES: Final = (6 << 20) - (64 << 10)
"""The most of a body in an event, of Lambda's 6 MB for an invocation less what else an event holds."""
_AUTHORIZER_SECONDS: Final = 8

_TIMEOUTS: Final = {
    name: max(float(route.timeout) for route in (*ROUTES, FALLBACK) if route.function_name == name)
    for name in {route.function_name for route in (*ROUTES, FALLBACK)}
}
"""Seconds, of each function."""

_FAILED: Final = 500, "Internal Server Error"


@dataclass
class Gateway:
    """Answers requests by the ``workers``; ``patience`` is how long it waits for a function."""

    workers: Workers
    patience: timedelta
    is_draining: Callable[[], bool] = lambda: False
    _router: Router = field(default_factory=lambda: Router(ROUTES))
    _bodies: Bodies = field(default_factory=Bodies)
    _decisions: Decisions = field(default_factory=Decisions)
    _under_way: set[asyncio.Task[Any]] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        incoming = Incoming.of(scope, b"")
        try:
            _require_small_head(scope)
            async with self._bodies.read(scope, receive) as body:
                incoming = incoming._replace(body=body)
                outgoing = cors.preflight(incoming.method, incoming.headers) or await self._answer(incoming)
        except RefusedError as refused:
            outgoing = refused.outgoing
        except GoneError:
            return
        await _send(outgoing, incoming, send)

    async def _answer(self, incoming: Incoming) -> Outgoing:
        began = time.monotonic()
        match = self._router.find(incoming.method, incoming.path)
        claims = await self._authorized(incoming, match) if match.route.scope else None
        event = incoming.event(match, claims)
        _require_room(event)
        seconds = self._seconds(match.route)
        invocation = Invocation(incoming.id, match.route.function_name, event, began, seconds)
        message = await self._within_patience(invocation, began)
        if "answer" not in message:
            raise RefusedError(*_FAILED)
        return Outgoing.of_function(message["answer"])

    async def _within_patience(self, invocation: Invocation, began: float) -> Mapping[str, Any]:
        """What comes of an invocation, which goes on when the gateway's patience has ended."""
        task = asyncio.get_running_loop().create_task(self._carried_out(invocation))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        left = began + self.patience.total_seconds() - time.monotonic()
        done, _ = await asyncio.wait({task}, timeout=max(0.0, left))
        if not done:
            task.add_done_callback(_ignore)
            raise RefusedError(*UNAVAILABLE)
        try:
            message: Mapping[str, Any] = task.result()
        except FunctionError:
            raise RefusedError(*_FAILED) from None
        except BusyError:
            raise RefusedError(*UNAVAILABLE) from None
        return message

    async def _carried_out(self, invocation: Invocation) -> Mapping[str, Any]:
        """What a worker says in the end; in a pause none is held. While the server ends, what only looks again is
        refused, and what goes on after a pause does."""
        while True:
            message: Mapping[str, Any] = await self.workers.call(invocation)
            if "pause" not in message:
                return message
            invocation = replace(invocation, kept=message["kept"])
            if invocation.kept is None and self.is_draining():
                raise RefusedError(*UNAVAILABLE)
            await asyncio.sleep(message["pause"])

    async def _authorized(self, incoming: Incoming, match: Match) -> Claims:
        """What the authorizer says of the caller; raises :class:`RefusedError` where it says no."""
        authorization = incoming.headers.get("authorization")
        if not authorization:
            raise RefusedError(401, "Unauthorized")
        if (known := self._decisions.get(authorization, match.key)) is not None:
            return known
        now = time.monotonic()
        event = incoming.authorizer_event(match)
        invocation = Invocation(incoming.id, AUTHORIZER, event, now, _AUTHORIZER_SECONDS)
        decision = (await self._within_patience(invocation, now)).get("answer")
        if decision is None:
            raise RefusedError(*_FAILED)
        if not decision["isAuthorized"]:
            raise RefusedError(403, "Forbidden")
        claims: Claims = decision["context"]
        self._decisions.keep(authorization, match.key, claims)
        return claims

    def _seconds(self, route: Route) -> float:
        """After how long the function of ``route`` is ended: as deployed, the partner's outlast the patience, for a
        fault may hold them up so long."""
        patience = self.patience.total_seconds()
        return patience + 1 if route.is_partners else min(_TIMEOUTS[route.function_name], patience)


def _ignore(task: asyncio.Task[Any]) -> None:
    with suppress(asyncio.CancelledError):
        task.exception()


def _require_room(event: Mapping[str, Any]) -> None:
    """Raises :class:`RefusedError` when the body, a string of JSON in the event, is too large for one."""
    body: str = event.get("body", "")
    if len(body) * len(r"\u0000") > _EVENT_BYTES and len(json.dumps(body)) > _EVENT_BYTES:
        raise RefusedError(*TOO_LARGE)


def _require_small_head(scope: Scope) -> None:
    line = len(scope["method"]) + len(scope["raw_path"]) + len(scope["query_string"])
    if line + sum(len(value) for _, value in scope["headers"]) > HEAD_BYTES:
        raise RefusedError(431, "Request Header Fields Too Large")


async def _send(outgoing: Outgoing, incoming: Incoming, send: Send) -> None:
    more = [("apigw-requestid", incoming.id), *cors.answer_headers(incoming.headers)]
    await send(
        {
            "type": "http.response.start",
            "status": outgoing.status,
            "headers": outgoing.raw_headers(more),
        }
    )
    await send({"type": "http.response.body", "body": outgoing.body})
