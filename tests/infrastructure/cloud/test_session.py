"""Whose AWS a stack is deployed with."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import moto
import pytest
from botocore.loaders import JSONFileLoader

from infrastructure.cloud import registry, session
from infrastructure.cloud.registry import RegistryAccess
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.local import aws as local_aws
from infrastructure.stack.loading import load_settings
from infrastructure.tools import credentials, engine
from tests.infrastructure.conftest import WriteStack
from tests.support.fake_docker import FakeDocker

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An AWS of one account, with the profile ``players`` and no ambient credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "credentials").write_text("[players]\naws_access_key_id = AKIA\naws_secret_access_key = s\n")
    with moto.mock_aws(config={"core": {"mock_credentials": False}}):
        yield


def test_a_stack_has_the_region_and_the_profile_of_its_file(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="arm64", **{"aws:region": "sa-east-1", "aws:profile": "players"})
    opened = session.session(load_settings("dev"))
    assert (opened.region_name, opened.profile_name) == ("sa-east-1", "players")
    access = registry.registry_access(load_settings("dev"))
    assert access.host == f"{ACCOUNT}.dkr.ecr.sa-east-1.amazonaws.com"


def test_aws_is_asked_again_at_the_rate_it_grants_when_it_throttles() -> None:
    assert session.client(load_settings("dev"), "lambda").meta.config.retries == {
        "mode": "adaptive",
        "total_max_attempts": 10,
    }


def test_the_descriptions_of_the_services_are_parsed_once_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings("dev")
    session.client(settings, "lambda")
    monkeypatch.setattr(JSONFileLoader, "load_file", lambda *_: pytest.fail("parsed again"))
    session.client(settings, "lambda")


def test_a_local_aws_that_runs_is_left_as_it_is_where_nothing_is_to_be_built(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done: list[str] = []
    running = local_aws.Status(4566, Path("state"), pid=7)
    monkeypatch.setattr(engine, "resolve", lambda: None)
    monkeypatch.setattr(local_aws, "ensure", lambda: done.append("started"))
    monkeypatch.setattr(local_aws, "status", lambda: running)
    readiness.prepare_aws(load_settings("local"))
    assert done == []
    monkeypatch.setattr(local_aws, "status", lambda: replace(running, pid=None))
    readiness.prepare_aws(load_settings("local"))
    assert done == ["started"]
    monkeypatch.setattr(local_aws, "status", lambda: replace(running, open=False))
    readiness.prepare_aws(load_settings("local"))
    assert done == ["started", "started"]
    with pytest.raises(DeployError, match="another credential") as refused:
        readiness.require_aws(load_settings("local"), set())
    assert refused.value.remedy == "Restart it: make deploy STACK=local"


def test_a_local_stack_is_asked_with_the_checkouts_own_credential(
    stacks: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    own = credentials.local_aws()
    assert registry.registry_access(load_settings("local")) == RegistryAccess(
        "localhost:4999", own.registry_token
    )
    opened = session.session(load_settings("local")).get_credentials()
    assert opened
    assert (opened.access_key, opened.secret_key) == (own.access_key, own.secret_key)


@pytest.fixture
def docker_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDocker]:
    """The Docker engine of this machine."""
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    with FakeDocker(tmp_path / "docker.sock") as fake:
        monkeypatch.setenv("DOCKER_HOST", fake.host)
        yield fake


def test_docker_holds_a_local_image_before_functions_start_from_it(
    stacks: Path, docker_engine: FakeDocker
) -> None:
    docker_engine.answers["POST /images/create"] = (200, "{}")
    docker_engine.answers["GET /images/.*/json"] = (200, {"Id": "sha256:0"})
    registry.fetch_image(load_settings("local"), "t1")
    [asked] = docker_engine.asked("POST /images/create")
    assert "tag=t1" in asked.line
    assert "localhost%3A4999%2Fpsn-emulator-local" in asked.line
    sent = json.loads(base64.urlsafe_b64decode(asked.headers["X-Registry-Auth"]))
    assert sent == credentials.local_aws().registry_login


def test_an_image_that_docker_cannot_fetch_is_named(stacks: Path, docker_engine: FakeDocker) -> None:
    with pytest.raises(DeployError, match="cannot fetch localhost:4999/psn-emulator-local:t1"):
        registry.fetch_image(load_settings("local"), "t1")


def test_the_images_of_an_aws_stack_are_lambdas_to_fetch(stacks: Path, docker_engine: FakeDocker) -> None:
    registry.fetch_image(load_settings("dev"), "t1")
    assert docker_engine.requests == []


def test_credentials_of_the_stacks_account_are_taken(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="arm64", account_id=ACCOUNT, **{"aws:profile": "players"})
    session.check_credentials(load_settings("dev"))


def test_credentials_of_another_account_are_refused_before_anything_is_touched(
    write_stack: WriteStack,
) -> None:
    write_stack("dev", architecture="arm64", account_id="222222222222", **{"aws:profile": "players"})
    with pytest.raises(DeployError, match=f"account {ACCOUNT}, stack 'dev' is of 222222222222"):
        session.check_credentials(load_settings("dev"))


def test_credentials_of_another_account_than_the_resources_are_in_are_refused(
    write_stack: WriteStack,
) -> None:
    write_stack("dev", architecture="arm64", **{"aws:profile": "players"})
    session.check_credentials(load_settings("dev"), {ACCOUNT})
    with pytest.raises(DeployError, match=f"account {ACCOUNT}, stack 'dev' is of 222222222222") as refused:
        session.check_credentials(load_settings("dev"), {"222222222222"})
    assert "AWS_PROFILE" in refused.value.remedy


def test_a_stack_without_credentials_is_told_to_log_in(write_stack: WriteStack) -> None:
    write_stack("dev", architecture="arm64")
    with pytest.raises(DeployError, match="AWS refuses the credentials for stack 'dev'") as refused:
        session.check_credentials(load_settings("dev"))
    assert "aws sso login" in refused.value.remedy
