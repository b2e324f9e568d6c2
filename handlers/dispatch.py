"""Between Lambda and the handlers: the one place where a token's liveness is checked and exceptions become answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from importlib import import_module
from time import perf_counter, time
from typing import Any

from handlers import admission
from handlers.refusals import refusal
from routes import FAULT_APPLIED, FAULT_HEADER, Route, is_service
from utils import base_url, metrics, secrets, table, waiting
from utils.aws import calls
from utils.errors import PSNEmulatorException
from utils.http import Request, Response, problem
from utils.logger import logger
from utils.named import named
from utils.oauth_errors import OAuthException
from utils.settings import DEFAULT_SANDBOX, settings
from utils.writes import Key

type Handler = Callable[..., Response]
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})

type EntryPoint = Callable[[dict[str, Any], Any], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route with what its row names, loaded.

    ``handler`` is given the request and, by their names, what ``arguments`` are the models of. ``prefetch`` names the
    items to read together with the token's session: of the sandbox and the path's parameters, their keys.
    """

    route: Route
    handler: Handler
    arguments: Mapping[str, Any] = field(default_factory=dict)
    prefetch: Callable[..., Iterable[Key]] | None = None
    foresee: Callable[[Request], Iterable[Key]] | None = None

    @classmethod
    def load(cls, route: Route) -> "Endpoint":
        """The endpoint of ``route``. Its modules are imported now, while Lambda lends a starting function a full
        processor, and not by its first request."""
        for module in route.preload:
            import_module(module)
        return cls(
            route,
            named(route.handler),
            {name: named(model) for name, model in route.arguments.items()},
            named(route.prefetch) if route.prefetch else None,
            named(route.foresee) if route.foresee else None,
        )

    def keys(self, request: Request) -> list[Key]:
        """What is to be read for ``request`` before its handler runs."""
        keys = list(self.prefetch(request.sandbox, **request.path_parameters)) if self.prefetch else []
        if self.foresee:
            keys += self.foresee(request)
        if self.route.idempotent:
            from handlers.idempotency import record_keys

            keys += record_keys(request)
        return keys

    def answer(self, request: Request) -> Response:
        """What the handler answers. Raises what it raises, and what reading its arguments raises."""
        given: dict[str, Any] = {}
        if "query" in self.arguments:
            given["query"] = request.parameters(self.arguments["query"])
        if "body" in self.arguments:
            given["body"] = request.body(self.arguments["body"])
        return self.handler(request, **given)


def entry_point(*endpoints: Endpoint) -> EntryPoint:
    """The Lambda entry point of a function that serves ``endpoints``, told apart by the gateway's route key.

    A function whose environment is incomplete does not start (:class:`SettingsError`).
    """
    first = endpoints[0].route
    by_key = {key: endpoint for endpoint in endpoints for key in endpoint.route.keys}
    settings()
    emulates = settings().emulates
    is_recorded = settings().journal and any(endpoint.route.is_partners for endpoint in endpoints)
    if is_recorded or any(endpoint.route.actions(emulates=emulates) for endpoint in endpoints):
        table.prepare(hurried=is_recorded)
    if is_recorded:
        import_module("handlers.journal")
    if settings().faults and any(endpoint.route.is_partners for endpoint in endpoints):
        import_module("handlers.faults")
    for name in {name for endpoint in endpoints for name in endpoint.route.secrets}:
        secrets.prepare(settings().secrets[name])
    logger.append_keys(
        function=first.function_name, image_tag=settings().image_tag, release=settings().release
    )
    cold_start = True

    def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
        nonlocal cold_start
        if event.get("smoke") is True:
            return _smoke([endpoint.route for endpoint in endpoints], context)
        endpoint = endpoints[0] if len(endpoints) == 1 else by_key[event["routeKey"]]
        started, cold, cold_start = waiting.once("started", perf_counter), cold_start, False
        calls.clear()
        request = Request.from_event(event, endpoint.route.name, endpoint.route.max_body)
        logger.append_keys(
            request_id=request.request_id,
            function_request_id=getattr(context, "aws_request_id", None),
            correlation_id=request.correlation_id or request.request_id,
            traceparent=request.traceparent,
            sandbox=request.claims.get("sandbox") or DEFAULT_SANDBOX,
        )
        exchange = _Exchange(request, endpoint)
        with base_url.of_request(request.headers):
            response = exchange.answer()
        result = _complete(exchange.request, response)
        duration = round((perf_counter() - started) * 1000, 1)
        if settings().journal and is_partners(exchange.request, endpoint.route):
            from handlers import journal

            journal.record(
                exchange.request, endpoint.route, result, duration, is_admitted=exchange.is_admitted
            )
        log = {"method": request.method, "route": endpoint.route.key, "status": result["statusCode"]}
        if calls:
            log["calls"] = [
                [name, round((began - started) * 1000, 1), round(seconds * 1000, 1)]
                for name, began, seconds in calls
            ]
        logger.info(
            "answered",
            extra={
                **log,
                "duration_ms": duration,
                "cold_start": cold,
                **_metrics(endpoint.route, result, duration, cold=cold),
            },
        )
        return result

    return answer


