"""Function logs, read from CloudWatch Logs."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

import routes
from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3653)
"""No log is kept for longer."""
_POLL_SECONDS = 1.0
_LATE_MILLISECONDS = 60_000
"""How much older than the newest event one may be that is ingested after it: streams of several containers come to
CloudWatch each in its own time."""
_EMULATOR = re.compile(r"\d\d \w{3} \d{4} [\d:,.]+ \[\w+\] \(rapid\)")
"""What the runtime interface emulator of a local container says of itself."""
FUNCTIONS = (
    *dict.fromkeys(route.function_name for route in (*routes.ROUTES, routes.FALLBACK)),
    "authorizer",
)


def parse_duration(text: str) -> timedelta:
    """The duration that ``text`` writes as ``90s``, ``10m``, ``2h`` or ``1d``. Raises ``DeployError`` for another form
    and for more than 3653 days."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    length = timedelta(seconds=int(match[1]) * _UNITS[match[2]]) if match else None
    if length is None or length > _LONGEST:
        raise DeployError(
            f"{text!r} is no duration.", f"Write it as 90s, 10m, 2h or 1d; {_LONGEST.days}d is the longest."
        )
    return length


def read_events(
    settings: Settings, function: str, start: datetime, *, follow: bool
) -> Iterator[dict[str, Any]]:
    """The function's log events from ``start`` on, oldest first: ``{"time", "message"}``, the message an object
    where the line is JSON. With ``follow`` it goes on as they come.

    Raises ``DeployError`` for a function that the stack does not have, and where its AWS does not tell.
    """
    if function not in FUNCTIONS:
        raise DeployError(f"There is no function {function!r}.", f"The functions are: {', '.join(FUNCTIONS)}")
    with _translate_errors(settings, function):
        client = session.client(settings, "logs", Config(retries={"total_max_attempts": 2}))
    group = settings.names.function_log_group(function)
    printed: dict[object, int] = {}
    begin = newest = int(start.timestamp() * 1000)
    while True:
        with _translate_errors(settings, function):
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=begin)
            events = [event for page in pages for event in page["events"]]
        for event in sorted(events, key=lambda item: item["timestamp"]):
            newest = max(newest, event["timestamp"])
            identity = event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])
            if identity not in printed and not _EMULATOR.match(event["message"]):
                printed[identity] = event["timestamp"]
                yield {
                    "time": datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(),
                    "message": _parse_message(event["message"].rstrip("\n")),
                }
        if not follow:
            return
        begin = max(begin, newest - _LATE_MILLISECONDS)
        printed = {identity: moment for identity, moment in printed.items() if moment >= begin}
        time.sleep(_POLL_SECONDS)


@contextmanager
def _translate_errors(settings: Settings, function: str) -> Iterator[None]:
    """Turns botocore's exceptions into a ``DeployError``."""
    stack = settings.stack
    try:
        yield
    except EndpointConnectionError:
        raise DeployError(
            f"The AWS of stack {stack!r} does not answer.", f"Start it: make deploy STACK={stack}"
        ) from None
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException":
            raise DeployError(
                f"{function!r} of stack {stack!r} has no log yet.",
                f"Deploy it first: make deploy STACK={stack}",
            ) from None
        remedy = f"Restart its AWS: make deploy STACK={stack}" if settings.local else session.LOG_IN
        raise DeployError(f"AWS does not give the logs of stack {stack!r}: {error}", remedy) from error


def _parse_message(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line
