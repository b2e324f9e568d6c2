"""Finds a request in the logs by any of its ids: what the gateway, the authorizer and the function wrote of it.

The gateway's access log, the authorizer's lines and the functions' share the gateway's request id. Lambda's own id of
the function's invocation stands in the access log and in the function's lines; those that no program writes, such as
the traceback of a function that does not start, stand between Lambda's lines of that id in their stream.
"""

import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.cloud import logs
from infrastructure.cloud.logs import AUTHORIZER, FUNCTION_OF, FUNCTIONS, GATEWAY, LogEvent
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings

_AT_ONCE = 8
_MARGIN = timedelta(seconds=60)
"""The most that lines of one request are apart: the gateway waits for a function for 30 seconds."""
_MOST_REQUESTS = 10
"""How many requests of one id, such as a correlation id that a caller uses again, are told: the newest."""
_ID = re.compile(r"[\x21-\x7e]{1,128}")
_SEARCHABLE = re.compile(r"[\w.:-]+")
"""What of an id has no meaning of its own in a filter pattern (CloudWatch Logs User Guide: "Filter pattern syntax")."""
_IDS = (
    *("requestId", "functionRequestId"),
    *("request_id", "function_request_id", "correlation_id", "xray_trace_id", "traceparent"),
)
"""The fields of lines that hold an id."""
_INVOCATION = re.compile(r"RequestId: ([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class FoundRequest:
    """What was logged of a request, oldest first; ``request_id`` is the gateway's, or Lambda's where it was none of the
    gateway's."""

    request_id: str
    events: tuple[LogEvent, ...]

    def of(self, source: str) -> list[LogEvent]:
        """The events of a function or of the gateway."""
        return [event for event in self.events if event.source == source]

    @property
    def access(self) -> dict[str, Any]:
        """The fields of the gateway's line; empty where there is none."""
        return next((event.fields for event in self.of(GATEWAY)), {})

    @property
    def function(self) -> str:
        """The name of the function whose route it is; empty where it has none."""
        sources = (event.source for event in self.events if event.source not in {GATEWAY, AUTHORIZER})
        return next(sources, "") or FUNCTION_OF.get(str(self.access.get("routeKey")), "")


def find_requests(
    settings: Settings, wanted: str, start: datetime, told: Callable[[str], object] = lambda _: None
) -> list[FoundRequest]:
    """The requests since ``start`` that have the id ``wanted``, oldest first, the newest 10 at most.

    It is the gateway's request id, Lambda's, the correlation id, that of the trace of ``traceparent`` or of X-Ray.

    ``told`` is called with the name of each log that was searched. Raises ``DeployError`` for what can be no id, and
    where the stack's AWS does not tell.
    """
    wanted = wanted.removeprefix("Root=").partition(";")[0]
    if not _ID.fullmatch(wanted) or not _SEARCHABLE.search(wanted):
        raise DeployError(
            f"{wanted!r} is no id.",
            "It is 1 to 128 visible ASCII characters, as in an answer's X-Request-Id or X-Correlation-Id.",
        )
    search = _Search(settings, told)
    end = datetime.now(UTC) + _MARGIN
    # The access log names the function, which spares the others' logs.
    hits = search.with_id((GATEWAY,), wanted, start, end) or search.with_id(FUNCTIONS, wanted, start, end)
    by_request: dict[str, list[LogEvent]] = {}
    for event in sorted(hits, key=lambda event: event.time):
        if request_id := _request_id(event):
            by_request.setdefault(request_id, []).append(event)
    newest = list(by_request.items())[-_MOST_REQUESTS:]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda item: search.request(*item), newest)
        return list({request.request_id: request for request in found}.values())


