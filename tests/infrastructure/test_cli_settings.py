"""How often a command reads what a stack's files say: its settings once, and its seed once or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import argon2
import boto3
import pytest
from argon2.exceptions import VerifyMismatchError
from botocore.client import BaseClient
from moto import mock_aws

import account_rules
from infrastructure import cli
from infrastructure.automation import exclusion, plugins, workspace
from infrastructure.cloud import probe, registry
from infrastructure.commands import rotate_keys
from infrastructure.local import base_image
from infrastructure.release.state import StackState
from infrastructure.stack import seeds, stack_file
from infrastructure.stack.settings import Settings
from infrastructure.tools import docker, engine
from seeding import signing_keys
from tests.infrastructure.commands.test_rollback import FIRST, SECOND, state
from tests.infrastructure.conftest import HASH_OF_PASSWORD123, WriteSeed, WriteStack, a_user
from tests.support.recorded import run, state_of
from tests.support.stacks import FUNCTION

type States = dict[str, StackState]
"""The states of stacks, by stack."""

USERS = [
    a_user(f"user{number}", f"$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGVz{number:04}")
    | {"subject": str(UUID(int=number))}
    for number in range(20)
]
"""Each with a password of its own, which is no default one."""


class Stack:
    """A stack whose engine runs the program without a cloud, and then has the state that it declared."""

    def __init__(self, states: States, settings: Settings, *_: object) -> None:
        self.settings, self.name = settings, settings.stack
        self.states = states

    def state(self) -> StackState:
        """The state."""
        return self.states.get(self.name, StackState())

    def up(self, program: Callable[[], Any], **_: Any) -> None:
        """Runs the program, and keeps what it declares."""
        self.states[self.name] = StackState(state_of(run(program, self.name)))

    def preview(self, program: Callable[[], Any], **_: Any) -> None:
        """Runs the program."""
        run(program, self.name, preview=True)

    def destroy(self, **_: Any) -> None:
        """Deletes nothing."""

    def history(self, **_: Any) -> list[Any]:
        """No updates."""
        return []


@pytest.fixture
def states() -> States:
    """The states of the stacks that were deployed: staging, which runs a release and keeps another."""
    resources = state(SECOND, SECOND, FIRST, root="2").resources
    for item in resources.values():
        if item["type"] == FUNCTION:
            item["inputs"]["environment"] = {"variables": {"ACCESS_TOKEN_SECONDS": "600"}}
    for name in ("public-keys", "signing-keys"):
        resources[f"urn::{name}"] = {
            "type": "aws:secretsmanager/secretVersion:SecretVersion",
            "custom": True,
            "outputs": {"secretId": name, "versionId": "1"},
        }
    return {"staging": StackState(resources)}


@pytest.fixture(autouse=True)
def prod(
    few_routes: None,
    write_stack: WriteStack,
    write_seed: WriteSeed,
    states: States,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[None]:
    """A stack ``prod`` with 20 users, an AWS in process, and an engine, a registry and a Docker that do nothing."""
    write_stack(
        "prod",
        architecture="arm64",
        image_by_promotion=False,
        deletion_protection=False,
        accept_data_loss=True,
        base_image_digest=f"sha256:{'0' * 64}",
    )
    write_seed("prod", *USERS)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")

    @contextmanager
    def exclusive(_: str) -> Iterator[bool]:
        yield False

    @contextmanager
    def opened(settings: Settings, **_: bool) -> Iterator[Stack]:
        yield Stack(states, settings)

    monkeypatch.setattr(cli, "_silence_leftovers", lambda: None)
    monkeypatch.setattr(engine, "resolve", lambda: engine.Engine(Path("pulumi"), engine.REQUIRED))
    monkeypatch.setattr(plugins, "decide", lambda _: plugins.Decision(official=True))
    monkeypatch.setattr(workspace, "_stack", partial(Stack, states))
    monkeypatch.setattr(workspace, "open_stack", opened)
    monkeypatch.setattr(exclusion, "exclusive", exclusive)
    monkeypatch.setattr(docker, "ensure", lambda: None)
    monkeypatch.setattr(base_image, "ensure", lambda **_: None)
    monkeypatch.setattr(registry, "docker_login", lambda _: None)
    monkeypatch.setattr(probe, "probe", lambda _: ())
    monkeypatch.setattr(rotate_keys, "_secret_value", lambda *_: signing_keys.key_set([]))
    with mock_aws():
        yield


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done from then on: settings and seeds that are read, passwords that are tried, calls of AWS."""
    notes: list[str] = []
    read_file, read_seed, call = stack_file.read_settings, seeds.read_seed, BaseClient._make_api_call  # type: ignore[attr-defined]

    def noting(note: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any, **options: Any) -> Any:
            notes.append(note)
            return function(*arguments, **options)

        return noted

    def mismatch(*_: object) -> None:
        raise VerifyMismatchError

    monkeypatch.setattr(stack_file, "read_settings", noting("settings", read_file))
    monkeypatch.setattr(seeds, "read_seed", noting("seed", read_seed))
    monkeypatch.setattr(argon2.PasswordHasher, "verify", noting("password", mismatch))
    monkeypatch.setattr(BaseClient, "_make_api_call", noting("aws", call))
    return notes


