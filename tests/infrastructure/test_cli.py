"""The command line: what it accepts, how it fails, what it prints."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation as auto

from infrastructure import cli
from infrastructure.cloud import logs
from infrastructure.commands import (
    deploy,
    destroy,
    make_targets,
    promote,
    rollback,
    rotate_keys,
    run_local,
    stack_info,
)
from infrastructure.commands.deploy_request import DeployRequest, DeployResult
from infrastructure.commands.key_schedule import KeySchedule
from infrastructure.commands.promote import Promotion
from infrastructure.errors import DeployError
from infrastructure.release.release import Entry
from infrastructure.release.state import Alias
from infrastructure.review.changes import Change, PropertyChange
from infrastructure.review.review import Review
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from infrastructure.terminal.phases import Phases
from infrastructure.tools import docker

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS: dict[str, Any] = {
    "api_url": "http://localhost:4566/_aws/execute-api/psn-local/$default",
    "image_tag": "20260102-030405-0123abcd",
    "image_uri": "localhost:4566/psn-emulator-local:20260102-030405-0123abcd",
    "ecr_url": "localhost:4566/psn-emulator-local",
    "function_names": ["psn-emulator-local-root", "psn-emulator-local-healthz"],
    "release": {"version": "0.1.0", "commit": "abc", "dirty": False},
}
CHANGE = Change(
    "update", "aws:lambda/function:Function", "root", "urn:x", (PropertyChange("imageUri", "a", "b", False),)
)
PROMOTION = Promotion(
    load_settings("local-a"),
    load_settings("local-b"),
    Entry(
        tag="20260102-030405-0123abcd",
        version="0.1.0",
        commit="abc",
        dirty=False,
        since="2026-01-02T03:04:05+00:00",
        image_uri="localhost:4566/psn-emulator-local-a:20260102-030405-0123abcd",
        versions={"root": "1"},
        inputs={},
    ),
    "sha256:0",
)

GONE = Change("delete", "aws:dynamodb/table:Table", "table", "urn:y", ())


def review_of(*changes: Change, stack: str = "local") -> Review:
    """A review of the changes."""
    return Review(stack, changes)


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads and warnings of the tests are as they were, whatever a command does with its own."""
    monkeypatch.setattr(cli, "_silence_leftovers", lambda: None)


def fails(error: BaseException) -> Any:
    """A function that raises the error, whatever it is called with."""

    def function(*_: Any, **__: Any) -> None:
        raise error

    return function


def noting(asked: list[Any], answer: Any) -> Any:
    """A function that notes what it is asked and gives the answer."""

    def function(what: Any) -> Any:
        asked.append(what)
        return answer

    return function


def test_a_failure_is_one_line_of_cause_and_one_of_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "preview", fails(DeployError("The cloud is gone.", "Look up.")))
    assert cli.main(["preview"]) == 1
    assert capsys.readouterr().err == "error: The cloud is gone.\n       Look up.\n"


def test_a_bug_is_one_line_too_unless_debugging(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    monkeypatch.setattr(deploy, "preview", fails(ZeroDivisionError("division by zero")))
    assert cli.main(["preview"]) == 1
    assert "Traceback" not in (text := capsys.readouterr().err)
    assert text.startswith("error: ZeroDivisionError: division by zero\n")
    monkeypatch.setenv("DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["preview"])


def test_an_interrupt_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "deploy", fails(KeyboardInterrupt()))
    assert cli.main(["deploy"]) == 130
    assert "goes on from where this one stopped" in capsys.readouterr().err


def test_an_interrupt_of_what_changes_nothing_has_nothing_to_go_on_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stack_info, "outputs", fails(KeyboardInterrupt()))
    monkeypatch.setattr(deploy, "preview", fails(KeyboardInterrupt()))
    for command in (["outputs"], ["preview"], ["deploy", "--dry-run"]):
        assert cli.main(command) == 130
        assert capsys.readouterr().err == "error: Interrupted.\n"


def test_an_interrupt_is_how_one_stops_following_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logs, "read_events", fails(KeyboardInterrupt()))
    assert cli.main(["logs", "--follow"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("said", "cause", "remedy"),
    [
        (
            "PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "The Pulumi engine says: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            "Log in (pulumi login; aws sso login for a state kept in S3), then run this again.",
        ),
        (
            "read s3://state: get credentials: no EC2 IMDS role found",
            "The Pulumi engine says: read s3://state: get credentials: no EC2 IMDS role found",
            "Log in (pulumi login; aws sso login for a state kept in S3), then run this again.",
        ),
        ("the state is torn", "The Pulumi engine says: the state is torn", "DEBUG=1 shows all of it."),
    ],
)
def test_what_the_engine_refuses_is_told_in_its_words_and_where_nobody_is_logged_in_how_to_log_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], said: str, cause: str, remedy: str
) -> None:
    monkeypatch.delenv("DEBUG", raising=False)
    refused = auto.CommandError(auto.CommandResult(stdout="", stderr=f"error: {said}\n", code=255))
    monkeypatch.setattr(stack_info, "outputs", fails(refused))
    assert cli.main(["outputs"]) == 1
    assert capsys.readouterr().err == f"error: {cause}\n       {remedy}\n"


