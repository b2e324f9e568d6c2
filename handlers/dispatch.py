"""Between Lambda and the handlers: the one place where a token's liveness is checked and exceptions become answers."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from time import perf_counter
from typing import Any

from models.responses import OAuthErrorResponse
from routes import Route
from services.identity.sessions import Session, require_alive
from utils import table
from utils.aws import client
from utils.errors import PSNEmulatorException
from utils.http import Request, Response, problem
from utils.logger import logger
from utils.oauth_errors import OAuthException
from utils.settings import settings
from utils.writes import Key

type Handler = Callable[[Request], Response]
type EntryPoint = Callable[[dict[str, Any], Any], dict[str, Any]]

_PREFETCHED: dict[Handler, Callable[[Request], Iterable[Key]]] = {}
_PRELOADED: dict[Handler, tuple[str, ...]] = {}


def prefetch(keys: Callable[[Request], Iterable[Key]]) -> Callable[[Handler], Handler]:
    """Decorates a handler: the items of ``keys(request)`` are in ``request.items``.

    They are read in the batched read that checks the token's liveness, where there is a token.
    """

    def declare(handler: Handler) -> Handler:
        _PREFETCHED[handler] = keys
        return handler

    return declare


def preload(*modules: str) -> Callable[[Handler], Handler]:
    """Decorates a handler: ``modules``, which it imports only when it runs, are imported when its function starts.

    So pydantic, for example, slows neither the other routes of the handler's module nor the first request of its own.
    """

    def declare(handler: Handler) -> Handler:
        _PRELOADED[handler] = modules
        return handler

    return declare


def entry_point(route: Route, handler: Handler) -> EntryPoint:
    """The Lambda entry point of ``route``: of event and context the gateway's answer, made by ``handler``.

    Modules are imported and AWS clients made here and not on the first request, because a Lambda function starts with
    a full processor, whatever its memory. Raises :class:`SettingsError` when the environment is incomplete, so that
    the function does not start.
    """
    settings()
    for module in _PRELOADED.get(handler, ()):
        import_module(module)
    if route.table:
        client("dynamodb")
    if route.secrets:
        client("secretsmanager")
    logger.append_keys(function=route.name, image_tag=settings().image_tag, release=settings().release)
    cold_start = True

    def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
        nonlocal cold_start
        if event.get("smoke") is True:
            return _smoke(route, context)
        started, cold, cold_start = perf_counter(), cold_start, False
        request = Request.from_event(event)
        logger.append_keys(
            request_id=request.request_id,
            function_request_id=getattr(context, "aws_request_id", None),
            correlation_id=request.correlation_id or request.request_id,
            traceparent=request.traceparent,
            sandbox=request.sandbox,
        )
        result = _answer(request, route.scope, handler)
        duration = round((perf_counter() - started) * 1000, 1)
        log = {"method": request.method, "route": route.key, "status": result["statusCode"]}
        logger.info("answered", extra={**log, "duration_ms": duration, "cold_start": cold})
        return result

    return answer


def _answer(request: Request, scope: str | None, handler: Handler) -> dict[str, Any]:
    try:
        return _complete(request, handler(_admit(request, scope, handler)))
    except OAuthException as error:
        body = OAuthErrorResponse(error.error, error.error_description)
        return _complete(request, Response(error.status, body, error.headers))
    except PSNEmulatorException as error:
        return _complete(request, problem(request, error))
    except Exception:
        logger.exception("a bug")
        bug = PSNEmulatorException("Something is wrong on this side; the request id leads to the log.")
        return _complete(request, problem(request, bug))


def _admit(request: Request, scope: str | None, handler: Handler) -> Request:
    """The request with the items of :func:`prefetch`; :class:`InvalidTokenException` if its token is not alive."""
    keys = _PREFETCHED[handler](request) if handler in _PREFETCHED else ()
    if scope is None:
        items = table.get_many(keys) if keys else {}
    else:
        items = require_alive(Session.from_claims(request.claims), keys)
    return replace(request, items=items)


def _complete(request: Request, response: Response) -> dict[str, Any]:
    """The gateway's form of ``response`` with the headers that every answer has, unless the handler set them.

    An answer with an ``ETag`` may be cached by the caller, who has to revalidate it each time. ``HEAD`` is answered
    as ``GET`` is, without the body (RFC 9110 section 9.3.2).
    """
    headers: Mapping[str, str | None] = {
        "X-Request-Id": request.request_id,
        "X-Correlation-Id": request.correlation_id,
        "traceparent": request.traceparent,
        "Cache-Control": "private, no-cache" if "ETag" in response.headers else "no-store",
        "X-Content-Type-Options": "nosniff",
        **response.headers,
    }
    present = {name: value for name, value in headers.items() if value is not None}
    answer = replace(response, headers=present).to_gateway()
    if request.method == "HEAD":
        answer.pop("body", None)
    return answer


def _smoke(route: Route, context: Any) -> dict[str, Any]:
    """The answer to a release's smoke event; raises when the role allows less or more than the row says."""
    from utils.permissions import require_permissions

    require_permissions(route.table, route.secrets, context.get_remaining_time_in_millis())
    return {"status": "ok", "function": route.name, "image_tag": settings().image_tag}
