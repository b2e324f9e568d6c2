"""What deleting a stack takes, and what it leaves."""

from pathlib import Path

import moto
import pulumi
import pytest

from infrastructure.automation import exclusion, workspace
from infrastructure.commands import destroy, readiness
from infrastructure.errors import DeployError
from infrastructure.local import aws_instance
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from tests.support.leftovers import LISTS

OURS, ANOTHER = "123456789012", "222222222222"


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, StackState]]:
    """The stacks whose AWS was asked to survive a crash, and what was in their states then."""
    seen: list[tuple[str, StackState]] = []

    def note(settings: Settings) -> None:
        seen.append((settings.stack, workspace.read_state(settings)))

    monkeypatch.setattr(readiness, "prepare_deploy", lambda _: None)
    monkeypatch.setattr(readiness, "persist", note)
    return seen


def deploy(account: str) -> None:
    """Has the stack ``dev`` hold a resource of that account, which takes no plugin."""

    def declare() -> None:
        thing = pulumi.ComponentResource("test:index:Thing", "thing")
        thing.register_outputs({"arn": f"arn:aws:iam::{account}:role/r"})

    with workspace.open_stack(load_settings("dev"), may_create=True) as opened:
        opened.up(program=declare)


@pytest.mark.usefixtures("own_backend")
@moto.mock_aws
def test_what_was_deleted_stays_deleted_after_a_crash(settled: list[tuple[str, StackState]]) -> None:
    deploy(OURS)
    destroy.destroy(load_settings("dev"), dry_run=True)
    assert settled == []
    destroy.destroy(load_settings("dev"), dry_run=False)
    assert settled == [("dev", StackState())]


@pytest.mark.usefixtures("own_backend", "settled")
@moto.mock_aws
def test_a_preview_of_it_leaves_what_is_noted_of_a_deploy_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path / "home"))
    deploy(OURS)
    with pytest.raises(KeyboardInterrupt), exclusion.exclusive("dev"):
        raise KeyboardInterrupt
    destroy.destroy(load_settings("dev"), dry_run=True)
    with exclusion.exclusive("dev") as was_cut_off:
        assert was_cut_off
        destroy.destroy(load_settings("dev"), dry_run=True)  # waits for nobody


@pytest.mark.usefixtures("own_backend", "settled")
@moto.mock_aws
def test_a_stack_in_another_account_is_not_taken_for_deleted() -> None:
    deploy(ANOTHER)
    with pytest.raises(DeployError, match=f"account {OURS}, stack 'dev' is of {ANOTHER}"):
        destroy.destroy(load_settings("dev"), dry_run=False)
    assert workspace.read_state(load_settings("dev")).resources


def test_what_is_left_is_looked_for_in_every_service_that_a_local_stack_has() -> None:
    assert set(aws_instance.SERVICES) <= LISTS.keys()
    assert {client for lists in LISTS.values() for client, *_ in lists} >= {
        "cloudwatch",
        "logs",
        "sns",
        "kms",
    }
