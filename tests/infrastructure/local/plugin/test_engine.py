"""A Pulumi program from its first preview to its end: the real engine, the SDKs, Docker and the local AWS."""

import json
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi
import pytest
from docker import DockerClient
from pulumi import automation
from pulumi.resource import DependencyProviderResource

from infrastructure.local.plugin import serve
from infrastructure.release.state import IMAGE, StackState
from infrastructure.tools import credentials
from tests.infrastructure.local.plugin.conftest import Cloud

PROJECT = "stand-in"
SECRET = "nobody-may-read-this"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@dataclass
class Wishes:
    """What the program below declares; tests change it between runs."""

    tag: str = "1"
    memory: int = 128
    variables: dict[str, str] = field(default_factory=dict)
    endpoint: str | None = None
    fifo: bool | None = None
    ignored: list[str] = field(default_factory=list)
    docker: str = ""
    topic: bool = True
    provider: str = ""
    key: str | None = None


@dataclass(frozen=True)
class Stack:
    """A stack of that program and what it is told."""

    name: str
    wishes: Wishes
    handle: automation.Stack
    endpoint: str

    def run(self, operation: str, **options: Any) -> tuple[dict[str, int], list[automation.EngineEvent]]:
        """Counts by kind of change, and everything that the engine told. Of outputs and history, each of which is a
        run of the engine more, nothing is asked."""
        events: list[automation.EngineEvent] = []
        with mock.patch.multiple(self.handle, outputs=dict, info=mock.Mock()):
            getattr(self.handle, operation)(on_event=events.append, **options)
        [summary] = [event.summary_event for event in events if event.summary_event]
        counts = summary.resource_changes
        return {getattr(kind, "value", kind): count for kind, count in counts.items()}, events


def declare(name: str, wishes: Wishes, endpoint: str) -> None:
    """A small service: an image, a function with an alias, an API, a table, a secret, a topic."""
    import pulumi_aws as aws
    import pulumi_docker as docker

    url = wishes.endpoint or endpoint
    provider = aws.Provider(
        "local",
        region="us-east-1",
        access_key=wishes.key,
        secret_key=wishes.key,
        skip_credentials_validation=True,
        skip_requesting_account_id=True,
        endpoints=[
            aws.ProviderEndpointArgs(
                apigatewayv2=url, ecr=url, iam=url, lambda_=url, secretsmanager=url, sns=url
            )
        ],
        default_tags={"tags": {"project": "psn-emulator"}},
    )
    local = pulumi.ResourceOptions(provider=provider)
    repository = aws.ecr.Repository("repository", name=name, force_delete=True, opts=local)
    image = docker.Image(
        "image",
        image_name=f"{endpoint.removeprefix('http://')}/{name}:{wishes.tag}",
        build=docker.DockerBuildArgs(
            context="context",
            dockerfile="context/Dockerfile",
            builder_version=docker.BuilderVersion.BUILDER_V1,
        ),
        opts=pulumi.ResourceOptions(
            depends_on=[repository],
            ignore_changes=wishes.ignored,
            version=wishes.docker or None,
            provider=DependencyProviderResource(wishes.provider) if wishes.provider else None,
        ),
    )
    role = aws.iam.Role("role", name=name, assume_role_policy=TRUST, opts=local)
    function = aws.lambda_.Function(
        "function",
        name=name,
        package_type="Image",
        image_uri=image.image_name,
        role=role.arn,
        memory_size=wishes.memory,
        publish=True,
        environment={"variables": {"TOKEN": pulumi.Output.secret(SECRET), **wishes.variables}},
        opts=local,
    )
    alias = aws.lambda_.Alias(
        "alias", name="live", function_name=function.name, function_version=function.version, opts=local
    )
    api = aws.apigatewayv2.Api("api", name=name, protocol_type="HTTP", opts=local)
    integration = aws.apigatewayv2.Integration(
        "integration",
        api_id=api.id,
        integration_type="AWS_PROXY",
        integration_uri=alias.invoke_arn,
        payload_format_version="2.0",
        opts=local,
    )
    aws.apigatewayv2.Route(
        "route",
        api_id=api.id,
        route_key="GET /",
        target=integration.id.apply(lambda made: f"integrations/{made}"),
        opts=local,
    )
    secret = aws.secretsmanager.Secret("secret", name=name, recovery_window_in_days=0, opts=local)
    aws.secretsmanager.SecretVersion(
        "value", secret_id=secret.id, secret_string=pulumi.Output.secret(SECRET), opts=local
    )
    if wishes.topic:
        aws.sns.Topic("topic", name=name, fifo_topic=wishes.fifo, opts=local)
    pulumi.export("version", function.version)
    pulumi.export("digest", image.repo_digest)


