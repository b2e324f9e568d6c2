"""What an update that was cut off changed gets a version."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.cloud import session, versions
from infrastructure.errors import DeployError
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_settings
from infrastructure.tools import paths
from tests.support.stacks import FUNCTION

NAMES = ("psn-emulator-local-root", "psn-emulator-local-healthz")
STATE = StackState({name: {"type": FUNCTION, "inputs": {"name": name}} for name in NAMES})
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/psn-emulator-local"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Lambda with two functions, each with a first version."""
    monkeypatch.setattr(paths, "aws_endpoint", lambda: None)
    monkeypatch.setenv("MOTO_LAMBDA_STUB_ECR", "true")
    with mock_aws():
        client = boto3.client("lambda", region_name="us-east-1")
        roles = boto3.client("iam", region_name="us-east-1")
        role = roles.create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        for name in NAMES:
            client.create_function(
                FunctionName=name,
                Role=role,
                PackageType="Image",
                Code={"ImageUri": f"{REGISTRY}:1"},
                Publish=True,
            )
        yield client


def test_a_function_that_was_changed_and_not_published_gets_a_version_of_the_change(client: Any) -> None:
    client.update_function_code(FunctionName=NAMES[0], ImageUri=f"{REGISTRY}:2")
    versions.publish(load_settings("local"), STATE)
    made = client.get_function(FunctionName=NAMES[0], Qualifier="2")
    assert made["Code"]["ImageUri"] == f"{REGISTRY}:2"


def test_a_function_that_is_gone_is_left_to_the_update(client: Any) -> None:
    client.delete_function(FunctionName=NAMES[0])
    client.update_function_code(FunctionName=NAMES[1], ImageUri=f"{REGISTRY}:2")
    versions.publish(load_settings("local"), STATE)
    assert client.get_function(FunctionName=NAMES[1], Qualifier="2")


def test_a_stack_without_functions_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "session", None)
    versions.publish(load_settings("local"), StackState())


@pytest.mark.usefixtures("client")
def test_who_may_not_look_at_functions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = boto3.Session("key", "secret", region_name="us-east-1")
    denied = {"Error": {"Code": "AccessDeniedException", "Message": "not you"}, "ResponseMetadata": {}}

    def deny(**_: object) -> Any:
        return SimpleNamespace(status_code=403), denied

    opened.events.register("before-call.lambda.GetFunction", deny)
    monkeypatch.setattr(session, "session", lambda *_: opened)
    with pytest.raises(DeployError, match=r"cannot be published: .*not you") as caught:
        versions.publish(load_settings("local"), STATE)
    assert "lambda:GetFunction" in caught.value.remedy
