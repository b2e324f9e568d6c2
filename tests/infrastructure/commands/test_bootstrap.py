"""What an AWS account is given before its first deploy."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from infrastructure import cli
from infrastructure.commands.bootstrap_policies import policy
from infrastructure.stack.loading import load_settings

REPOSITORY = "studio/psn-emulator"
BUCKET = "psn-emulator-state-123456789012-eu-west-1"


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS account with nothing in it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def bootstrap(*more: str) -> int:
    return cli.main(["bootstrap", "--stack", "dev", "--repository", REPOSITORY, *more])


def test_it_makes_all_and_a_second_time_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap("--yes") == 0
    said = capsys.readouterr().out
    assert said.count("to make") == said.count("  made  ") == 6
    assert f"PULUMI_BACKEND_URL=s3://{BUCKET}?region=eu-west-1" in said
    assert "AWS_ROLE=arn:aws:iam::123456789012:role/psn-emulator-dev-deploy" in said
    assert (
        "psn-emulator:permissions_boundary: arn:aws:iam::123456789012:policy/psn-emulator-dev-boundary"
        in said
    )
    assert bootstrap() == 0
    said = capsys.readouterr().out
    assert said.count("is there") == 6
    assert "made" not in said
    assert len(boto3.client("kms", "eu-west-1").list_keys()["Keys"]) == 1


def test_the_state_is_encrypted_kept_in_versions_and_closed_to_the_public() -> None:
    bootstrap("--yes")
    s3 = boto3.client("s3", "eu-west-1")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    [rule] = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == "alias/psn-emulator-state"


def test_only_jobs_of_the_stacks_environment_take_the_role() -> None:
    bootstrap("--yes")
    role = boto3.client("iam").get_role(RoleName="psn-emulator-dev-deploy")["Role"]
    [trust] = json.loads(json.dumps(role["AssumeRolePolicyDocument"]))["Statement"]
    subject = trust["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == f"repo:{REPOSITORY}:environment:dev"


def test_policies_of_an_earlier_time_are_brought_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap("--yes")
    iam = boto3.client("iam")
    boundary = "arn:aws:iam::123456789012:policy/psn-emulator-dev-boundary"
    wide = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    )
    for _ in range(3):
        iam.create_policy_version(PolicyArn=boundary, PolicyDocument=wide, SetAsDefault=True)
    iam.put_role_policy(RoleName="psn-emulator-dev-deploy", PolicyName="deploy", PolicyDocument=wide)
    capsys.readouterr()
    assert bootstrap("--yes") == 0
    assert capsys.readouterr().out.count("  made  ") == 2
    assert bootstrap() == 0
    assert capsys.readouterr().out.count("is there") == 6
    deploy = iam.get_role_policy(RoleName="psn-emulator-dev-deploy", PolicyName="deploy")["PolicyDocument"]
    assert deploy == json.loads(policy("deploy", load_settings("dev"), "123456789012", BUCKET))


def test_a_dry_run_makes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap("--dry-run") == 0
    assert capsys.readouterr().out.count("to make") == 6
    assert boto3.client("kms", "eu-west-1").list_keys()["Keys"] == []


def test_who_does_not_say_yes_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "")
    assert bootstrap() == 1
    assert boto3.client("kms", "eu-west-1").list_keys()["Keys"] == []


def test_a_local_stack_needs_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bootstrap", "--stack", "local", "--repository", REPOSITORY]) == 1
    assert "needs nothing made before" in capsys.readouterr().err
