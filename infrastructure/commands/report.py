"""What the commands print for people."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from infrastructure.commands.deploy_request import DeployResult
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.terminal.phases import Phases

if TYPE_CHECKING:
    from infrastructure.commands.doctor import Check
    from infrastructure.commands.key_schedule import KeySchedule
    from infrastructure.commands.rollback import RollbackPlan
    from infrastructure.commands.stack_info import Update
    from infrastructure.commands.status import Finding
    from infrastructure.review.review import Review

Form = Literal["text", "json", "markdown"]
"""For a terminal, for a program, for a comment in a pull request."""


def print_review(review: "Review", form: Form) -> None:
    """What is to change, in that form."""
    if form == "json":
        print(json.dumps(review.as_json(), indent=2))
    elif form == "markdown":
        from infrastructure.review import markdown

        print(markdown.comment(review))
    else:
        from rich.console import Console
        from rich.text import Text

        from infrastructure.review import text

        console = Console(highlight=False, soft_wrap=True)
        for line, style in text.lines(review):
            console.print(Text(line, style))


def print_destroyed(review: "Review") -> None:
    """How many resources are gone."""
    from infrastructure.review.changes import summary

    print(f"{review.stack}: {summary(review.counts, done=True)}")


def print_deployed(settings: Settings, deployed: DeployResult) -> None:
    """The API's URL and the release of a deploy, its changes and times, and on local and dev lines to try it with."""
    outputs = deployed.outputs
    print(f"{settings.stack}: {deployed.changes} ({deployed.phases})", file=sys.stderr)
    print(f"API URL    {outputs['api_url']}")
    print(f"Image tag  {outputs['image_tag']}")
    print(f"Image URI  {outputs['image_uri']}")
    if settings.environment in {"local", "dev"}:
        print()
        print("Log in and create a player:")
        print("\n".join(try_lines(str(outputs["api_url"]))))
    if deployed.lost_table:
        display.warn(
            f"The data was gone: the table {deployed.lost_table} is a new one. What make export-data has saved comes "
            f"back with: make import-data STACK={settings.stack} FILE=…"
        )


def print_rollback(stack: str, plan: "RollbackPlan", phases: Phases | None = None) -> None:
    """What a rollback is to move, or has moved where there are ``phases``, and what stays as it is."""
    entry, moves = plan.entry, plan.moves
    label = f"{entry.version}, {entry.commit[:12] or 'no commit'}{', dirty' if entry.dirty else ''}"
    if not moves:
        print(f"{stack}: {entry.tag} ({label}) is live already; nothing to do")
        print(f"What was changed by hand is repaired by: make deploy STACK={stack} REFRESH=1")
        return
    if phases is None:
        width = max(map(len, moves))
        for name, (before, after) in moves.items():
            print(f"{name:<{width}}  version {before} → {after}")
    for name in plan.unchanged:
        print(
            f"{name} stays: {entry.tag} did not have it, or another that was deleted since", file=sys.stderr
        )
    for name in plan.deleted:
        print(f"{name} does not come back: it was deleted after {entry.tag}", file=sys.stderr)
    done = f"moved ({phases})" if phases else "to move"
    print(f"{stack}: back to {entry.tag} ({label}): {len(moves)} aliases {done}")
    if phases:
        print(f"The next deploy rolls forward again: make deploy STACK={stack}", file=sys.stderr)


def try_lines(api_url: str) -> list[str]:
    """Shell lines that log in as ``testuser`` and create a player, ready to paste."""
    read = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"access_token\"])'"
    login = """-H 'Content-Type: application/json' -d '{"username": "testuser", "password": "password123"}'"""
    player = """-H 'Content-Type: application/json' -d '{"username": "Ada", "email": "ada@example.com"}'"""
    return [
        f"  API='{api_url}'",
        f'  TOKEN=$(curl -sf "$API/auth/token" {login} | {read})',
        f'  curl -s "$API/players" -H "Authorization: Bearer $TOKEN" {player}',
    ]


def print_rotation(stack: str, schedule: "KeySchedule", *, done: bool) -> None:
    """Which key signs from when, and until when the others are published."""
    new = f"key {schedule.added}" if done or schedule.begun else "a new key"
    print(f"{stack}: {new} {'signs' if done else 'would sign'} tokens from {_moment(schedule.signs_from)}")
    for kid, until in schedule.leaving.items():
        print(f"  key {kid} stays published until {_moment(until)}, when its last token has expired")
    for kid in schedule.dropped:
        print(f"  key {kid} is of no more use and {'was' if done else 'would be'} removed")


def _moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def print_outputs(values: dict[str, Any]) -> None:
    """The outputs, a line each; a list or an object on lines of its own."""
    width = max(map(len, values))
    for name, value in sorted(values.items()):
        lines = [value]
        if isinstance(value, dict):
            lines = [f"{key} {item}" for key, item in value.items()]
        elif isinstance(value, list):
            lines = value
        print(f"{name:<{width}}  " + f"\n{'':<{width}}  ".join(map(str, lines)))


def print_history(updates: Sequence["Update"]) -> None:
    """The updates, the newest first: version, start in UTC, result, duration, what was done, by whom, and what changed.

    Those in a row that changed nothing are one line. The engine counts the groups of resources too, a deploy
    does not.
    """
    from infrastructure.review.changes import summary

    for unchanged, row in groupby(updates, key=lambda update: update.unchanged):
        if unchanged:
            print(_folded(list(row)))
            continue
        for update in row:
            took = f"{(update.ended - update.started).total_seconds():.0f} s" if update.ended else ""
            changed = f": {summary(update.counts, done=True)}" if update.changes else ""
            print(
                f"{update.version:>7}  {update.started:%Y-%m-%d %H:%M:%S}  {update.result:<11} {took:>6}  "
                f"{update.message}{changed}{'  (live)' if update.live else ''}"
            )
    if any(update.changes for update in updates):
        display.say("Counted as the engine does, the groups of resources among them")


def _folded(row: Sequence["Update"]) -> str:
    """The line for updates, the newest first, that changed nothing."""
    first, last = row[-1], row[0]
    if first is last:
        return f"{last.version:>7}  {last.started:%Y-%m-%d %H:%M:%S}  1 update that changed nothing"
    until = f"{last.started:%H:%M:%S}" if last.started.date() == first.started.date() else None
    return (
        f"{f'{first.version}-{last.version}':>7}  {first.started:%Y-%m-%d %H:%M:%S} to "
        f"{until or f'{last.started:%Y-%m-%d %H:%M:%S}'}  {len(row)} updates that changed nothing"
    )


def print_checks(checks: Sequence["Check"]) -> None:
    """What is there and what is missing, with the remedy below what is missing."""
    width = max(len(check.name) for check in checks)
    for check in checks:
        print(f"{'ok     ' if check.ok else 'missing'}  {check.name:<{width}}  {check.found}")
        if not check.ok:
            print(f"{'':<{width + 11}}{check.remedy}")


def print_status(findings: Sequence["Finding"]) -> None:
    """How each thing is, with the remedy below what is wrong; in colour on a terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    width = max(len(finding.name) for finding in findings)
    marks = {True: ("ok   ", "green"), False: ("wrong", "bold red"), None: ("?    ", "yellow")}
    for finding in findings:
        mark, style = marks[finding.ok]
        console.print(Text(mark, style), Text(f" {finding.name:<{width}}  {finding.text}"))
        if finding.remedy and (finding.ok is False or not finding.answered):
            console.print(Text(f"{'':<{width + 9}}{finding.remedy}", "dim"))
