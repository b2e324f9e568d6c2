"""Published versions: of what an update that was cut off changed, and which stay of old releases."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.cloud import session, versions
from infrastructure.errors import DeployError
from infrastructure.release.release import Entry
from infrastructure.release.state import FUNCTION, IMAGE, STACK, StackState
from infrastructure.stack.loading import load_settings
from infrastructure.terminal import display
from infrastructure.tools import paths

NAMES = ("psn-emulator-local-root", "psn-emulator-local-healthz")
CUT_OFF = StackState({name: {"type": FUNCTION, "inputs": {"name": name}} for name in NAMES})
LOCAL_REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/psn-emulator-local"


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
                Code={"ImageUri": f"{LOCAL_REGISTRY}:1"},
                Publish=True,
            )
        yield client


def test_a_function_that_was_changed_and_not_published_gets_a_version_of_the_change(client: Any) -> None:
    client.update_function_code(FunctionName=NAMES[0], ImageUri=f"{LOCAL_REGISTRY}:2")
    versions.publish(load_settings("local"), CUT_OFF)
    made = client.get_function(FunctionName=NAMES[0], Qualifier="2")
    assert made["Code"]["ImageUri"] == f"{LOCAL_REGISTRY}:2"


def test_a_function_that_is_gone_is_left_to_the_update(client: Any) -> None:
    client.delete_function(FunctionName=NAMES[0])
    client.update_function_code(FunctionName=NAMES[1], ImageUri=f"{LOCAL_REGISTRY}:2")
    versions.publish(load_settings("local"), CUT_OFF)
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
        versions.publish(load_settings("local"), CUT_OFF)
    assert "lambda:GetFunction" in caught.value.remedy


# What stays of old releases

NAME = "psn-emulator-dev-root"
REPOSITORY = "psn-emulator-dev"
REGISTRY = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{REPOSITORY}"
PARENT = "urn:pulumi:dev::psn-emulator::psn-emulator:functions:Function::root"


def tag_of(number: int) -> str:
    """The tag of the release number ``number``."""
    return f"2026010{number}-000000-{str(number) * 8}"


@dataclass
class Cloud:
    """A stack with one function, whose releases are numbered from 1: as its version, its image and its day."""

    functions: Any
    images: Any
    said: list[str]

    def release(self, number: int) -> None:
        """Pushes an image and publishes a version of it, which goes live."""
        self.push(number)
        uri = f"{REGISTRY}:{tag_of(number)}"
        if number == 1:
            self.functions.create_function(
                FunctionName=NAME,
                Role="arn:aws:iam::123456789012:role/any",
                PackageType="Image",
                Code={"ImageUri": uri},
                Publish=True,
            )
            self.functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
        else:
            self.functions.update_function_code(FunctionName=NAME, ImageUri=uri, Publish=True)
            self.point("live", number)

    def push(self, number: int) -> None:
        """Pushes an image."""
        layer = hashlib.sha256(str(number).encode()).hexdigest()
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": f"sha256:{layer}", "size": 1},
            "layers": [{"digest": f"sha256:{layer}", "size": 1}],
        }
        self.images.put_image(
            repositoryName=REPOSITORY,
            imageManifest=json.dumps(manifest),
            imageTag=tag_of(number),
            imageDigest=f"sha256:{layer}",
        )

    def point(self, alias: str, number: int) -> None:
        """Points an alias at a version."""
        self.functions.update_alias(FunctionName=NAME, Name=alias, FunctionVersion=str(number))

    def retain(self, *kept: int, live: int, published: int, pushed: int | None = None) -> None:
        """Clears up in a stack that keeps these releases and published and pushed these last."""
        entries = [an_entry(number) for number in kept]
        outputs = an_entry(live).outputs() | {"releases": [entry.as_output() for entry in entries]}
        versions.retain(
            load_settings("dev"),
            StackState(
                {
                    "stack": {"type": STACK, "outputs": outputs},
                    "repository": {"type": "aws:ecr/repository:Repository", "inputs": {"name": REPOSITORY}},
                    "image": {
                        "type": IMAGE,
                        "outputs": {"imageName": f"{REGISTRY}:{tag_of(pushed or published)}"},
                    },
                    "function": {
                        "type": FUNCTION,
                        "parent": PARENT,
                        "inputs": {"name": NAME},
                        "outputs": {"version": str(published)},
                    },
                }
            ),
        )

    @property
    def published_versions(self) -> list[int]:
        """The published versions that are there."""
        found = self.functions.list_versions_by_function(FunctionName=NAME)["Versions"]
        return sorted(int(item["Version"]) for item in found if item["Version"] != "$LATEST")

    @property
    def tags(self) -> list[int]:
        """The releases whose images are there."""
        found = self.images.describe_images(repositoryName=REPOSITORY)["imageDetails"]
        return sorted(int(tag[-1]) for image in found for tag in image["imageTags"])


def an_entry(number: int) -> Entry:
    """The release number ``number``."""
    return Entry(
        tag=tag_of(number),
        version="1.2.3",
        commit="c0ffee",
        dirty=False,
        since="2026-01-01T00:00:00+00:00",
        image_uri=f"{REGISTRY}:{tag_of(number)}",
        versions={"root": str(number)},
        inputs={},
    )


@pytest.fixture
def cloud(every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A stack that has had five releases, the fifth of which is live."""
    with mock_aws():
        opened = boto3.Session("test", "test", region_name="us-east-1")
        monkeypatch.setattr(session, "session", lambda *_: opened)
        opened.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
        said: list[str] = []
        monkeypatch.setattr(display, "say", said.append)
        made = Cloud(opened.client("lambda"), opened.client("ecr"), said)
        made.images.create_repository(repositoryName=REPOSITORY)
        for number in range(1, 6):
            made.release(number)
        yield made


