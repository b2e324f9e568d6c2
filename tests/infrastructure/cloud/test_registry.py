"""An image goes from one repository to another as it is."""

import base64
from collections.abc import Iterator
from pathlib import Path

import boto3
import moto
import pytest

from infrastructure.cloud import registry
from infrastructure.errors import DeployError
from infrastructure.stack.loading import load_settings
from tests.infrastructure.conftest import WriteStack
from tests.support.registries import FakeRegistry, digest_of, served

TAG = "20260101-000000-aaaaaaaa"
LAYERS = (b"one layer", b"another layer" * 100_000)
OTHER_ACCOUNT = "222222222222"


@pytest.fixture
def source() -> FakeRegistry:
    """The repository that has the image: that of a local stack."""
    return FakeRegistry("http://localhost:4999", "psn-emulator-local-a")


@pytest.fixture
def target() -> FakeRegistry:
    """An empty repository, in the same registry."""
    return FakeRegistry("http://localhost:4999", "psn-emulator-local-b")


@pytest.fixture
def digest(source: FakeRegistry) -> str:
    """The digest of the image in the source."""
    return source.push(TAG, *LAYERS)


@pytest.fixture(autouse=True)
def both(
    source: FakeRegistry, target: FakeRegistry, every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Both are served."""
    monkeypatch.setenv("LOCAL_AWS_PORT", "4999")
    with served(source, target):
        yield


def copy(digest: str, source: str = "local-a", target: str = "local-b") -> list[tuple[int, int]]:
    """Copies from stack to stack; the bytes that were told to be there by and by, each with those of all."""
    told: list[tuple[int, int]] = []
    registry.copy_image(
        TAG, digest, load_settings(source), load_settings(target), lambda *sent: told.append(sent)
    )
    return told


def test_an_image_keeps_its_digest_and_its_tag(
    source: FakeRegistry, target: FakeRegistry, digest: str
) -> None:
    copy(digest)
    assert target.manifests[TAG] == source.manifests[TAG]
    assert registry.image_digest(load_settings("local-b"), TAG) == digest
    assert target.blobs == source.blobs


def test_a_copy_tells_how_far_it_is(digest: str, target: FakeRegistry) -> None:
    told = copy(digest)
    assert told == sorted(told)
    assert len(told) > len(target.blobs)
    assert set(told[-1]) == {sum(map(len, target.blobs.values()))}


def test_an_image_that_is_there_is_not_sent_again(target: FakeRegistry, digest: str) -> None:
    copy(digest)
    sent = list(target.received)
    copy(digest)
    assert target.received == sent


def test_a_copy_that_was_cut_off_goes_on_where_it_was(target: FakeRegistry, digest: str) -> None:
    target.dies_at = digest_of(LAYERS[1])
    with pytest.raises(DeployError, match="localhost:4999 does not answer"):
        copy(digest)
    assert TAG not in target.manifests
    target.dies_at = ""
    copy(digest)
    assert sorted(target.received) == sorted(target.blobs)


def test_a_tag_that_has_another_image_stays_with_it(target: FakeRegistry, digest: str) -> None:
    other = target.push(TAG, b"other")
    with pytest.raises(DeployError, match=f"another image under {TAG}: {other}"):
        copy(digest)
    assert registry.image_digest(load_settings("local-b"), TAG) == other


def test_an_image_that_is_not_there_has_no_digest() -> None:
    assert registry.image_digest(load_settings("local-a"), "20990101-000000-aaaaaaaa") is None


def test_a_registry_that_is_not_there_is_named() -> None:
    with pytest.raises(DeployError, match="localhost:4999 does not answer"):
        registry.image_digest(load_settings("local-c"), TAG)


def test_a_refusal_is_in_the_registrys_own_words(target: FakeRegistry, digest: str) -> None:
    target.refusal = (400, {}, '{"errors": [{"code": "TAG_INVALID", "message": "the tag is immutable"}]}')
    with pytest.raises(DeployError, match="localhost:4999 refuses: TAG_INVALID: the tag is immutable"):
        copy(digest)


def test_a_refusal_without_words_is_a_status(target: FakeRegistry, digest: str) -> None:
    target.refusal = (503, {}, "<html>")
    with pytest.raises(DeployError, match="refuses: 503 Service Unavailable"):
        copy(digest)


def test_an_image_for_several_platforms_is_not_taken(source: FakeRegistry) -> None:
    index = b'{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}'
    source.manifests[digest_of(index)] = index
    with pytest.raises(DeployError, match="cannot be copied") as refused:
        copy(digest_of(index))
    assert "\n" not in refused.value.cause


# On AWS


@pytest.fixture
def accounts(
    write_stack: WriteStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, FakeRegistry]]:
    """The repositories of dev and staging, in two accounts and regions, each opened by a profile of its own."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    regions = {"dev": "eu-west-1", "staging": "us-east-2"}
    for stack, region in regions.items():
        write_stack(stack, architecture="amd64", **{"aws:region": region, "aws:profile": stack})
    with moto.mock_aws():
        sts = boto3.client("sts", "us-east-1", aws_access_key_id="AKIA", aws_secret_access_key="s")
        role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/deploy"
        key = sts.assume_role(RoleArn=role, RoleSessionName="deploy")["Credentials"]
        file.write_text(
            "[dev]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
            f"[staging]\naws_access_key_id = {key['AccessKeyId']}\n"
            f"aws_secret_access_key = {key['SecretAccessKey']}\naws_session_token = {key['SessionToken']}\n"
        )
        found = {}
        for stack, account in (("dev", "123456789012"), ("staging", OTHER_ACCOUNT)):
            origin = f"https://{account}.dkr.ecr.{regions[stack]}.amazonaws.com"
            token = base64.b64encode(f"AWS:{account}-auth-token".encode()).decode()
            found[stack] = FakeRegistry(origin, f"psn-emulator-{stack}", token)
        with served(*found.values()):
            yield found


def test_each_repository_is_opened_by_its_own_stacks_account_and_region(
    accounts: dict[str, FakeRegistry],
) -> None:
    digest = accounts["dev"].push(TAG, *LAYERS)
    copy(digest, "dev", "staging")
    assert registry.image_digest(load_settings("staging"), TAG) == digest
    assert accounts["staging"].blobs == accounts["dev"].blobs


def test_a_registry_that_does_not_take_the_token_is_a_refusal(accounts: dict[str, FakeRegistry]) -> None:
    accounts["dev"].token = "another"
    with pytest.raises(DeployError, match="refuses the credentials"):
        registry.image_digest(load_settings("dev"), TAG)


def test_credentials_that_open_no_registry_are_named_by_their_stack(
    accounts: dict[str, FakeRegistry], tmp_path: Path
) -> None:
    (tmp_path / "credentials").write_text("[staging]\n")
    with pytest.raises(DeployError, match="dev"):
        registry.image_digest(load_settings("dev"), TAG)