@contextmanager
def a_stack(
    folder: Path, name: str, aws_url: str, pulumi_root: Path, docker_client: DockerClient
) -> Iterator[Stack]:
    """A stack of the name that was never deployed; its images are removed at the end."""
    context = folder / "context"
    context.mkdir()
    (context / "Dockerfile").write_text('FROM scratch\nCOPY . /\nCMD ["none"]\n')
    (context / ".dockerignore").write_text("*\n!kept\n")
    (context / "kept").write_text("in the image")
    (context / "left-out").write_text("not in the image")
    wishes = Wishes()
    (folder / "state").mkdir()
    (folder / "work").mkdir()
    with serve(folder) as variables:
        handle = automation.create_or_select_stack(
            name,
            PROJECT,
            lambda: declare(name, wishes, aws_url),
            opts=automation.LocalWorkspaceOptions(
                work_dir=str(folder / "work"),
                pulumi_command=automation.PulumiCommand(root=str(pulumi_root)),
                project_settings=automation.ProjectSettings(name=PROJECT, runtime="python"),
                env_vars={
                    "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
                    "PULUMI_HOME": str(folder / "home"),
                    "PULUMI_CONFIG_PASSPHRASE": "of the tests",
                    "PULUMI_SKIP_UPDATE_CHECK": "true",
                    "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                    **variables,
                },
            ),
        )
        yield Stack(name, wishes, handle, aws_url)
    repository = f"{aws_url.removeprefix('http://')}/{name}"
    for image in docker_client.api.images(repository):
        for tag in image["RepoTags"] or ():  # the image may be another stack's too
            if tag.startswith(f"{repository}:"):
                docker_client.api.remove_image(tag)


@pytest.fixture
def stack(
    tmp_path: Path, unique: str, aws_url: str, pulumi_root: Path, docker_client: DockerClient
) -> Iterator[Stack]:
    """A stack of the test's own that was never deployed."""
    with a_stack(tmp_path, unique, aws_url, pulumi_root, docker_client) as made:
        yield made


@dataclass(frozen=True)
class Standing:
    """A stack that is up, the folder of its state, and what its first update told."""

    stack: Stack
    state: Path
    events: list[automation.EngineEvent]


