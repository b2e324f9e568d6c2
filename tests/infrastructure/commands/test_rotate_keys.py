"""What a rotation of the signing keys writes where, and what it makes of one that was cut off."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.automation import aliases, exclusion, workspace
from infrastructure.commands import readiness, rotate_keys
from infrastructure.commands.key_schedule import LEAD_SECONDS, SOON_SECONDS
from infrastructure.errors import DeployError
from infrastructure.release.state import STACK, StackState
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from seeding.signing_keys import key_set, keys_in, new_key, public_set
from tests.infrastructure.conftest import WriteSeed, WriteStack, a_client

NAMES = ("public-keys", "signing-keys")
TAG = "20260102-030405-0123abcd"


class Deployed:
    """A stack with one key, its secrets in AWS, its state as the engine keeps it."""

    def __init__(self) -> None:
        self.vault = boto3.client("secretsmanager", "us-east-1")
        self.first = new_key("ES256")
        self.notes: list[dict[str, Any]] = []
        self.resources: dict[str, dict[str, Any]] = {
            "urn::stack": {"type": STACK, "outputs": {"image_tag": TAG, "api_url": "https://api"}}
        }
        private = key_set([self.first])
        for name, value in (("signing-keys", private), ("public-keys", public_set(private))):
            made = self.vault.create_secret(Name=f"psn-emulator/dev/{name}", SecretString=value)
            self.resources[f"urn::{name}"] = {
                "type": "aws:secretsmanager/secretVersion:SecretVersion",
                "outputs": {"secretId": made["ARN"], "versionId": made["VersionId"]},
            }
        self.set_token_seconds(3600)

    def set_token_seconds(self, seconds: int) -> None:
        """How long the tokens live that the deployed functions issue."""
        variables = {"ACCESS_TOKEN_SECONDS": str(seconds)}
        self.resources["urn::root-function"] = {
            "type": "aws:lambda/function:Function",
            "inputs": {"environment": {"variables": variables}},
        }

    def state(self) -> StackState:
        """The state."""
        return StackState(self.resources)

    def text(self, name: str) -> str:
        """What a secret holds."""
        return self.vault.get_secret_value(SecretId=f"psn-emulator/dev/{name}")["SecretString"]

    def keys(self, name: str) -> list[dict[str, Any]]:
        """The keys in a secret."""
        return keys_in(self.text(name))

    def move(self, *arguments: Any, **options: Any) -> None:
        """Stands in for the engine: keeps the outputs."""
        self.resources["urn::stack"]["outputs"] = arguments[3]
        self.notes.append({"message": options["message"], **arguments[3]})


@pytest.fixture
def deployed(
    every_stack: tuple[str, ...], write_stack: WriteStack, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Deployed]:
    """A deployed stack ``dev`` in an AWS in process."""
    write_stack("dev", architecture="amd64", access_token_seconds=600)
    for name, value in (("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        stack = Deployed()
        monkeypatch.setattr(workspace, "read_state", lambda _: StackState(stack.resources))
        monkeypatch.setattr(exclusion, "exclusive", lambda _: nullcontext())
        monkeypatch.setattr(workspace, "open_stack", lambda *_, **__: nullcontext(stack))
        monkeypatch.setattr(workspace, "recover", lambda _: False)
        monkeypatch.setattr(readiness, "prepare_aws", lambda _: None)
        monkeypatch.setattr(readiness, "persist", lambda _: None)
        monkeypatch.setattr(aliases, "move", stack.move)
        yield stack


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the time."""
    return lambda seconds: monkeypatch.setattr(time, "time", lambda: seconds)


