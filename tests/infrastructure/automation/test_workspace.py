"""How a stack is opened and read, and what an update that was cut off leaves in it and how it is cleared."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import moto
import pytest

from infrastructure.automation import plugins, workspace
from infrastructure.cloud import versions
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_settings
from infrastructure.tools import engine

if TYPE_CHECKING:
    from infrastructure.automation.lean_stack import LeanStack

FUNCTION = {"urn": "urn:function", "type": "aws:lambda/function:Function"}


class Stack:
    """A stack of the Automation API whose refresh finds one function."""

    def __init__(self, *pending: str, stack: str = "local") -> None:
        self.settings, self.name = load_settings(stack), stack
        self.known = StackState(pending=bool(pending))
        self.done: list[str] = []

    def cancel(self) -> None:
        """Notes it."""
        self.done.append("cancel")

    def refresh(self, **_: Any) -> None:
        """Notes it, and finds the function."""
        self.done.append("refresh")
        self.known = StackState({"urn:function": FUNCTION})

    def state(self) -> StackState:
        """The state."""
        return self.known


def recovered(stack: Stack) -> tuple[StackState, bool]:
    """What recovering the stack gives."""
    return workspace.recover(cast("LeanStack", stack))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the local state."""
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """What an engine was asked that knows one function in every stack that has been created."""
    state = {"version": 3, "deployment": {"resources": [FUNCTION]}}
    (home / "exported").write_text(json.dumps(state))
    path = home / "engine"
    path.write_text(
        f"""#!/bin/sh
        echo "$*" >> {home}/asked
        case "$*" in
            *"stack select"*) echo "error: no stack named 'local' found" >&2; exit 255 ;;
            *"stack export"*) cat {home}/exported ;;
        esac
        """
    )
    path.chmod(0o755)
    (home / "asked").touch()
    monkeypatch.setattr(engine, "resolve", lambda: engine.Engine(path, "3.259.0"))
    monkeypatch.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
    return lambda: [
        line.removeprefix("--non-interactive ") for line in (home / "asked").read_text().splitlines()
    ]


def deployed_before(home: Path) -> None:
    """Leaves the state of a local stack."""
    file = home / "pulumi/.pulumi/stacks/psn-emulator/local.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"resources": [FUNCTION]}}}))
    (home / "passphrase").write_text("a passphrase")


def test_a_local_stack_that_was_deployed_before_is_read_without_the_engine(
    home: Path, asked: Callable[[], list[str]]
) -> None:
    deployed_before(home)
    with workspace.open_stack(load_settings("local"), may_create=False) as opened:
        assert opened.state() == StackState({"urn:function": FUNCTION})
        assert repr(opened).startswith("LeanStack('local', LocalWorkspace(")
    assert asked() == []


def test_an_aws_stack_is_read_in_one_run_of_the_engine(asked: Callable[[], list[str]]) -> None:
    assert workspace.read_state(load_settings("dev")) == StackState({"urn:function": FUNCTION})
    assert asked() == ["stack export --stack dev"]


def test_a_new_stack_is_created_where_it_may_be(asked: Callable[[], list[str]]) -> None:
    with workspace.open_stack(load_settings("local"), may_create=True):
        assert [line.split(" --")[0] for line in asked()] == ["stack select", "stack init local"]


def test_a_stack_that_is_not_there_is_an_error_that_says_how_to_make_it(
    asked: Callable[[], list[str]],
) -> None:
    with (
        pytest.raises(DeployError, match="never deployed") as caught,
        workspace.open_stack(load_settings("dev"), may_create=False),
    ):
        raise AssertionError("opened")
    assert caught.value.remedy == "Deploy it: make deploy STACK=dev"
    assert not any("init" in line for line in asked())


def test_a_stack_whose_last_update_ended_is_left_alone() -> None:
    stack = Stack()
    assert recovered(stack) == (StackState(), False)
    assert stack.done == []


def test_the_lock_of_a_killed_update_is_cleared_and_what_it_did_read_back(home: Path) -> None:
    lock = home / "pulumi/.pulumi/locks/organization/psn-emulator/local/0123.json"
    lock.parent.mkdir(parents=True)
    lock.touch()
    stack = Stack()
    assert recovered(stack) == (StackState({"urn:function": FUNCTION}), True)
    assert stack.done == ["cancel", "refresh"]


def test_operations_that_were_under_way_are_read_back_also_when_the_lock_is_gone() -> None:
    stack = Stack("creating a function")
    assert recovered(stack) == (StackState({"urn:function": FUNCTION}), True)
    assert stack.done == ["refresh"]


@moto.mock_aws
def test_nothing_is_read_back_from_another_account_than_the_resources_are_in() -> None:
    stack = Stack("creating a function", stack="prod")
    role = {
        "urn": "urn:role",
        "type": "aws:iam/role:Role",
        "outputs": {"arn": "arn:aws:iam::222222222222:role/r"},
    }
    api = {"urn": "urn:api", "type": "any", "outputs": {"arn": "arn:aws:apigateway:eu-west-1::/apis/a1"}}
    items: tuple[dict[str, Any], ...] = (role, api, {"urn": "urn:group", "type": "any"})
    stack.known = StackState({item["urn"]: item for item in items}, pending=True)
    with pytest.raises(DeployError, match="account 123456789012, stack 'prod' is of 222222222222"):
        recovered(stack)
    assert stack.done == []


def test_what_an_update_changed_is_published_before_it_is_read_back(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack("updating a function")
    monkeypatch.setattr(versions, "publish", lambda *_: stack.done.append("publish"))
    recovered(stack)
    assert stack.done == ["publish", "refresh"]


def test_a_shell_that_was_shown_a_local_stack_finds_the_others_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states")
    assert "PULUMI_BACKEND_URL" not in workspace.engine_variables(load_settings("dev"))
    monkeypatch.setenv(
        "PULUMI_BACKEND_URL", workspace.engine_variables(load_settings("local"))["PULUMI_BACKEND_URL"]
    )
    assert workspace.engine_variables(load_settings("dev"))["PULUMI_BACKEND_URL"] == ""


def test_a_local_stacks_own_passphrase_wins_over_one_that_is_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of another project")
    with workspace.open_stack(load_settings("local"), may_create=True) as stack:
        variables = os.environ | dict(stack.workspace.env_vars)
    own = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"]).read_text().strip()
    assert variables["PULUMI_CONFIG_PASSPHRASE"] == own
    assert own not in "".join(workspace.engine_variables(load_settings("local")).values())


def test_the_passphrase_is_made_once_and_its_owners_alone() -> None:
    variables = workspace.engine_variables(load_settings("local"))
    passphrase = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert passphrase.stat().st_mode & 0o777 == 0o600
    made = passphrase.read_text()
    assert len(made) > 20
    workspace.engine_variables(load_settings("local"))
    assert passphrase.read_text() == made