@pytest.fixture(scope="module")
def standing(
    tmp_path_factory: pytest.TempPathFactory, aws_url: str, pulumi_root: Path, docker_client: DockerClient
) -> Iterator[Standing]:
    """A stack for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("standing")
    with a_stack(folder, "standing", aws_url, pulumi_root, docker_client) as made:
        _, events = made.run("up")
        yield Standing(made, folder / "state", events)


def changed(events: list[automation.EngineEvent]) -> dict[str, list[str]]:
    """The property paths that a run changed, by resource."""
    steps = [event.resource_pre_event.metadata for event in events if event.resource_pre_event]
    return {
        step.urn.rpartition("::")[2]: sorted(step.detailed_diff)
        for step in steps
        if step.op not in {"same", "read", "refresh"} and step.detailed_diff
    }


def what_is_there(aws: Cloud, name: str) -> list[str]:
    """Everything that the local AWS holds under ``name``."""
    found = [
        *(each["repositoryName"] for each in aws("ecr").describe_repositories()["repositories"]),
        *(each["RoleName"] for each in aws("iam").list_roles()["Roles"]),
        *(each["FunctionName"] for each in aws("lambda").list_functions()["Functions"]),
        *(each["Name"] for each in aws("apigatewayv2").get_apis()["Items"]),
        *(each["Name"] for each in aws("secretsmanager").list_secrets()["SecretList"]),
        *(each["TopicArn"].rpartition(":")[2] for each in aws("sns").list_topics()["Topics"]),
    ]
    return [each for each in found if each == name]


ALL = 13  # resources, the stack and its own provider included


def test_a_stack_lives_from_its_first_preview_to_its_end(stack: Stack, aws: Cloud) -> None:
    previewed, _ = stack.run("preview")
    assert previewed == {"create": ALL}
    assert what_is_there(aws, stack.name) == []

    made, _ = stack.run("up")
    assert made == {"create": ALL}
    assert len(what_is_there(aws, stack.name)) == 6
    outputs = stack.handle.outputs()
    assert outputs["version"].value == "1"
    assert str(outputs["digest"].value).startswith(
        f"{stack.endpoint.removeprefix('http://')}/{stack.name}@sha256:"
    )

    for operation in ("preview", "up", "refresh"):
        unchanged, events = stack.run(operation)
        assert (unchanged, changed(events)) == ({"same": ALL}, {})

    stack.wishes.tag, stack.wishes.memory = "2", 256
    updated, events = stack.run("up")
    assert updated == {"same": ALL - 3, "update": 3}
    assert changed(events) == {
        "image": ["imageName"],
        "function": ["imageUri", "memorySize"],
        "alias": ["functionVersion"],
    }
    assert aws("lambda").get_alias(FunctionName=stack.name, Name="live")["FunctionVersion"] == "2"

    removed, _ = stack.run("destroy")
    assert removed == {"delete": ALL}
    assert what_is_there(aws, stack.name) == []


def test_an_image_that_is_left_out_stays_while_what_depends_on_it_changes(
    stack: Stack, aws: Cloud, tmp_path: Path
) -> None:
    stack.run("up")
    (tmp_path / "context" / "kept").write_text("changed")
    stack.wishes.ignored = ["build", "imageName"]
    shown, events = stack.run("preview")
    assert (shown["update"], changed(events)) == (1, {"image": ["build.contextDigest"]})

    [(image, item)] = (
        StackState.from_deployment(stack.handle.export_stack().deployment).of_type(IMAGE).items()
    )
    stack.wishes.docker = "5.99.0"
    with pytest.raises(automation.CommandError, match="has not been registered yet"):
        stack.run("preview", exclude=[image])
    stack.wishes.provider = item["provider"]
    for operation in ("preview", "up"):
        unchanged, _ = stack.run(operation, exclude=[image])
        assert unchanged == {"same": ALL}
    stack.wishes.memory, stack.wishes.topic = 256, False
    updated, events = stack.run("up", exclude=[image])
    assert updated == {"same": ALL - 3, "update": 2, "delete": 1}
    assert changed(events) == {"function": ["memorySize"], "alias": ["functionVersion"]}
    assert aws("lambda").get_alias(FunctionName=stack.name, Name="live")["FunctionVersion"] == "2"
    assert StackState.from_deployment(stack.handle.export_stack().deployment).of_type(IMAGE) == {image: item}

    stack.wishes.provider = ""
    _, events = stack.run("up", target=[image], target_dependents=True)
    assert changed(events)["image"] == ["build.contextDigest"]


def test_a_stack_of_a_version_with_credentials_in_its_state_is_taken_over_and_nothing_is_replaced(
    stack: Stack, tmp_path: Path
) -> None:
    """What an earlier version kept in the state of the provider goes; all resources stay as they are."""
    stack.wishes.key = "test"
    stack.run("up")
    stack.wishes.key = None
    for operation in ("preview", "up"):
        counts, events = stack.run(operation)
        assert counts == {"same": ALL - 1, "update": 1}
        assert changed(events) == {}  # it is the provider that is updated, and no resource
    unchanged, _ = stack.run("preview")
    assert unchanged == {"same": ALL}
    [state] = (tmp_path / "state").rglob(f"{PROJECT}/{stack.name}.json")
    resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
    [provider] = [item for item in resources if item["type"] == "pulumi:providers:aws"]
    assert not {"accessKey", "secretKey"} & provider["inputs"].keys()


def test_another_credential_is_no_change(standing: Standing) -> None:
    credentials.file().unlink()
    unchanged, _ = standing.stack.run("preview")
    assert unchanged == {"same": ALL}


def test_secrets_stay_secret_in_the_state_and_after_a_refresh(standing: Standing) -> None:
    standing.stack.run("refresh")
    [state] = standing.state.rglob(f"{PROJECT}/{standing.stack.name}.json")
    assert SECRET not in state.read_text()
    assert standing.stack.name in state.read_text()


def test_what_was_changed_by_hand_is_shown_and_repaired(standing: Standing, aws: Cloud) -> None:
    stack = standing.stack
    aws("lambda").update_function_configuration(FunctionName=stack.name, Timeout=99)
    aws("sns").delete_topic(TopicArn=f"arn:aws:sns:us-east-1:000000000000:{stack.name}")
    shown, events = stack.run("preview", refresh=True)
    assert (shown["create"], changed(events)["function"]) == (1, ["timeout"])
    stack.run("up", refresh=True)
    assert aws("lambda").get_function_configuration(FunctionName=stack.name)["Timeout"] == 3
    unchanged, _ = stack.run("preview", refresh=True)
    assert unchanged == {"same": ALL}


def test_a_run_goes_on_with_what_a_cut_off_one_made(stack: Stack, aws: Cloud) -> None:
    """The engine's state knows nothing of what was under way when it was killed."""
    stack.run("up")
    made = what_is_there(aws, stack.name)
    state = stack.handle.export_stack()
    assert state.deployment
    known = [
        resource
        for resource in state.deployment["resources"]
        if not resource["type"].startswith(("aws:", "docker:"))
    ]
    stack.handle.import_stack(automation.Deployment(state.version, {**state.deployment, "resources": known}))
    stack.wishes.memory = 256
    again, events = stack.run("up")
    assert again == {"create": ALL - 2, "same": 2}
    assert what_is_there(aws, stack.name) == made
    assert aws("lambda").get_alias(FunctionName=stack.name, Name="live")["FunctionVersion"] == "2"
    told = [event.diagnostic_event.message for event in events if event.diagnostic_event]
    assert any(f"Lambda Function {stack.name}: found, made by an earlier run" in line for line in told)
    unchanged, _ = stack.run("up")
    assert unchanged == {"same": ALL}