def _metrics(route: Route, result: Mapping[str, Any], duration_ms: float, *, cold: bool) -> dict[str, Any]:
    """What makes metrics of a request's line. What is rare is not counted where it did not happen: CloudWatch's price
    is by the hours in which a metric has values."""
    status = result["statusCode"]
    of_answer = _injected if FAULT_APPLIED in result["headers"] else _own
    data = [
        *of_answer(route, status, duration_ms),
        *([metrics.Datum("ColdStarts", 1, {"Function": route.function_name})] if cold else []),
        *metrics.counted(),
    ]
    return metrics.embedded(settings().metrics_namespace, data, round(time() * 1000))


def _own(route: Route, status: int, duration_ms: float) -> Iterator[metrics.Datum]:
    """What is counted of an answer that no fault was injected into. Where some may be, its latency is measured among
    those of the partner's routes too: the gateway's have the delays in them, and readers of the journal that wait."""
    yield metrics.Datum("Requests", 1, {"Route": route.name, "Status": str(status)})
    yield metrics.Datum("Latency", duration_ms, {"Route": route.name}, "Milliseconds")
    if settings().faults and route.is_partners:
        yield metrics.Datum("UninjectedLatency", duration_ms, {}, "Milliseconds")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield metrics.Datum("ServerErrors", 1, {"Function": route.function_name})


def _injected(route: Route, status: int, _duration_ms: float) -> Iterator[metrics.Datum]:
    """What is counted of an answer that a fault was injected into. A 5xx counts as -1, which makes it none in the sum
    with those that the gateway counts."""
    yield metrics.Datum("Injected", 1, {"Route": route.name, "Status": str(status)})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        yield metrics.Datum("InjectedServerErrors", -1, {})


@dataclass(slots=True)
class _Exchange:
    """A request, as far as it is understood, and its answer once there is one; ``is_admitted`` says whether its sandbox
    and its bearer are known."""

    request: Request
    endpoint: Endpoint
    is_admitted: bool = False

    def answer(self) -> Response:
        """The answer, whatever happens."""
        return self._told(self._admitted)

    def _admitted(self) -> Response:
        """What a request whose sandbox and bearer are known is answered. Raises what :mod:`handlers.admission` does."""
        route = self.endpoint.route
        self.request = waiting.once("admitted", self._admission)
        self.is_admitted = True
        logger.append_keys(sandbox=self.request.sandbox.name)
        if not is_partners(self.request, route):
            return self._handled()
        if settings().faults:
            from handlers import faults

            return faults.answer(self.request, route, self._handled)
        if FAULT_HEADER in self.request.headers:
            from services.emulation.fault_header import FaultsOffException

            raise FaultsOffException
        return self._handled()

    def _admission(self) -> Request:
        """The request with what was read for it. Raises what :mod:`handlers.admission` does."""
        named = admission.named(self.request, self.endpoint.route)
        self.request = named
        return admission.admitted(named, self.endpoint.route, self.endpoint.keys)

    def _handled(self, request: Request | None = None) -> Response:
        """What the handler answers, to ``request`` if it is another than was sent, an exception as its answer, with the
        body as it is sent."""
        return self._told(lambda: self.endpoint.answer(request or self.request).rendered()).rendered()

    def _told(self, respond: Callable[[], Response]) -> Response:
        """What ``respond`` answers, or the answer of the exception that it raises."""
        route = self.endpoint.route
        try:
            return respond()
        except OAuthException as error:
            metrics.count("Denials", Reason=error.error)
            return refusal(self.request, route, error)
        except PSNEmulatorException as error:
            if error.status in _DENIED:
                metrics.count("Denials", Reason=error.code)
            return refusal(self.request, route, error)
        except Exception:
            logger.exception("a bug")
            bug = PSNEmulatorException("Something is wrong on this side; the request id leads to the log.")
            return problem(self.request, bug)


def is_partners(request: Request, route: Route) -> bool:
    """Whether ``request`` is to what the partner has too; paths that no row serves are told by themselves."""
    return route.is_partners and not is_service(request.path)


def _complete(request: Request, response: Response) -> dict[str, Any]:
    """The gateway's form of ``response`` with the headers that every answer has, unless the handler set them.

    An answer with an ``ETag`` may be cached by the caller, who has to revalidate it each time. Where the API goes by
    several names, what may be cached may follow them. ``HEAD`` is answered
    as ``GET`` is, without the body (RFC 9110 section 9.3.2).
    """
    headers: Mapping[str, str | None] = {
        "X-Request-Id": request.request_id,
        "X-Sandbox": request.sandbox.name,
        "X-Correlation-Id": request.correlation_id,
        "traceparent": request.traceparent,
        "Cache-Control": "private, no-cache" if "ETag" in response.headers else "no-store",
        "X-Content-Type-Options": "nosniff",
        **response.headers,
    }
    present = {name: value for name, value in headers.items() if value is not None}
    if len(settings().issuers) > 1 and present["Cache-Control"] != "no-store":
        present = {"Vary": base_url.VARY, **present}
    answer = replace(response, headers=present).to_gateway()
    if request.method == "HEAD":
        answer.pop("body", None)
    return answer


def _smoke(routes: Sequence[Route], context: Any) -> dict[str, Any]:
    """The answer to a release's smoke event; raises when the role allows less or more than the rows say."""
    from utils.permissions import require_permissions

    actions = tuple(
        dict.fromkeys(action for route in routes for action in route.actions(emulates=settings().emulates))
    )
    secrets = tuple(dict.fromkeys(secret for route in routes for secret in route.secrets))
    require_permissions(actions, secrets, context.get_remaining_time_in_millis())
    return {"status": "ok", "function": routes[0].function_name, "image_tag": settings().image_tag}
