"""How a stack is: asked of everything that knows, at once, and told with what has answered in time."""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.automation import backend, plugins
from infrastructure.automation.update_message import UpdateMessage, parse_message
from infrastructure.cloud import probe, recorded_metrics, session
from infrastructure.cloud.logs import GATEWAY
from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_instance
from infrastructure.release.release import Deployed
from infrastructure.release.state import StackState
from infrastructure.stack import alarm_evaluation
from infrastructure.stack.alarms import Alarm, alarms
from infrastructure.stack.names import LIVE
from infrastructure.stack.settings import Settings
from infrastructure.tools import daemon_threads, disk, docker, engine, paths

_LOCAL_SECONDS, _AWS_SECONDS = 1.2, 20.0
"""How long an answer is waited for: the rest of the two seconds that a status of a local stack may take is the
command's own start."""
_AT_ONCE = 8
_ROOM_MIB = 4096
_LOOKED_BACK = timedelta(minutes=15)
"""As far as an alarm looks back."""
_NAMED = 3
_RUNBOOK = "docs/operations/runbook/"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing is: ``ok``, or not, or ``None`` where that is not known or says nothing; ``text`` for people, with
    the ``remedy`` where something is wrong; ``values`` for programs, JSON-ready. ``answered`` is false where who knows
    did not tell.
    """

    name: str
    ok: bool | None
    text: str
    remedy: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = True

    def as_json(self) -> dict[str, Any]:
        """The finding's fields by name."""
        return asdict(self) | {"values": dict(self.values)}


type Question = Callable[[], Finding]


def findings(settings: Settings) -> list[Finding]:
    """The state of the stack, in an order for people. Raises nothing; what has not answered in time is told as that."""
    state, missing, remedy = StackState(), None, f"Deploy it: make deploy STACK={settings.stack}"
    try:
        state = _read_state(settings)
        if not {"image_tag", "api_url"} <= state.outputs.keys():
            missing = Finding("release", False, "none: nothing of it is there", remedy)
    except DeployError as error:
        missing = Finding("release", False, error.cause, error.remedy)
    except (OSError, ValueError, LookupError):
        missing = Finding("release", False, "none: it was never deployed from here", remedy)
    questions: dict[str, Question] = {"release": lambda: missing or _release(settings, state)}
    if settings.local:
        questions["local AWS"] = _local_aws
    if not missing:
        questions |= {
            "answers": lambda: _health(settings, state),
            "functions": lambda: _functions(settings, state),
            "alarms": lambda: _alarms(settings),
            "data": lambda: _data(settings, state),
        }
    questions |= {"disk": _disk, "versions": lambda: _versions(settings)}
    found = _ask(questions, _LOCAL_SECONDS if settings.local else _AWS_SECONDS)
    return [one if one.answered else replace(one, remedy=_unanswered(settings, one)) for one in found]


def exit_code(findings: Iterable[Finding]) -> int:
    """1 where something is wrong, else 2 where something did not answer, else 0."""
    known = list(findings)
    if any(finding.ok is False for finding in known):
        return 1
    return 0 if all(finding.answered for finding in known) else 2


def _unanswered(settings: Settings, finding: Finding) -> str:
    """Where to look for what nobody answered."""
    if finding.name == "alarms":
        return f"Whether one is on is not known: make logs FN={GATEWAY} STACK={settings.stack}"
    return f"Ask again: make status STACK={settings.stack}"