def test_a_build_is_watched_live_and_takes_only_what_the_context_lets_in(
    standing: Standing, docker_client: DockerClient
) -> None:
    told = [event.diagnostic_event for event in standing.events if event.diagnostic_event]
    steps = [each for each in told if each.message.strip().startswith("Step 2/3 : COPY . /")]
    assert [(each.ephemeral, each.severity) for each in steps] == [(True, "info")]
    assert steps[0].urn
    assert steps[0].urn.endswith("::image")
    name = f"{standing.stack.endpoint.removeprefix('http://')}/{standing.stack.name}:1"
    assert files_in(docker_client, name) == {"kept"}


def files_in(client: DockerClient, image: str) -> set[str]:
    """The files of a one-layer image."""
    with tempfile.TemporaryFile() as saved:
        for chunk in client.api.get_image(image):
            saved.write(chunk)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as archive:
            manifest = archive.extractfile("manifest.json")
            assert manifest
            [layer] = json.load(manifest)[0]["Layers"]
            content = archive.extractfile(layer)
            assert content
            with tarfile.open(fileobj=content) as files:
                return {member.name for member in files if member.isfile()}


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        (
            {"fifo": True},
            "property fifoTopic value {true} has a problem: not supported by the stand-in plugin",
        ),
        ({"endpoint": "https://sns.eu-west-1.amazonaws.com"}, "is not a loopback address"),
    ],
)
def test_a_preview_fails_on_what_cannot_be_done_here(
    stack: Stack, aws: Cloud, wish: dict[str, Any], told: str
) -> None:
    for name, value in wish.items():
        setattr(stack.wishes, name, value)
    with pytest.raises(automation.CommandError) as failed:
        stack.run("preview")
    assert " ".join(told.split()) in " ".join(str(failed.value).split())
    assert what_is_there(aws, stack.name) == []