@pytest.mark.parametrize("command", ["deploy", "preview"])
def test_what_needs_the_seed_reads_it_once_and_the_settings_once(command: str, done: list[str]) -> None:
    assert cli.main([command, "--stack", "prod"]) == 0
    assert (done.count("settings"), done.count("seed")) == (1, 1)
    assert done.count("password") == len(USERS) * len(account_rules.DEFAULT_SECRETS)


def test_a_promotion_reads_the_settings_of_both_stacks_once_and_the_targets_seed(
    write_stack: WriteStack, done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_stack("staging", architecture="arm64")
    monkeypatch.setattr(registry, "image_digest", lambda *_: "sha256:0")
    monkeypatch.setattr(registry, "copy_image", lambda *_: None)
    assert cli.main(["promote", "--from", "staging", "--to", "prod"]) == 0
    assert (done.count("settings"), done.count("seed")) == (2, 1)


@pytest.mark.parametrize("arguments", [["deploy"], ["deploy", "--dry-run"], ["preview"]], ids=" ".join)
def test_the_default_user_is_refused_before_aws_is_asked(
    write_seed: WriteSeed, arguments: list[str], done: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_seed("prod", a_user("testuser", HASH_OF_PASSWORD123))
    assert cli.main([*arguments, "--stack", "prod"]) == 1
    assert capsys.readouterr().err.startswith(
        "error: In the seed file prod.yaml, 'testuser' is the default user.\n"
    )
    assert "aws" not in done


def publish_twice(function: str) -> None:
    """Makes a function with the versions 1 and 2."""
    client = boto3.client("lambda", region_name="us-east-1")
    role = boto3.client("iam", region_name="us-east-1").create_role(
        RoleName="r", AssumeRolePolicyDocument="{}"
    )
    client.create_function(
        FunctionName=function,
        Role=role["Role"]["Arn"],
        PackageType="Image",
        Code={"ImageUri": "image:1"},
        Publish=True,
    )
    client.update_function_code(FunctionName=function, ImageUri="image:2", Publish=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["rollback"],
        ["rollback", "--dry-run"],
        ["rotate-keys", "--dry-run"],
        ["destroy", "--dry-run"],
        ["outputs"],
        ["history"],
        ["env"],
        ["doctor"],
    ],
    ids=" ".join,
)
def test_what_needs_no_seed_reads_the_settings_once_and_no_seed(
    arguments: list[str], done: list[str], states: States
) -> None:
    states["prod"] = states.pop("staging")
    publish_twice("psn-root")
    done.clear()
    assert cli.main([*arguments, "--stack", "prod"]) == (arguments == ["doctor"])
    assert (done.count("settings"), done.count("seed"), done.count("password")) == (1, 0, 0)


def test_a_log_is_asked_for_at_once(done: list[str]) -> None:
    client = boto3.client("logs", region_name="us-east-1")
    client.create_log_group(logGroupName="/aws/lambda/psn-emulator-prod-root")
    done.clear()
    assert cli.main(["logs", "--stack", "prod", "--fn", "root"]) == 0
    assert done == ["settings", "aws"]