def _ask(questions: Mapping[str, Question], seconds: float) -> list[Finding]:
    """The answers to questions that are asked at once, each in a thread that may be left behind."""
    answers: dict[str, Finding] = {}

    def answer(name: str, question: Question) -> None:
        try:
            answers[name] = question()
        except DeployError as error:
            answers[name] = Finding(name, None, f"not known: {error.cause}", answered=False)
        except (BotoCoreError, ClientError, OSError, ValueError, LookupError) as error:
            answers[name] = Finding(name, None, f"not known: {_gist(error)}", answered=False)

    threads = [threading.Thread(target=answer, args=item, daemon=True) for item in questions.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    in_time = dict(answers)
    return [
        in_time.get(name) or Finding(name, None, f"not known: no answer within {seconds:g} s", answered=False)
        for name in questions
    ]


def _gist(error: Exception) -> str:
    if "Could not connect" in str(error):
        return "its AWS does not answer"
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _read_state(settings: Settings) -> StackState:
    if settings.local:
        return backend.read_state(settings.stack)
    from infrastructure.automation import workspace

    return workspace.read_state(settings)


def _client(settings: Settings, service: str) -> Any:
    limit = 1 if settings.local else 5
    return session.client(
        settings,
        service,
        Config(
            connect_timeout=limit,
            read_timeout=limit,
            retries={"total_max_attempts": 1 if settings.local else 3},
            max_pool_connections=_AT_ONCE,
        ),
    )


def _release(settings: Settings, state: StackState) -> Finding:
    deployed = Deployed.from_state(state)
    if deployed.tag is None:
        return Finding("release", False, "none", f"Deploy it: make deploy STACK={settings.stack}")
    entry, update = deployed.entry(deployed.tag), _last_update(settings, deployed.tag)
    since, by = entry.since if entry else "", update.by if update else ""
    commit = f", commit {entry.commit[:12]}{' with changes' * entry.dirty}" if entry and entry.commit else ""
    text = f"{deployed.tag}{f' since {since}' if since else ''}{f' by {by}' if by else ''}{commit}"
    values = {"tag": deployed.tag, "since": since, "by": by, "commit": entry.commit if entry else ""}
    if state.pending:
        return Finding("release", False, f"{text}; an update was cut off", "make deploy mends it.", values)
    return Finding("release", True, text, values=values)


def _last_update(settings: Settings, tag: str) -> UpdateMessage | None:
    """The newest update of a local stack's history that brought the release ``tag``."""
    if not settings.local:
        return None
    folder = backend.history_folder(settings.stack)
    for path in sorted(folder.glob("*.history.json"), reverse=True):
        try:
            message = parse_message(json.loads(path.read_bytes())["message"])
        except (OSError, ValueError, LookupError):
            continue
        if message and message.tag == tag:
            return message
    return None


def _local_aws() -> Finding:
    status = aws.status()
    if not status.running:
        return Finding("local AWS", False, str(status), "Start it: make deploy")
    return Finding("local AWS", status.open, str(status), "Restart it, for its credential: make deploy")


def _health(settings: Settings, state: StackState) -> Finding:
    result = probe.health(state.outputs, _LOCAL_SECONDS if settings.local else 5)
    return Finding("answers", result.ok, str(result), probe.remedy([result], settings.stack))


def _functions(settings: Settings, state: StackState) -> Finding:
    """Whether each function is active, and its alias at the version that the last update left it at."""
    client = _client(settings, "lambda")
    wanted = {alias.function: alias.version for alias in state.aliases.values()}

    def odd(name: str) -> str:
        try:
            found = client.get_function_configuration(FunctionName=name, Qualifier=LIVE)
        except client.exceptions.ResourceNotFoundException:
            return f"{name} is gone"
        if (condition := found.get("State", "Active")) not in {"Active", "Inactive"}:
            return f"{name} is {condition}: {found.get('StateReason', '')}"
        if found["Version"] != wanted[name]:
            return f"{name} is at version {found['Version']}, not {wanted[name]}"
        return ""

    odds = [line for line in daemon_threads.each(odd, sorted(wanted)) if line]
    values = {"functions": len(wanted), "odd": odds}
    if odds:
        text = "; ".join(odds[:_NAMED]) + ("; …" if len(odds) > _NAMED else "")
        return Finding(
            "functions", False, text, f"Repair it: make deploy STACK={settings.stack} REFRESH=1", values
        )
    return Finding("functions", True, f"{len(wanted)}, all active, at their live versions", values=values)


def _alarms(settings: Settings) -> Finding:
    """The alarms that are on: by CloudWatch, and on a local stack by the same definitions over what the logs tell."""
    if settings.local:
        now = datetime.now(UTC)
        events = recorded_metrics.read(settings, now - _LOOKED_BACK)
        recorded = recorded_metrics.recorded(settings, events)

        def fires(alarm: Alarm) -> bool:
            # The period under way counts already: nobody wants to wait for its end.
            ends = (now, now + timedelta(seconds=alarm.period_seconds))
            return any(alarm_evaluation.state_of(alarm, recorded, end) == "ALARM" for end in ends)

        known = alarms(settings)
        firing = {alarm.name: alarm.title for alarm in known if fires(alarm)}
        of = f"of {len(known)} over the last minutes, by the logs"
    elif not settings.monitoring:
        return Finding("alarms", None, "none: the stack's setting monitoring")
    else:
        pages = _client(settings, "cloudwatch").get_paginator("describe_alarms")
        found = [
            alarm
            for page in pages.paginate(AlarmNamePrefix=settings.names.alarm(""))
            for alarm in page["MetricAlarms"]
        ]
        firing = {
            alarm["AlarmName"]: alarm.get("AlarmDescription", "")
            for alarm in found
            if alarm["StateValue"] == "ALARM"
        }
        of = f"of {len(found)}"
    values = {"firing": sorted(firing)}
    if firing:
        text = f"{len(firing)} {of}: " + "; ".join(firing[name] or name for name in sorted(firing))
        return Finding("alarms", False, text, _closer(settings, firing), values)
    return Finding("alarms", True, f"none {of}", values=values)


def _closer(settings: Settings, firing: Collection[str]) -> str:
    """Where to look first when these alarms are on, by their names: into the log of a function that fails, if one does,
    and on the page of its alarm."""
    on = [alarm for alarm in alarms(settings) if alarm.name in firing]
    first = min(
        on,
        key=lambda alarm: (alarm.about != "function", not alarm.runbook.endswith("errors")),
        default=None,
    )
    if first is None:
        return f"Look closer: {_RUNBOOK}any.md"
    source = first.subject if first.about == "function" else GATEWAY
    level = " LEVEL=ERROR" if first.runbook == "function-errors" else ""
    look = f"make logs FN={source}{level} SINCE=15m STACK={settings.stack}"
    return f"Look closer: {look}; then {_RUNBOOK}{first.runbook}.md"


def _data(settings: Settings, state: StackState) -> Finding:
    name = str(state.outputs["table_name"])
    table = _client(settings, "dynamodb").describe_table(TableName=name)["Table"]
    items, size = int(table.get("ItemCount", 0)), int(table.get("TableSizeBytes", 0))
    values: dict[str, Any] = {"items": items, "bytes": size}
    text = f"{items} items, {size / 1024:.0f} KiB in {name}"
    if settings.local and (age := _snapshot_age()) is not None:
        values["snapshot_age_seconds"] = round(age)
        text += f"; on disk as of {_ago(age)} ago"
    elif not settings.local:
        text += "; counted every six hours"
    return Finding("data", table["TableStatus"] in {"ACTIVE", "UPDATING"}, text, "", values)


def _snapshot_age() -> float | None:
    """Seconds since the local AWS wrote its state last; ``None`` where it is not on this machine's disk."""
    written = [path.stat().st_mtime for path in (aws_instance.folder() / "state").glob("*.json")]
    return max(0.0, time.time() - max(written)) if written else None


def _ago(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _disk() -> Finding:
    free = disk.free_mebibytes(paths.home())
    values, text = {"free_mib": free}, f"{free / 1024:.1f} GiB free"
    if engine_info := docker.info():
        root = Path(engine_info["DockerRootDir"])
        if root.is_dir():
            values["docker_free_mib"] = disk.free_mebibytes(root)
            text += f", {values['docker_free_mib'] / 1024:.1f} GiB for Docker at {root}"
    else:
        text += "; Docker does not answer"
    return Finding(
        "disk", min(values.values()) >= _ROOM_MIB, text, "make clean, or docker image prune", values
    )


def _versions(settings: Settings) -> Finding:
    found = engine.installed()
    absent = plugins.missing()
    values = {
        "engine": found.version if found else "",
        "plugins": "the stand-in" if absent and settings.local else "official",
        "ministack": version("ministack") if settings.local else "",
    }
    local = f", local AWS ministack {values['ministack']}" if settings.local else ""
    text = f"Pulumi {values['engine'] or 'none'}, plugins: {values['plugins']}{local}"
    return Finding("versions", found is not None, text, "make deploy sets it up.", values)
