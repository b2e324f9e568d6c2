"""``make unlock``: the failed logins that the functions have counted, forgotten."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infrastructure import cli
from infrastructure.automation import workspace
from infrastructure.cloud import session
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.release.state import STACK, StackState
from services.identity import lockout
from services.identity.lockout import Counter, client_failures_key, count_failure, user_failures_key
from utils import table
from utils.aws import client
from utils.oauth_errors import InvalidGrantException
from utils.sandbox import DEFAULT, Sandbox, sandbox_key
from utils.writes import Put, Update

SOURCES = ("192.0.2.1", "2001:db8::/64")


@pytest.fixture(autouse=True)
def persisted(dynamodb_table: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A deployed stack whose table is that of the functions; the stacks whose local AWS was told to write its state."""
    stack = {
        "type": STACK,
        "outputs": {"image_tag": "20260102-030405-0123abcd", "table_name": dynamodb_table},
    }
    persisted: list[str] = []
    monkeypatch.setattr(workspace, "read_state", lambda _: StackState({"urn::stack": stack}))
    monkeypatch.setattr(readiness, "require_aws", lambda *_: None)
    monkeypatch.setattr(readiness, "persist", lambda settings: persisted.append(settings.stack))
    monkeypatch.setattr(session, "client", lambda _settings, service: client(service))
    return persisted


def failed(*keys: tuple[str, str], times: int = 10) -> None:
    for key in keys:
        for _ in range(times):
            count_failure(key, 100)


def left(*keys: tuple[str, str]) -> list[tuple[str, str]]:
    return list(table.get_many(keys))


USERS = [
    *(user_failures_key(DEFAULT, "testuser", source) for source in SOURCES),
    user_failures_key(lockout.STACK, "testuser", SOURCES[0]),
]
CLIENTS = [client_failures_key(DEFAULT, "demo-backend", source) for source in SOURCES]
GENERATION = "19a3b2c4d5e6f7a8"
ELSEWHERE = [user_failures_key(Sandbox("ci-7", GENERATION), "testuser", SOURCES[0])]
OTHERS = [user_failures_key(DEFAULT, "admin", SOURCES[0])]
ALL = [*USERS, *CLIENTS, *ELSEWHERE, *OTHERS]


@pytest.mark.parametrize(
    ("arguments", "unlocked", "name"),
    [
        (["--user", "TestUser"], USERS, "TestUser"),
        (["--client", "demo-backend"], CLIENTS, "demo-backend"),
        (["--user", "testuser", "--sandbox", "ci-7"], ELSEWHERE, "testuser"),
    ],
)
def test_everybody_at_every_source_may_try_again_and_nobody_else(
    capsys: pytest.CaptureFixture[str],
    persisted: list[str],
    arguments: list[str],
    unlocked: list[tuple[str, str]],
    name: str,
) -> None:
    failed(*ALL)
    table.write(Update(sandbox_key("ci-7"), assign={"generation": GENERATION}))
    with pytest.raises(InvalidGrantException):
        lockout.require_user_not_locked_out([Counter(unlocked[0], 101, 10)], table.get_many(unlocked[:1]))
    assert cli.main(["unlock", "--stack", "local", *arguments]) == 0
    sources = ", ".join(sorted({sk for _, sk in unlocked}))
    assert capsys.readouterr().out == f"Forgot the failed logins of {name} from {sources}\n"
    assert set(left(*ALL)) == set(ALL) - set(unlocked)
    assert persisted == ["local"]


def test_who_is_not_locked_out_is_told_so(capsys: pytest.CaptureFixture[str], persisted: list[str]) -> None:
    assert cli.main(["unlock", "--stack", "local", "--user", "testuser"]) == 0
    assert capsys.readouterr().out == "testuser has no failed logins in the sandbox default\n"
    assert persisted == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--user", "Testusr"], "The seed of stack local has no user of this name: did you mean testuser?"),
        (["--user", "kratos"], "The seed of stack local has no user of this name; it has 2."),
        (["--client", "testuser"], "The seed of stack local has no client of this name; it has 4."),
    ],
)
def test_a_name_that_the_seed_does_not_know_is_told_with_those_like_it(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert cli.main(["unlock", "--stack", "local", *arguments]) == 1
    assert capsys.readouterr().out == f"{arguments[1]} has no failed logins in the sandbox default\n{told}\n"


@pytest.mark.parametrize("sandbox", ["nowhere", "No_Where"])
def test_a_sandbox_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str], sandbox: str) -> None:
    assert cli.main(["unlock", "--stack", "local", "--user", "testuser", "--sandbox", sandbox]) == 1
    assert f"There is no sandbox '{sandbox}'" in capsys.readouterr().err


def test_who_is_registered_at_run_time_is_no_stranger() -> None:
    for sk in ("user#kratos", "client#companion"):
        table.write(Put({"pk": "default#accounts", "sk": sk, "entry_json": "{}"}))
    assert cli.main(["unlock", "--stack", "local", "--user", "Kratos"]) == 0
    assert cli.main(["unlock", "--stack", "local", "--client", "companion"]) == 0


def test_a_dry_run_forgets_nothing(capsys: pytest.CaptureFixture[str], persisted: list[str]) -> None:
    failed(*USERS)
    assert cli.main(["unlock", "--stack", "local", "--user", "testuser", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("Would forget")
    assert (left(*USERS), persisted) == (USERS, [])


@pytest.mark.parametrize(
    "arguments", [[], ["--user", ""], ["--client", ""], ["--user", "a", "--client", "b"], ["--user"]]
)
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    assert cli.main(["unlock", "--stack", "local", *arguments]) == 1


def test_what_aws_refuses_is_one_line(dynamodb_table: str) -> None:
    from infrastructure.commands import unlock
    from infrastructure.stack.loading import load_settings

    client("dynamodb").delete_table(TableName=dynamodb_table)
    with pytest.raises(DeployError, match="AWS refuses"):
        unlock.unlock(load_settings("local"), user="a", client=None, sandbox="default", dry_run=False)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ([], "unlock"),
        (["USER=testuser"], "unlock --user=testuser"),
        (["CLIENT=demo-backend", "SANDBOX=ci-7"], "unlock --client=demo-backend --sandbox=ci-7"),
    ],
)
def test_make_takes_the_name_that_is_typed_and_not_the_shells(
    project: Path, typed: list[str], asked: str
) -> None:
    outside = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment: dict[str, Any] = {**outside, "USER": "somebody", "CLIENT": "something"}
    told = subprocess.run(
        ["make", "-n", "--no-print-directory", "unlock", *typed],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert " ".join(told.splitlines()[-1].replace("'", "").split()).endswith(f"infrastructure.cli {asked}")
