"""What of a stack's functions differs from its state, seen at a glance."""

from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.cloud import drift
from infrastructure.cloud.drift import Function
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_settings
from infrastructure.tools import paths
from tests.support.stacks import ALIAS, FUNCTION

RESOURCES: dict[str, dict[str, Any]] = {
    "urn:function": {
        "type": FUNCTION,
        "inputs": {"name": "psn-emulator-local-root"},
        "outputs": {"lastModified": "noon"},
    },
    "urn:alias": {
        "type": ALIAS,
        "parent": "urn::root",
        "inputs": {"functionName": "psn-emulator-local-root", "functionVersion": "3"},
    },
}
STATE = StackState(RESOURCES)


@pytest.mark.parametrize(
    ("found", "differs"),
    [
        (Function("noon", "3"), False),
        (Function("one o'clock", "3"), True),
        (Function("noon", "2"), True),
        (Function("noon", None), True),
        (None, True),
    ],
)
def test_a_function_differs_when_it_was_changed_moved_or_deleted(
    found: Function | None, differs: bool
) -> None:
    name = "psn-emulator-local-root"
    assert drift.drifted_names(STATE, {name: found} if found else {}) == [name] * differs


def test_a_function_that_a_failed_first_deploy_left_without_an_alias_is_as_the_state_says() -> None:
    made = StackState({"urn:function": RESOURCES["urn:function"]})
    assert drift.drifted_names(made, {"psn-emulator-local-root": Function("noon", None)}) == []


def test_functions_of_others_are_no_concern() -> None:
    assert drift.drifted_names(StackState(), {"psn-emulator-local-root": Function("noon", "3")}) == []


def test_only_the_functions_of_the_stack_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paths, "aws_endpoint", lambda: None)
    with mock_aws():
        role = boto3.client("iam", region_name="us-east-1").create_role(
            RoleName="any", AssumeRolePolicyDocument="{}"
        )["Role"]["Arn"]
        client = boto3.client("lambda", region_name="us-east-1")
        for name in ("psn-emulator-local-root", "psn-emulator-local-7-root", "another"):
            client.create_function(
                FunctionName=name,
                Role=role,
                PackageType="Image",
                Code={"ImageUri": "image:tag"},
                Publish=True,
            )
        client.create_alias(FunctionName="psn-emulator-local-root", Name="live", FunctionVersion="1")
        asked: list[str] = []

        def version(_: object, name: str) -> str:
            asked.append(name)
            return "1"

        monkeypatch.setattr(drift._Functions, "_version", version)
        monkeypatch.setattr(drift._Functions, "close", lambda functions: functions._pool.shutdown())
        with drift.reading_functions(load_settings("local")) as drifted:
            assert drifted(STATE) == ["psn-emulator-local-root"]
    assert asked.count("psn-emulator-local-root") == 1
    assert not {"psn-emulator-local-7-root", "another"} & set(asked)


def test_an_aws_that_does_not_tell_ends_the_deploy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "aws_endpoint", lambda: "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with (
        drift.reading_functions(load_settings("local")) as drifted,
        pytest.raises(DeployError, match="cannot be looked at"),
    ):
        drifted(STATE)
