"""The preview of a stack that was never deployed: everything is then to be created, and nothing is written."""

from pathlib import Path

import moto
import pulumi
import pytest
from argon2 import PasswordHasher

from infrastructure.automation import workspace
from infrastructure.commands import deploy
from infrastructure.commands.deploy_request import DeployRequest
from infrastructure.commands.promote import Promotion
from infrastructure.errors import DeployError
from infrastructure.release import release, selection
from infrastructure.release.release import Entry, Release
from infrastructure.release.state import FUNCTION, IMAGE
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from seeding.seeds import Seed
from tests.infrastructure.conftest import WriteSeed, WriteStack, a_user

HASH = PasswordHasher(2, 19456, 1).hash("secret")
ENTRY = Entry(
    "20260101-000000-aaaaaaaa", "1.2.3", "c0ffee", False, "2026-01-01T00:00:00+00:00", "r:t", {}, {}
)


def declare_thing(settings: Settings, *_: Seed | Release) -> None:
    pulumi.ComponentResource("test:index:Thing", settings.stack)


@pytest.fixture(autouse=True)
def backend(
    own_backend: Path, write_stack: WriteStack, write_seed: WriteSeed, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The states of the AWS stacks, whose program declares a resource that takes no plugin."""

    monkeypatch.setattr(deploy, "declare_stack", declare_thing)
    write_stack("staging", architecture="amd64", tracing=True)
    for stack in ("dev", "staging"):
        write_seed(stack, *([a_user("testuser", HASH)] if stack == "dev" else []))
    return own_backend


def test_everything_is_to_be_created_on_aws_too_and_nothing_is_written(backend: Path) -> None:
    with (backend.parent / "project" / "Pulumi.dev.yaml").open("a") as file:
        file.write("secretsprovider: awskms://alias/not-needed-for-this\n")
    written = {file: file.read_bytes() for file in backend.parent.rglob("Pulumi.*.yaml")}
    review = deploy.preview(DeployRequest(load_settings("dev")))
    assert ("create", "dev") in {(change.operation, change.name) for change in review.changes}
    assert review.release is not None
    assert review.release.before is None
    assert list(backend.rglob("*.json")) == []
    assert {file: file.read_bytes() for file in backend.parent.rglob("Pulumi.*.yaml")} == written


def test_a_seed_that_is_wrong_is_refused_as_by_a_deploy(write_seed: WriteSeed) -> None:
    user = a_user("testuser", HASH)
    write_seed("dev", user, user)
    with pytest.raises(DeployError, match="seed file dev"):
        deploy.preview(DeployRequest(load_settings("dev")))


def test_a_first_promotion_can_be_looked_at_before_it_is_made() -> None:
    promotion = Promotion(load_settings("dev"), load_settings("staging"), ENTRY, "sha256:0")
    review = deploy.preview(DeployRequest(load_settings("staging"), promotion=promotion))
    assert ("create", "staging") in {(change.operation, change.name) for change in review.changes}
    assert review.release is not None
    assert review.release.after.tag == ENTRY.tag


def test_a_stack_on_aws_that_was_deployed_is_compared_with_its_state(backend: Path) -> None:
    with workspace.open_stack(load_settings("dev"), may_create=True) as opened:
        opened.up(program=lambda: declare_thing(load_settings("dev")))
    review = deploy.preview(DeployRequest(load_settings("dev")))
    assert review.changes == ()


@moto.mock_aws
def test_the_cloud_of_another_account_is_not_compared_with_the_state() -> None:
    def elsewhere() -> None:
        thing = pulumi.ComponentResource("test:index:Thing", "thing")
        thing.register_outputs({"arn": "arn:aws:iam::222222222222:role/r"})

    with workspace.open_stack(load_settings("dev"), may_create=True) as opened:
        opened.up(program=elsewhere)
    with pytest.raises(DeployError, match="account 123456789012, stack 'dev' is of 222222222222"):
        deploy.preview(DeployRequest(load_settings("dev"), refresh=True))


def test_an_image_is_left_out_unless_it_is_to_be_built_and_what_depends_on_it_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tag = selection.select_release(load_settings("dev"), release.Deployed()).tag
    files = {"handlers/health.py": "as it was built"}

    def declare(*_: Settings | Seed | Release) -> None:
        image = pulumi.ComponentResource(IMAGE, "image", files)
        image.register_outputs({"imageName": f"registry/psn:{tag}"})
        opts = pulumi.ResourceOptions(depends_on=[image])
        pulumi.ComponentResource(FUNCTION, "function", files, opts)

    monkeypatch.setattr(deploy, "declare_stack", declare)
    with workspace.open_stack(load_settings("dev"), may_create=True) as opened:
        opened.up(program=declare)

    def changed(request: DeployRequest) -> set[str]:
        return {change.name for change in deploy.preview(request).changes}

    files["handlers/health.py"] = "of another umask"
    assert changed(DeployRequest(load_settings("dev"))) == {"function"}
    assert changed(DeployRequest(load_settings("dev"), image_only=True)) == {"function"}
    assert changed(DeployRequest(load_settings("dev"), force=True)) == {"image", "function"}
    assert "image" in changed(DeployRequest(load_settings("dev"), image_only=True, force=True))


@pytest.mark.parametrize(
    ("stack", "remedy"),
    [
        ("dev", "Deploy it: make deploy STACK=dev"),
        ("staging", "Promote a release to it: make promote FROM=… TO=staging"),
    ],
)
def test_what_was_never_deployed_is_told_how_it_gets_its_first_release(stack: str, remedy: str) -> None:
    with pytest.raises(DeployError, match="never deployed") as caught:
        workspace.read_state(load_settings(stack))
    assert caught.value.remedy == remedy