@pytest.mark.parametrize(
    ("arguments", "cause", "page"),
    [
        (
            ["run-local", "--port", "many"],
            "run-local: PORT: 'many' is no port: give it a number from 1 to 65535.",
            "run-local ",
        ),
        (["logs", "a", "b"], "infrastructure.cli: unrecognized arguments: a b.", ""),
        (
            ["rollback", "--tag", ""],
            "rollback: TAG: it is empty: name a release, or leave it out.",
            "rollback ",
        ),
        (
            ["promote", "--from=dev", "--to=staging", "--tag="],
            "promote: TAG: it is empty: name a release, or leave it out.",
            "promote ",
        ),
        (
            ["promote", "--from=", "--to=staging"],
            "promote: FROM: it is empty: name a stack, as in make promote FROM=dev TO=staging.",
            "promote ",
        ),
        (
            ["promote", "--from=dev", "--to="],
            "promote: TO: it is empty: name a stack, as in make promote FROM=dev TO=staging.",
            "promote ",
        ),
        (
            ["preview", "--json", "--markdown"],
            "preview: MARKDOWN: not allowed with JSON.",
            "preview ",
        ),
        (["unlock"], "unlock: needs USER or CLIENT.", "unlock "),
        (["unlock", "--user=a", "--client=b"], "unlock: CLIENT: not allowed with USER.", "unlock "),
        (["trace"], "trace: needs ID.", "trace "),
        (["promote"], "promote: needs FROM, TO.", "promote "),
        (
            ["logs", "--fn="],
            "logs: FN: it is empty: name a function, or leave it out.",
            "logs ",
        ),
    ],
)
def test_a_wrong_command_line_is_a_failure_like_any_other(
    capsys: pytest.CaptureFixture[str], arguments: list[str], cause: str, page: str
) -> None:
    assert cli.main(arguments) == 1
    remedy = f"See make help, or .venv/bin/python -m infrastructure.cli {page}--help"
    assert capsys.readouterr().err == f"error: {cause}\n       {remedy}\n"


@pytest.mark.parametrize(
    ("flags", "changes", "code"), [([], [CHANGE], 0), (["--detailed"], [CHANGE], 2), (["--detailed"], [], 0)]
)
def test_a_preview_exits_with_two_only_when_asked_for_detail(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], changes: list[Change], code: int
) -> None:
    monkeypatch.setattr(deploy, "preview", lambda _: review_of(*changes))
    assert cli.main(["preview", *flags]) == code


def test_an_error_of_a_detailed_preview_is_told_from_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "preview", fails(DeployError("The cloud is gone.")))
    assert cli.main(["preview", "--detailed"]) == 1
    assert cli.main(["preview", "--detailed", "--stack", "nowhere"]) == 1
    assert cli.main(["preview", "--detailed", "--no-such-flag"]) == 1


def test_a_preview_in_json_is_one_object(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "preview", lambda _: review_of(CHANGE))
    cli.main(["preview", "--json"])
    (change,) = json.loads(capsys.readouterr().out)["changes"]
    assert change["properties"] == [{"path": "imageUri", "before": "a", "after": "b", "replaces": False}]


def test_a_preview_in_markdown_is_a_comment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "preview", lambda _: review_of(CHANGE))
    cli.main(["preview", "--markdown"])
    assert capsys.readouterr().out.startswith(
        "<!-- psn-emulator preview of local -->\n### `local`: 1 to update\n"
    )


def test_a_preview_without_changes_is_one_plain_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "preview", lambda _: review_of())
    cli.main(["preview"])
    assert capsys.readouterr().out == "local: no changes\n"