def test_the_new_key_is_published_and_stored_with_the_old_one(
    deployed: Deployed, at: Callable[[float], None]
) -> None:
    at(1_000_000.5)
    schedule = rotate_keys.rotate(load_settings("dev"), now=False)
    old, new = deployed.keys("signing-keys")
    assert (old["kid"], old["d"]) == (deployed.first["kid"], deployed.first["d"])
    assert (new["kid"], new["signs_from"]) == (schedule.added, 1_000_000 + LEAD_SECONDS)
    assert deployed.text("public-keys") == public_set(deployed.text("signing-keys"))
    assert '"d"' not in deployed.text("public-keys")


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks whose AWS was made sure of."""
    stacks: list[str] = []
    monkeypatch.setattr(readiness, "prepare_aws", lambda settings: stacks.append(settings.stack))
    return stacks


def test_nothing_is_started_for_a_stack_that_was_never_deployed(
    reached: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path / "home"))
    with pytest.raises(DeployError, match="'local' was never deployed"):
        rotate_keys.rotate(load_settings("local"), now=False)
    assert reached == []
    assert not (tmp_path / "home").exists()


def test_nothing_is_started_for_a_stack_without_keys(deployed: Deployed, reached: list[str]) -> None:
    deployed.resources.clear()
    with pytest.raises(DeployError, match="'dev' has no keys"):
        rotate_keys.rotate(load_settings("dev"), now=False)
    assert reached == []


def test_an_old_key_stays_for_the_tokens_of_the_deployed_functions(
    deployed: Deployed, at: Callable[[float], None]
) -> None:
    at(1_000_000)
    [until] = rotate_keys.preview(load_settings("dev"), now=True).leaving.values()
    assert until > 1_000_000 + SOON_SECONDS + 3600
    deployed.set_token_seconds(60)
    [until] = rotate_keys.preview(load_settings("dev"), now=True).leaving.values()
    assert 1_000_000 + SOON_SECONDS + 600 < until < 1_000_000 + 3600


def test_an_old_key_stays_for_the_tokens_of_a_client_that_live_longer(
    deployed: Deployed, at: Callable[[float], None], write_seed: WriteSeed
) -> None:
    at(1_000_000)
    write_seed("dev", clients=[a_client("game", access_token_seconds=86400)])
    [until] = rotate_keys.preview(load_settings("dev"), now=True).leaving.values()
    assert until > 1_000_000 + SOON_SECONDS + 86400


def test_a_new_key_is_for_the_algorithm_of_the_settings(deployed: Deployed, write_stack: WriteStack) -> None:
    write_stack("dev", architecture="amd64", signing_algorithm="RS256")
    rotate_keys.rotate(load_settings("dev"), now=False)
    assert [key["alg"] for key in deployed.keys("signing-keys")] == ["ES256", "RS256"]
    assert [sorted(key) for key in deployed.keys("public-keys")] == [
        ["alg", "crv", "kid", "kty", "published_until", "use", "x", "y"],
        ["alg", "e", "kid", "kty", "n", "signs_from", "use"],
    ]


def test_a_preview_writes_nothing(deployed: Deployed) -> None:
    before = [deployed.text(name) for name in NAMES]
    rotate_keys.preview(load_settings("dev"), now=True)
    assert [deployed.text(name) for name in NAMES] == before
    assert deployed.notes == []


def test_the_next_deploy_is_left_a_note_with_the_public_keys(deployed: Deployed) -> None:
    rotate_keys.rotate(load_settings("dev"), now=False)
    [note] = deployed.notes
    made = deployed.resources["urn::signing-keys"]["outputs"]["versionId"]
    assert note["public_jwks"] == {"made": made, "jwks": deployed.text("public-keys")}
    assert note["api_url"] == "https://api"
    assert note["message"].startswith(f"{TAG} rotate-keys")


def test_a_repeated_rotation_changes_nothing_until_the_new_key_signs(
    deployed: Deployed, at: Callable[[float], None]
) -> None:
    at(1_000_000)
    first = rotate_keys.rotate(load_settings("dev"), now=False)
    versions = _versions(deployed)
    at(first.signs_from - 1)
    assert rotate_keys.rotate(load_settings("dev"), now=False).keys == first.keys
    assert _versions(deployed) == versions
    assert len(deployed.notes) == 1
    at(first.signs_from)
    assert rotate_keys.rotate(load_settings("dev"), now=False).added != first.added


@pytest.mark.parametrize("written", [0, 1])
def test_a_rotation_that_was_cut_off_is_finished_by_the_next(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """``written`` is how many of the two secrets it wrote."""
    writes, write = iter(range(9)), rotate_keys._put_secret_value

    def cut_off(*arguments: Any) -> None:
        if next(writes) == written:
            raise KeyboardInterrupt
        write(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(rotate_keys, "_put_secret_value", cut_off)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys.rotate(load_settings("dev"), now=False)
    assert [key["kid"] for key in deployed.keys("signing-keys")] == [deployed.first["kid"]]
    assert len(deployed.keys("public-keys")) == 1 + written
    schedule = rotate_keys.rotate(load_settings("dev"), now=False)
    assert [key["kid"] for key in deployed.keys("signing-keys")] == [deployed.first["kid"], schedule.added]
    assert deployed.text("public-keys") == public_set(deployed.text("signing-keys"))
    assert len(deployed.notes) == 1


def test_a_rotation_that_was_cut_off_before_its_note_leaves_it_the_next_time(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(rotate_keys, "_record_public_keys", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            rotate_keys.rotate(load_settings("dev"), now=False)
    versions = _versions(deployed)
    rotate_keys.rotate(load_settings("dev"), now=False)
    assert _versions(deployed) == versions
    assert len(deployed.notes) == 1


def test_the_version_that_the_state_knows_outlives_any_number_of_rotations(
    deployed: Deployed, at: Callable[[float], None]
) -> None:
    for number in range(4):
        at(1_000_000 * (number + 1))
        rotate_keys.rotate(load_settings("dev"), now=True)
    for name in NAMES:
        made = deployed.resources[f"urn::{name}"]["outputs"]["versionId"]
        stages = deployed.vault.describe_secret(SecretId=f"psn-emulator/dev/{name}")["VersionIdsToStages"]
        assert stages[made] == ["made-by-the-program"]
    assert len(deployed.keys("signing-keys")) == 2


def test_the_label_follows_when_the_state_knows_another_version(
    deployed: Deployed, at: Callable[[float], None]
) -> None:
    held = deployed.resources["urn::signing-keys"]["outputs"]
    for moment in (1_000_000, 2_000_000):
        at(moment)
        rotate_keys.rotate(load_settings("dev"), now=False)
    assert _holders(deployed, "made-by-the-program") == [held["versionId"]]
    [held["versionId"]] = _holders(deployed, "AWSPREVIOUS")
    at(3_000_000)
    rotate_keys.rotate(load_settings("dev"), now=False)
    assert _holders(deployed, "made-by-the-program") == [held["versionId"]]


def test_two_rotations_at_once_are_told(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    write = rotate_keys._put_secret_value

    def overtaken(settings: Settings, secret: Any, value: str) -> None:
        write(settings, secret, value)
        if '"d"' in value:
            public = deployed.resources["urn::public-keys"]["outputs"]["secretId"]
            deployed.vault.put_secret_value(SecretId=public, SecretString=key_set([{"kid": "theirs"}]))

    with monkeypatch.context() as patched:
        patched.setattr(rotate_keys, "_put_secret_value", overtaken)
        with pytest.raises(DeployError, match="Another rotation"):
            rotate_keys.rotate(load_settings("dev"), now=False)
    rotate_keys.rotate(load_settings("dev"), now=False)
    assert deployed.text("public-keys") == public_set(deployed.text("signing-keys"))


def test_a_stack_of_before_the_public_keys_is_to_be_deployed_first(deployed: Deployed) -> None:
    del deployed.resources["urn::public-keys"]
    with pytest.raises(DeployError, match="no keys that can be rotated") as refused:
        rotate_keys.rotate(load_settings("dev"), now=False)
    assert refused.value.remedy == "Deploy it first: make deploy STACK=dev"


def test_a_refusal_of_awss_is_a_line_without_any_key(deployed: Deployed) -> None:
    deployed.resources["urn::signing-keys"]["outputs"]["secretId"] = "gone"
    with pytest.raises(DeployError, match="does not let the keys in gone be rotated") as refused:
        rotate_keys.rotate(load_settings("dev"), now=False)
    assert deployed.first["d"] not in json.dumps([refused.value.cause, refused.value.remedy])


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


def _versions(deployed: Deployed) -> list[set[str]]:
    return [
        set(deployed.vault.describe_secret(SecretId=f"psn-emulator/dev/{name}")["VersionIdsToStages"])
        for name in NAMES
    ]


def _holders(deployed: Deployed, label: str) -> list[str]:
    """The versions of the private keys with the staging label."""
    stages = deployed.vault.describe_secret(SecretId="psn-emulator/dev/signing-keys")["VersionIdsToStages"]
    return [version for version, labels in stages.items() if label in labels]


class TestTheKeyOfIDTokens:
    def test_is_added_beside_the_one_that_is_there(
        self, deployed: Deployed, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Deployed, "settings", load_settings("dev"), raising=False)
        public = {"made": "1", "jwks": deployed.text("public-keys")}
        deployed.resources["urn::stack"]["outputs"]["public_jwks"] = public
        assert rotate_keys.add_missing_key(deployed)  # type: ignore[arg-type]  # stands in for a stack
        first, added = deployed.keys("signing-keys")
        assert first == deployed.first
        assert (added["alg"], added["signs"]) == ("RS256", "id_token")
        assert deployed.text("public-keys") == public_set(deployed.text("signing-keys"))
        assert not rotate_keys.add_missing_key(deployed)  # type: ignore[arg-type]  # stands in for a stack

        schedule = rotate_keys.rotate(load_settings("dev"), now=False)
        assert {key["alg"] for key in schedule.keys if "published_until" not in key} == {"ES256", "RS256"}
        assert schedule.keys[-1]["alg"] == "ES256"
        assert schedule.leaving.keys() == {first["kid"], added["kid"]}
