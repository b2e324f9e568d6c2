"""The commands that read logs. Their docstrings are the help texts, their values the exit codes."""

import argparse
import json
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from infrastructure.errors import DeployError
from infrastructure.terminal import display, log_lines

if TYPE_CHECKING:
    from rich.console import Console

    from infrastructure.cloud.log_search import FoundRequest
    from infrastructure.cloud.logs import LogEvent

_BAR = 32


def logs(options: argparse.Namespace) -> int:
    """Print a function's log, the gateway's, or all of a request by its id."""
    from infrastructure.cloud import logs

    if options.id and options.follow:
        raise DeployError(
            "A request is not followed: ID and FOLLOW exclude each other.", "Leave one of them out."
        )
    if options.id:
        return _print_request(options)
    since = options.since or "10m"
    start = datetime.now(UTC) - logs.parse_duration(since)
    console, any_read = _console(), False
    with display.own_interrupts() if options.follow else nullcontext():
        for event in logs.read_events(
            options.settings, options.function, start, follow=options.follow, level=options.level
        ):
            any_read = True
            if options.json:
                print(json.dumps(event.as_json()), flush=True)
            elif not event.of_platform:
                console.print(_line(event))
    if not any_read:
        at = f" at {options.level} or above" if options.level != "DEBUG" else ""
        display.say(f"{options.function} has written nothing{at} in the last {since}")
    return 0


def trace(options: argparse.Namespace) -> int:
    """Show where a request's time went."""
    from infrastructure.commands import trace

    found = _find(options)
    for request in found:
        spans = trace.spans(request)
        segments, no_segments = trace.xray_segments(options.settings, request)
        if options.json:
            values = [span.as_json() for span in spans]
            print(json.dumps({"request_id": request.request_id, "spans": values, "xray": segments}))
            continue
        _print_headline(request)
        whole = max((span.start + span.duration for span in spans), default=0) or 1
        console = _console()
        for span in spans:
            name = "  " * span.depth + span.name
            console.print(
                f"  {name:<28} {_bar(span.start / whole, span.duration / whole)} "
                f"{span.start:>8.1f} +{span.duration:.1f} ms"
            )
        for segment in segments:
            console.print(f"  X-Ray  {segment['name']}  {segment['duration']} ms")
        if no_segments:
            console.print(f"  no X-Ray segments: {no_segments}", style="dim")
    return 0 if found else 1


def dashboard(options: argparse.Namespace) -> int:
    """Draw the dashboard of a local stack; print the URL of another's."""
    if not options.settings.local:
        from infrastructure.commands import stack_info

        url = stack_info.outputs(options.settings).get("dashboard_url")
        if not url:
            raise DeployError(
                f"Stack {options.settings.stack!r} has no dashboard.", "Its setting monitoring makes one."
            )
        print(url)
        return 0
    from functools import partial

    from infrastructure.commands import dashboard_data, dashboard_server, stack_info

    stack_info.outputs(options.settings)
    with dashboard_server.server(partial(dashboard_data.read, options.settings), options.port) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        display.say("Open it in a browser; Ctrl-C ends it")
        with display.own_interrupts():
            server.serve_forever()
    return 0


def _print_request(options: argparse.Namespace) -> int:
    """Prints what the logs tell of the requests with an id; 1 where there is none."""
    from infrastructure.commands import request_told

    found = _find(options)
    console = _console()
    for request in found:
        if options.json:
            print(json.dumps(request_told.as_json(request)))
            continue
        _print_headline(request)
        told = request_told.told(request)
        width = max(map(len, told))
        for who, what in told.items():
            console.print(f"  {who:<{width}}  {what}", style="bold")
        for event in request_told.shown_events(request):
            console.print(_line(event, width))
    return 0 if found else 1


def _find(options: argparse.Namespace) -> "list[FoundRequest]":
    """The requests with the id that was given; says so where there are none."""
    from infrastructure.cloud import log_search, logs

    since = options.since or "1h"
    start = datetime.now(UTC) - logs.parse_duration(since)
    with display.progress("Searching the logs") as step:
        found = log_search.find_requests(
            options.settings, options.id, start, display.counter(step, "searches")
        )
    if not found:
        display.say(f"No request of the last {since} has the id {options.id}; SINCE=1d looks further back")
    return found


def _print_headline(request: "FoundRequest") -> None:
    from infrastructure.commands import request_told

    _console().print(request_told.headline(request), style="bold")


def _line(event: "LogEvent", width: int = 0) -> object:
    return log_lines.log_line(event.time, event.level, event.source, event.message, width)


def _bar(start: float, length: float) -> str:
    """A bar of ``_BAR`` columns for the part of 1 from ``start`` on."""
    begin = min(round(start * _BAR), _BAR - 1)
    filled = max(1, min(round(length * _BAR), _BAR - begin))
    return f"{'·' * begin}{'━' * filled}{'·' * (_BAR - begin - filled)}"


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