def test_a_dry_run_of_a_destroy_is_a_review_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(destroy, "destroy", lambda *_, **__: review_of(GONE))
    monkeypatch.setattr(destroy, "check_deletable", lambda _: None)
    assert cli.main(["destroy", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"] == {"delete": 1}
    assert cli.main(["destroy"]) == 0
    assert capsys.readouterr().out == "local: 1 deleted\n"


def test_a_dry_run_of_a_deploy_is_a_preview(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "deploy", fails(AssertionError("deployed")))
    monkeypatch.setattr(deploy, "preview", lambda _: review_of(CHANGE))
    assert cli.main(["deploy", "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith("local: 1 to update\n")


def test_a_deploy_ends_with_the_url_the_tag_and_lines_to_paste(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = DeployResult(OUTPUTS, "no changes", Phases({"set-up": 0.1, "update": 2.5}))
    monkeypatch.setattr(deploy, "deploy", lambda *_: done)
    assert cli.main(["deploy"]) == 0
    printed = capsys.readouterr()
    assert f"API='{OUTPUTS['api_url']}'" in printed.out
    assert OUTPUTS["image_tag"] in printed.out
    assert "local: no changes (set-up 0.1 s, update 2.5 s; 2.6 s in all)" in printed.err


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        (["--force", "--refresh"], {"force": True, "refresh": True}),
        (["--image-only", "--force"], {"image_only": True, "force": True}),
        (["--infrastructure-only"], {"infrastructure_only": True}),
    ],
)
def test_a_dry_run_is_asked_for_the_same_as_the_deploy(
    monkeypatch: pytest.MonkeyPatch, flags: list[str], asked: dict[str, Any]
) -> None:
    requests: list[DeployRequest] = []
    done = DeployResult(OUTPUTS, "no changes", Phases())
    monkeypatch.setattr(deploy, "deploy", noting(requests, done))
    monkeypatch.setattr(deploy, "preview", noting(requests, review_of()))
    assert cli.main(["deploy", *flags]) == cli.main(["deploy", *flags, "--dry-run"]) == 0
    assert requests == [DeployRequest(load_settings("local"), **asked)] * 2


# Promotion


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What promotions are planned of, from then on; each is of the same release."""
    asked: list[Any] = []

    def plan(source: Settings, target: Settings, tag: str | None, *, may_start: bool) -> Promotion:
        asked.append((source.stack, target.stack, tag, may_start))
        return PROMOTION

    monkeypatch.setattr(promote, "plan_promotion", plan)
    return asked


def test_a_promotion_is_a_deploy_of_the_other_stacks_release(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], planned: list[Any]
) -> None:
    requests: list[DeployRequest] = []
    done = DeployResult(OUTPUTS, "163 created", Phases())
    monkeypatch.setattr(deploy, "deploy", noting(requests, done))
    assert cli.main(["promote", "--from", "local-a", "--to", "local-b"]) == 0
    assert planned == [("local-a", "local-b", None, True)]
    assert requests == [DeployRequest(load_settings("local-b"), promotion=PROMOTION)]
    assert requests[0].kind == "promote from local-a"
    assert OUTPUTS["api_url"] in capsys.readouterr().out


def test_a_dry_run_of_a_promotion_is_a_preview(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], planned: list[Any]
) -> None:
    monkeypatch.setattr(deploy, "deploy", fails(AssertionError("deployed")))
    monkeypatch.setattr(deploy, "preview", lambda _: review_of(CHANGE, stack="local-b"))
    assert cli.main(["promote", "--from", "local-a", "--to", "local-b", "--tag", "t1", "--dry-run"]) == 0
    assert planned == [("local-a", "local-b", "t1", False)]
    assert capsys.readouterr().out.endswith("local-b: 1 to update\n")


# What the other commands print


def test_outputs_are_json_or_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stack_info, "outputs", lambda _: OUTPUTS)
    cli.main(["outputs", "--json"])
    assert json.loads(capsys.readouterr().out) == OUTPUTS
    cli.main(["outputs"])
    lines = capsys.readouterr().out.splitlines()
    assert f"api_url         {OUTPUTS['api_url']}" in lines
    assert "                psn-emulator-local-healthz" in lines
    cli.main(["ecr-url"])
    assert capsys.readouterr().out == "localhost:4566/psn-emulator-local\n"


def test_the_history_shows_the_tag_of_each_update(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    update = stack_info.Update(
        version=3,
        kind="deploy",
        started=start,
        ended=start.replace(second=9),
        result="succeeded",
        tag="the-tag",
        by="ada",
        live=True,
        message="the-tag deploy by ada",
    )
    monkeypatch.setattr(stack_info, "history", lambda _: [update])
    cli.main(["history"])
    shown = capsys.readouterr().out.split()
    assert {"3", "succeeded", "4", "the-tag", "ada", "(live)"} <= set(shown)
    cli.main(["history", "--json"])
    [told] = json.loads(capsys.readouterr().out)
    assert told["started"] == "2026-01-02T03:04:05+00:00"
    assert (told["kind"], told["by"], told["live"]) == ("deploy", "ada", True)


def test_the_history_says_what_each_update_changed_and_folds_those_that_changed_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def update(version: int, message: str, **changes: int) -> stack_info.Update:
        kind = message.split()[1]
        start = datetime(2026, 1, 2, 3, version, tzinfo=UTC)
        return stack_info.Update(version, kind, start, start, "succeeded", "t", "", False, message, changes)

    updates = [
        update(6, "t deploy", same=9),
        update(5, "t deploy", update=2, replace=1, same=7),
        update(4, "t deploy", same=9),
        update(3, "t deploy", same=9),
        update(2, "t rotate-keys", same=9),
        update(1, "t deploy", create=9),
    ]
    monkeypatch.setattr(stack_info, "history", lambda _: updates)
    cli.main(["history"])
    assert [re.sub(" +", " ", line) for line in capsys.readouterr().out.splitlines()] == [
        " 6 2026-01-02 03:06:00 1 update that changed nothing",
        " 5 2026-01-02 03:05:00 succeeded 0 s t deploy: 2 updated, 1 replaced",
        " 3-4 2026-01-02 03:03:00 to 03:04:00 2 updates that changed nothing",
        " 2 2026-01-02 03:02:00 succeeded 0 s t rotate-keys: no changes",
        " 1 2026-01-02 03:01:00 succeeded 0 s t deploy: 9 created",
    ]
    cli.main(["history", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert [item["version"] for item in told] == [6, 5, 4, 3, 2, 1]
    assert told[1]["changes"] == {"created": 0, "updated": 2, "deleted": 0, "replaced": 1, "same": 7}


def test_a_rollback_says_what_moved_and_what_it_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry("t1", "1.2.3", "c0ffee", False, "", "registry/psn:t1", {"root": "1"}, {})
    way = rollback.RollbackPlan(
        entry,
        {"root": Alias("psn-root", "2"), "newer": Alias("psn-newer", "1")},
        {"root": "1", "newer": "1"},
        ("newer",),
        ("older",),
    )
    monkeypatch.setattr(rollback, "preview", lambda *_: way)
    monkeypatch.setattr(rollback, "rollback", lambda *_: (way, Phases({"update": 1.0})))
    assert cli.main(["rollback", "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert "root  version 2 → 1" in shown.out
    assert "1 aliases to move" in shown.out
    assert "newer stays: t1 did not have it" in shown.err
    assert "older does not come back: it was deleted after t1" in shown.err
    assert cli.main(["rollback"]) == 0
    assert "local: back to t1 (1.2.3, c0ffee): 1 aliases moved (update 1.0 s" in capsys.readouterr().out


def test_a_rollback_to_the_live_release_says_that_there_is_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = Entry("t1", "1.2.3", "", True, "", "registry/psn:t1", {"root": "1"}, {})
    way = rollback.RollbackPlan(entry, {"root": Alias("psn-root", "1")}, {"root": "1"}, (), ())
    asked: list[tuple[str, str]] = []

    def rolled_back(settings: Settings, tag: str) -> tuple[rollback.RollbackPlan, Phases]:
        asked.append((settings.stack, tag))
        return way, Phases()

    monkeypatch.setattr(rollback, "rollback", rolled_back)
    assert cli.main(["rollback", "--tag", "t1", "--stack", "dev"]) == 0
    assert asked == [("dev", "t1")]
    assert capsys.readouterr().out.splitlines() == [
        "dev: t1 (1.2.3, no commit, dirty) is live already; nothing to do",
        "What was changed by hand is repaired by: make deploy STACK=dev REFRESH=1",
    ]


def test_only_a_production_stack_asks_for_its_name_before_it_is_destroyed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(destroy, "check_deletable", lambda _: None)
    monkeypatch.setattr(destroy, "destroy", lambda *_, **__: review_of())
    assert [cli.main(["destroy", "--stack", stack]) for stack in ("local", "dev", "staging", "prod")] == [
        0,
        0,
        0,
        1,
    ]
    assert capsys.readouterr().err.startswith("error: This deletes every resource of stack 'prod'")
    assert cli.main(["destroy", "--stack", "prod", "--dry-run"]) == 0
    with pytest.raises(DeployError, match="Nobody is there to confirm it"):
        make_targets._confirm("prod", "This deletes everything.")


def test_the_name_typed_must_be_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: "dev")
    with pytest.raises(DeployError, match="Not confirmed"):
        make_targets._confirm("prod", "This deletes everything.")
    monkeypatch.setattr("builtins.input", lambda _: "prod")
    make_targets._confirm("prod", "This deletes everything.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build-local"], "Would build psn-emulator:local\n"),
        (["docker-login", "--stack", "dev"], "Would log Docker in to the registry of stack 'dev'\n"),
        (
            ["run-local", "--fn", "authorizer"],
            "Would build psn-emulator:local and run authorizer.handler of it on port 9000, over stack 'local'\n",
        ),
        (
            ["check-docker"],
            "Docker does not answer at unix:///nonexistent.sock; would start or install it where possible\n",
        ),
    ],
)
def test_a_dry_run_leaves_docker_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    for module, name in ((run_local, "build"), (run_local, "run"), (docker, "ensure"), (docker, "login")):
        monkeypatch.setattr(module, name, fails(AssertionError(name)))
    assert cli.main([*arguments, "--dry-run"]) == 0
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("named", [["--stack", "local-two"], []])
def test_a_function_runs_over_the_stack_that_is_named(
    monkeypatch: pytest.MonkeyPatch, named: list[str]
) -> None:
    monkeypatch.setenv("STACK", "local-two")
    asked: list[tuple[str, str, int]] = []

    def run(settings: Settings, function: str, port: int) -> int:
        asked.append((settings.stack, function, port))
        return 0

    monkeypatch.setattr(run_local, "run", run)
    assert cli.main(["run-local", *named]) == 0
    assert asked == [("local-two", "root", 9000)]


@pytest.mark.parametrize("command", ["run-local", "build-local"])
def test_a_stack_on_aws_runs_no_function_here(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    for more in ([], ["--dry-run"]):
        assert cli.main([command, "--stack", "dev", *more]) == 1
        assert capsys.readouterr().err.startswith("error: Stack 'dev' is not on this machine.\n")


@pytest.mark.parametrize("command", ["deploy", "rollback", "destroy", "outputs", "run-local"])
def test_a_stack_without_a_name_is_no_way_to_ask_for_the_default(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACK", "")
    for given in ([], ["--stack="]):
        assert cli.main([command, *given]) == 1
        assert "STACK: it is empty" in capsys.readouterr().err


def test_a_dry_run_refuses_what_the_command_would_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run-local", "--fn", "nothing", "--dry-run"]) == 1
    assert capsys.readouterr().err.startswith("error: There is no function 'nothing'.\n")


def test_every_command_has_help() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "infrastructure.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in (
        "deploy",
        "preview",
        "outputs",
        "history",
        "logs",
        "destroy",
        "down",
        "clean",
        "doctor",
        "run-local",
    ):
        assert f"\n    {name} " in shown


@pytest.mark.parametrize(
    "command", ["deploy", "preview", "outputs", "history", "ecr-url", "env", "logs", "destroy"]
)
def test_an_unknown_stack_is_an_error_that_lists_the_known(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--stack", "nowhere"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: There is no stack 'nowhere'.\n       The stacks are dev, local"
    )


def test_the_gist_of_a_long_failure_is_its_last_error() -> None:
    assert cli._gist("\n code: 255\n stderr: error: no stack named 'x' found\n\n") == (
        "stderr: error: no stack named 'x' found"
    )
    assert cli._gist("\n  first\nsecond") == "first"
    assert cli._gist("") == "no more is known"


@pytest.mark.parametrize(
    ("arguments", "done", "expected"),
    [
        (
            ["--dry-run"],
            "preview",
            [
                "local: a new key would sign tokens from 2026-01-02 03:04:05 UTC",
                "  key old stays published until 2026-01-02 04:04:05 UTC, when its last token has expired",
                "  key older is of no more use and would be removed",
            ],
        ),
        (
            ["--now"],
            "rotate",
            [
                "local: key new signs tokens from 2026-01-02 03:04:05 UTC",
                "  key old stays published until 2026-01-02 04:04:05 UTC, when its last token has expired",
                "  key older is of no more use and was removed",
            ],
        ),
    ],
)
def test_a_rotation_tells_of_every_key(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    done: str,
    expected: list[str],
) -> None:
    keys = ({"kid": "old", "published_until": 1767326645}, {"kid": "new", "signs_from": 1767323045})
    asked: list[bool] = []

    def schedule(_: str, *, now: bool) -> KeySchedule:
        asked.append(now)
        return KeySchedule(keys, ("older",), begun=False)

    monkeypatch.setattr(rotate_keys, done, schedule)
    assert cli.main(["rotate-keys", "--stack", "local", *arguments]) == 0
    assert capsys.readouterr().out.splitlines() == expected
    assert asked == ["--now" in arguments]
