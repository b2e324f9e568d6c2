"""What an update that was cut off leaves in a stack, and how it is cleared."""

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from infrastructure import workspace
from infrastructure.errors import DeployError

if TYPE_CHECKING:
    from pulumi import automation as auto

FUNCTION = {"urn": "urn:function", "type": "aws:lambda/function:Function"}


class Stack:
    """A stack of the Automation API whose refresh finds one function."""

    name = "local"

    def __init__(self, *pending: str) -> None:
        self.state: dict[str, Any] = {"resources": [], "pending_operations": list(pending)}
        self.done: list[str] = []

    def cancel(self) -> None:
        """Notes it."""
        self.done.append("cancel")

    def refresh(self, **_: Any) -> None:
        """Notes it, and finds the function."""
        self.done.append("refresh")
        self.state = {"resources": [FUNCTION]}

    def export_stack(self) -> Any:
        """The state."""
        return SimpleNamespace(deployment=self.state)


def recovered(stack: Stack) -> tuple[workspace.Resources, bool]:
    """What recovering the stack gives."""
    return workspace.recover(cast("auto.Stack", stack))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the local state."""
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    return tmp_path


def test_a_stack_whose_last_update_ended_is_left_alone() -> None:
    stack = Stack()
    assert recovered(stack) == ({}, False)
    assert stack.done == []


def test_the_lock_of_a_killed_update_is_cleared_and_what_it_did_read_back(home: Path) -> None:
    lock = home / "pulumi/.pulumi/locks/organization/psn-emulator/local/0123.json"
    lock.parent.mkdir(parents=True)
    lock.touch()
    stack = Stack()
    assert recovered(stack) == ({"urn:function": FUNCTION}, True)
    assert stack.done == ["cancel", "refresh"]


def test_operations_that_were_under_way_are_read_back_also_when_the_lock_is_gone() -> None:
    stack = Stack("creating a function")
    assert recovered(stack) == ({"urn:function": FUNCTION}, True)
    assert stack.done == ["refresh"]


def test_who_holds_a_stack_knows_whether_the_one_before_was_killed(home: Path) -> None:
    with workspace.exclusive("local") as was_killed:
        assert not was_killed
        held = (home / "locks" / "local.lock").read_text()
    with pytest.raises(DeployError), workspace.exclusive("local") as was_killed:
        raise DeployError("it failed")
    with workspace.exclusive("local") as was_killed:
        assert not was_killed
    (home / "locks" / "local.lock").write_text(held)
    with workspace.exclusive("local") as was_killed:
        assert was_killed


def test_the_passphrase_is_made_once_and_its_owners_alone() -> None:
    variables = workspace.environment("local")
    passphrase = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert passphrase.stat().st_mode & 0o777 == 0o600
    made = passphrase.read_text()
    assert len(made) > 20
    workspace.environment("local")
    assert passphrase.read_text() == made