class _Search:
    """One search of a stack's logs; a class because its questions share the client."""

    def __init__(self, settings: Settings, told: Callable[[str], object]) -> None:
        self._settings, self._told = settings, told
        with logs.translate_errors(settings, GATEWAY):
            self._client = logs.log_client(settings)

    def request(self, request_id: str, hits: list[LogEvent]) -> FoundRequest:
        """All that was logged of the request, of which there are ``hits``."""
        start, end = hits[0].time - _MARGIN, hits[-1].time + _MARGIN
        with ThreadPoolExecutor(1) as pool:
            authorizer = pool.submit(self.with_id, (AUTHORIZER,), request_id, start, end)
            others = self._of_gateway_and_function(request_id, hits, start, end)
            events = [*others, *authorizer.result()]
        own = next(
            (str(event.fields["requestId"]) for event in events if event.source == GATEWAY), request_id
        )
        return FoundRequest(own, tuple(sorted(events, key=lambda event: event.time)))

    def _of_gateway_and_function(
        self, request_id: str, hits: list[LogEvent], start: datetime, end: datetime
    ) -> list[LogEvent]:
        """What the gateway logged of the request, and the function that it called."""
        access = [event for event in hits if event.source == GATEWAY] or self.with_id(
            (GATEWAY,), request_id, start, end
        )
        line = access[0].fields if access else {}
        named = [line, *(event.fields for event in hits)]
        invocation = next(
            (str(it["functionRequestId"]) for it in named if it.get("functionRequestId", "-") != "-"), ""
        ) or next((str(it["function_request_id"]) for it in named if "function_request_id" in it), request_id)
        function = FUNCTION_OF.get(str(line.get("routeKey")), "")
        functions = {function} if function else {event.source for event in hits} - {GATEWAY, AUTHORIZER}
        events = [*access]
        for source in functions:
            lines = self.with_id((source,), invocation, start, end)
            for stream in dict.fromkeys(event.stream for event in lines):
                events += self._of_invocation([line for line in lines if line.stream == stream], invocation)
        return events

    def with_id(self, sources: Iterable[str], wanted: str, start: datetime, end: datetime) -> list[LogEvent]:
        """The events of ``sources`` that have the id."""
        longest = max(_SEARCHABLE.findall(wanted), key=len)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            read = pool.map(
                lambda source: self._read(source, start, end, filterPattern=f'"{longest}"'), sources
            )
            return [event for events in read for event in events if _has(event, wanted)]

    def _of_invocation(self, lines: list[LogEvent], invocation: str) -> list[LogEvent]:
        """The lines of a stream from the first of ``lines``, which have the invocation's id, to the last."""
        first, last = lines[0], lines[-1]
        events = self._read(first.source, first.time, last.time, logStreamNames=[first.stream])
        places = [place for place, event in enumerate(events) if _has(event, invocation)]
        return events[places[0] : places[-1] + 1] if places else []

    def _read(self, source: str, start: datetime, end: datetime, **choice: Any) -> list[LogEvent]:
        """The chosen events of a log, oldest first; none of a function that has no log yet."""
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=logs.log_group(self._settings, source),
            startTime=round(start.timestamp() * 1000),
            endTime=round(end.timestamp() * 1000),
            **choice,
        )
        with logs.translate_errors(self._settings, source):
            try:
                events = [event for page in pages for event in page["events"]]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                events = []
        self._told(source)
        ours = [event for event in events if not logs.is_of_emulator(event)]
        return [logs.as_event(source, event) for event in sorted(ours, key=lambda item: item["timestamp"])]


def _has(event: LogEvent, wanted: str) -> bool:
    """Whether the event has the id, in one of the fields that hold ids or, where it is a text, anywhere."""
    if not event.fields:
        return re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", str(event.message)) is not None
    values = [str(event.fields[name]) for name in _IDS if name in event.fields]
    return wanted in (*values, *str(event.fields.get("traceparent", "")).split("-"))


def _request_id(event: LogEvent) -> str:
    """The gateway's id of the request, or Lambda's of the invocation where the event tells no other."""
    for name in ("requestId", "request_id"):
        if event.fields.get(name):
            return str(event.fields[name])
    named = _INVOCATION.search(str(event.message))
    return named[1] if named else ""
