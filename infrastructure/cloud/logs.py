"""The functions' logs and the gateway's access log, read from CloudWatch Logs."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

import routes
from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.terminal.log_lines import LEVELS

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=3653)
"""No log is kept for longer."""
_POLL_SECONDS = 1.0
_LATE_MILLISECONDS = 60_000
"""How much older than the newest event one may be that is ingested after it: streams of several containers come to
CloudWatch each in its own time."""
_EMULATOR = re.compile(r"\d\d \w{3} \d{4} [\d:,.]+ \[\w+\] \(rapid\)")
"""What the runtime interface emulator of a local container says of itself."""
_PLATFORM = re.compile(r"(START|END|REPORT|XRAY|INIT_START|INIT_REPORT|EXTENSION)\b")
"""How the lines begin that Lambda writes of an invocation (AWS Lambda Developer Guide: "Sending Lambda function logs to
CloudWatch Logs")."""
_FAILURE = re.compile(r"\[ERROR\]|Traceback|.* Task timed out after |[\w.]+(Error|Exception|Exit)\b")
"""How a text begins that tells of a failure: what Lambda says, and the first and the last line of a traceback."""
GATEWAY = "gateway"
"""The name under which the access log is read."""
AUTHORIZER = "authorizer"
FUNCTIONS = (
    *dict.fromkeys(route.function_name for route in (*routes.ROUTES, routes.FALLBACK)),
    AUTHORIZER,
)
FUNCTION_OF = {
    key: route.function_name
    for route in (*routes.ROUTES, routes.FALLBACK)
    for key in (*route.keys, route.path)
}
"""The function that answers a route key of the access log."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A line that ``source``, a function or ``gateway``, wrote at ``time`` (aware, UTC) to its ``stream``.

    ``message`` is an object where the line is one in JSON, else the text.
    """

    time: datetime
    source: str
    message: Any
    stream: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """The message's fields; of a text none."""
        return self.message if isinstance(self.message, dict) else {}

    @property
    def level(self) -> str:
        """The level, one of ``LEVELS``. A line of the access log has that of its status: ``ERROR`` from 500 on,
        ``WARNING`` from 400 on."""
        if self.source == GATEWAY:
            status = str(self.fields.get("status", ""))
            return {"5": "ERROR", "4": "WARNING"}.get(status[:1], "INFO")
        if not self.fields:
            return "ERROR" if _FAILURE.match(str(self.message)) else "INFO"
        level = str(self.fields.get("level", "INFO")).upper()
        return level if level in LEVELS else "INFO"

    @property
    def of_platform(self) -> bool:
        """Whether Lambda wrote it, of an invocation."""
        return isinstance(self.message, str) and bool(_PLATFORM.match(self.message))

    def as_json(self) -> dict[str, Any]:
        """The event as JSON-ready values."""
        return {"time": self.time.isoformat(), "source": self.source, "message": self.message}


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
    settings: Settings,
    source: str,
    start: datetime,
    *,
    follow: bool,
    level: str = "DEBUG",
    client: Any = None,
) -> Iterator[LogEvent]:
    """The events of a function, or of ``gateway``, from ``start`` on and from ``level`` up, oldest first. With
    ``follow`` it goes on as they come. ``client`` is that of ``log_client``, for who reads several.

    Raises ``DeployError`` for a function that the stack does not have, and where its AWS does not tell.
    """
    if source not in (*FUNCTIONS, GATEWAY):
        raise DeployError(
            f"There is no function {source!r}.", f"The functions are: {', '.join((*FUNCTIONS, GATEWAY))}"
        )
    with translate_errors(settings, source):
        client = client or log_client(settings)
    group = log_group(settings, source)
    wanted = LEVELS[LEVELS.index(level) :]
    printed: dict[object, int] = {}
    begin = newest = int(start.timestamp() * 1000)
    while True:
        with translate_errors(settings, source):
            pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=begin)
            events = [event for page in pages for event in page["events"]]
        for event in sorted(events, key=lambda item: item["timestamp"]):
            newest = max(newest, event["timestamp"])
            identity = event.get("eventId") or (event["logStreamName"], event["timestamp"], event["message"])
            if identity not in printed and not is_of_emulator(event):
                printed[identity] = event["timestamp"]
                read = as_event(source, event)
                if read.level in wanted and (wanted == LEVELS or not read.of_platform):
                    yield read
        if not follow:
            return
        begin = max(begin, newest - _LATE_MILLISECONDS)
        printed = {identity: moment for identity, moment in printed.items() if moment >= begin}
        time.sleep(_POLL_SECONDS)


def log_client(settings: Settings) -> Any:
    """A client of CloudWatch Logs, which asks again once."""
    return session.client(settings, "logs", Config(retries={"total_max_attempts": 2}))


def log_group(settings: Settings, source: str) -> str:
    """The name of the log group of a function or of the gateway."""
    names = settings.names
    return names.access_log_group if source == GATEWAY else names.function_log_group(source)


def is_of_emulator(event: dict[str, Any]) -> bool:
    """Whether the runtime interface emulator of a local container wrote this, of itself."""
    return bool(_EMULATOR.match(event["message"]))


def as_event(source: str, event: dict[str, Any]) -> LogEvent:
    """The event that FilterLogEvents answers, of the log of ``source``."""
    line = event["message"].rstrip("\n")
    try:
        message = json.loads(line)
    except ValueError:
        message = line
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return LogEvent(moment, source, message, event.get("logStreamName", ""))


@contextmanager
def translate_errors(settings: Settings, source: str) -> Iterator[None]:
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
                f"{source!r} of stack {stack!r} has no log yet.",
                f"Deploy it first: make deploy STACK={stack}",
            ) from None
        remedy = f"Restart its AWS: make deploy STACK={stack}" if settings.local else session.LOG_IN
        raise DeployError(f"AWS does not give the logs of stack {stack!r}: {error}", remedy) from error