def test_what_the_kept_releases_need_stays_and_the_rest_goes(cloud: Cloud) -> None:
    cloud.retain(5, 4, live=5, published=5)
    assert cloud.published_versions == [4, 5]
    assert cloud.tags == [4, 5]
    assert cloud.said == ["Deleted what no release needs any more: 3 function versions, 3 images"]


def test_a_second_time_there_is_nothing_to_delete_and_nothing_to_say(cloud: Cloud) -> None:
    cloud.retain(5, 4, live=5, published=5)
    cloud.said.clear()
    cloud.retain(5, 4, live=5, published=5)
    assert cloud.said == []


def test_the_live_release_stays_however_old_it_is(cloud: Cloud) -> None:
    cloud.point("live", 1)
    cloud.retain(5, 1, live=1, published=5)
    assert cloud.published_versions == [1, 5]
    assert cloud.tags == [1, 5]


def test_a_version_that_any_alias_sends_calls_to_stays(cloud: Cloud) -> None:
    cloud.functions.create_alias(FunctionName=NAME, Name="by-hand", FunctionVersion="2")
    cloud.retain(5, 4, live=5, published=5)
    assert cloud.published_versions == [2, 4, 5]


def test_what_the_state_says_that_the_function_is_stays_though_it_is_no_kept_release(cloud: Cloud) -> None:
    cloud.point("live", 4)
    cloud.retain(4, 3, live=4, published=5)
    assert cloud.published_versions == [3, 4, 5]
    assert cloud.tags == [3, 4, 5]


def test_what_a_deploy_elsewhere_has_just_pushed_and_published_stays(cloud: Cloud) -> None:
    cloud.retain(3, 2, live=3, published=3)
    assert cloud.published_versions == [2, 3, 4, 5]
    assert cloud.tags == [2, 3, 4, 5]


def test_an_image_that_a_failed_deploy_left_goes_with_the_next_release(cloud: Cloud) -> None:
    cloud.push(6)
    cloud.retain(5, 4, live=5, published=5, pushed=6)
    assert cloud.tags == [4, 5, 6]
    cloud.push(7)
    cloud.retain(5, 4, live=5, published=5, pushed=7)
    assert cloud.tags == [4, 5, 7]


def test_a_failure_is_a_line_and_no_error(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListAliases")

    def refuse(*_: object) -> None:
        raise refused

    monkeypatch.setattr(versions, "_aliased_versions", refuse)
    cloud.retain(5, 4, live=5, published=5)
    assert cloud.published_versions == [1, 2, 3, 4, 5]
    assert cloud.said == [f"Old versions and images stay for now: {refused}"]
