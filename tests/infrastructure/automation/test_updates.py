"""What an update says that cannot go on, and what one gives whose events did not come through."""

import traceback
from functools import partial
from typing import Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi.automation import CommandResult
from pulumi.runtime import resource

from infrastructure.automation import updates, workspace
from infrastructure.errors import DeployError
from infrastructure.review.changes import ChangeLog
from infrastructure.stack.loading import load_settings
from tests.support.recorded import record


@pytest.mark.usefixtures("own_backend")
def test_who_finds_another_update_under_way_on_aws_is_told_how_to_clear_what_a_killed_one_left() -> None:
    refused: list[updates.BusyError] = []

    def meanwhile() -> None:
        with (
            workspace.open_stack(load_settings("dev"), may_create=False) as second,
            pytest.raises(updates.BusyError) as caught,
        ):
            updates.up(second, lambda: None, "a message", "The deploy of dev failed")
        refused.append(caught.value)

    with workspace.open_stack(load_settings("dev"), may_create=True) as first:
        first.up(program=meanwhile)
    assert refused[0].cause == "The deploy of dev failed: another update of this stack is running."
    assert refused[0].remedy == (
        "Wait until it has ended, then run this again."
        ' If it was killed: eval "$(make -s env STACK=dev)"; pulumi -C infrastructure cancel'
    )


@pytest.mark.usefixtures("own_backend")
def test_the_outputs_are_those_of_the_state_where_no_event_came_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ChangeLog, "record", lambda *_: None)
    with workspace.open_stack(load_settings("dev"), may_create=True) as stack:
        outputs, _ = updates.up(
            stack, lambda: pulumi.export("api_url", "http://api"), "a message", "The deploy of dev failed"
        )
    assert outputs == {"api_url": "http://api"}


@pytest.mark.usefixtures("own_backend")
def test_a_state_of_another_passphrase_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def declare() -> None:
        pulumi.export("secret", pulumi.Output.secret("x"))

    with workspace.open_stack(load_settings("dev"), may_create=True) as stack:
        updates.up(stack, declare, "a message", "The deploy of dev failed")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    with (
        workspace.open_stack(load_settings("dev"), may_create=False) as stack,
        pytest.raises(DeployError, match="incorrect passphrase") as caught,
    ):
        updates.up(stack, declare, "a message", "The deploy of dev failed")
    assert "make clean" in caught.value.remedy


@pytest.mark.parametrize(
    ("cause", "remedy"),
    [
        (
            "root-alias: ResourceNotFoundException: Requested resource not found",
            "make deploy STACK=prod REFRESH=1",
        ),
        (
            "healthz-role: creating IAM Role (r): operation error IAM: CreateRole, https response error StatusCode:"
            " 409, RequestID: 1, EntityAlreadyExists: Role with name r already exists.",
            "cut off",
        ),
        (
            "healthz-function: creating Lambda Function (f): operation error Lambda: CreateFunction, https response"
            " error StatusCode: 409, RequestID: 1, ResourceConflictException: Function already exist: f",
            "cut off",
        ),
        (
            "seed-secret: creating Secrets Manager Secret (s): operation error Secrets Manager: CreateSecret, https"
            " response error StatusCode: 400, RequestID: 1, InvalidRequestException: You can't create this secret"
            " because a secret with this name is already scheduled for deletion.",
            "make destroy keeps a secret",
        ),
        ("image: tag invalid: The image tag 't' already exists in the 'r' repository", "DEBUG=1"),
    ],
)
def test_what_stands_in_the_way_on_aws_is_told_with_its_remedy(cause: str, remedy: str) -> None:
    with (
        pytest.raises(DeployError) as caught,
        updates.translate_errors(
            ChangeLog(errors=[cause]), "The deploy of prod failed", load_settings("prod")
        ),
    ):
        raise auto.CommandError(CommandResult("", "", 255))
    assert caught.value.cause == f"The deploy of prod failed: {cause}"
    assert remedy in caught.value.remedy


def test_of_a_programs_calls_few_are_recorded_and_none_is_lost_afterwards() -> None:
    def recorded(depth: int) -> int:
        return len(traceback.extract_stack()) if depth == 0 else recorded(depth - 1)

    assert updates.traced_briefly(partial(recorded, 40))() == 11
    assert recorded(40) > 40
    with pytest.raises(RecursionError):
        updates.traced_briefly(partial(recorded, -1))()
    assert recorded(40) > 40


@pytest.mark.usefixtures("few_routes")
def test_what_is_recorded_of_a_resource_begins_where_the_whole_of_it_would(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begins: list[tuple[Any, Any]] = []
    trace = resource._get_stack_trace

    def noting() -> Any:
        whole, few = trace(), updates.traced_briefly(trace)()
        begins.append((whole.frames[0], few.frames[0] if few.frames else None))
        return few

    monkeypatch.setattr(resource, "_get_stack_trace", noting)
    record("local")
    assert len(begins) > 50
    assert all(few == whole for whole, few in begins)
