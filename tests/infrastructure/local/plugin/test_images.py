"""Images: what is accepted, how builds and pushes are told, when an image counts as gone."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.errors import DeployError
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.images import registry
from infrastructure.local.plugin.images.build import DockerEngine
from infrastructure.local.plugin.images.package import ImagesPackage
from infrastructure.local.plugin.package import Log
from infrastructure.local.plugin.provider import Provider
from infrastructure.local.plugin.resource_type import ResourceState
from infrastructure.local.plugin.values import UNKNOWN, Properties, mapping, string
from infrastructure.tools import credentials
from infrastructure.tools import docker as docker_engine
from tests.infrastructure.local.plugin.conftest import Cloud
from tests.infrastructure.local.plugin.driver import Engine, Resource

IMAGE = "docker:index/image:Image"
NAME = "localhost:4566/psn:1"
DIGEST = f"sha256:{'d' * 64}"
BUILT = [
    {"stream": "Step 1/2 : FROM scratch\n"},
    {"stream": " ---> 1234\nStep 2/2 : COPY . /\n"},
    {"aux": {"ID": "sha256:built"}},
    {"stream": "Successfully tagged localhost:4566/psn:1\n"},
]
PUSHED = [
    {"status": "The push refers to repository [localhost:4566/psn]"},
    {"status": "Pushing", "progress": "[=>  ] 1B/5B", "id": "abc"},
    {"status": "Pushing", "progress": "[=>  ] 1B/9B", "id": "def"},
    {"status": "Pushing", "progress": "[==> ] 2B/5B", "id": "abc"},
    {"status": "1: digest: sha256:dd size: 1"},
    {"aux": {"Tag": "1", "Digest": DIGEST, "Size": 1}},
]


class FakeDocker:
    """A Docker engine that answers what a test lays down."""

    def __init__(self, build: Any = BUILT, push: Any = PUSHED) -> None:
        self._build, self._push = build, push
        self.asked: list[dict[str, Any]] = []

    def build(self, **options: Any) -> Iterator[Any]:
        self.asked.append(options)
        yield from self._answer(self._build)

    def push(self, repository: str, **options: Any) -> Iterator[Any]:
        self.asked.append({"repository": repository, **options})
        yield from self._answer(self._push)

    def version(self) -> dict[str, str]:
        return {"Os": "linux", "Arch": "amd64"}

    @staticmethod
    def _answer(messages: Any) -> Iterator[Any]:
        if isinstance(messages, Exception):
            raise messages
        yield from messages


class Told:
    """The lines that the person who watches the deploy is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str, *, ephemeral: bool = False) -> None:
        assert ephemeral
        self.lines.append(line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "infrastructure").mkdir()
    return tmp_path / "infrastructure"


type Opened = Callable[[FakeDocker], Provider]


@pytest.fixture
def opened(folder: Path, told: Told) -> Opened:
    """A provider whose Docker engine is a fake."""

    def open_provider(fake: FakeDocker) -> Provider:
        def engine(log: Log) -> DockerEngine:
            return DockerEngine(log, connect=lambda: fake)  # type: ignore[arg-type, return-value]

        return ImagesPackage(folder, engine).configure({}, told, threading.Event())

    return open_provider


INPUTS: Properties = {
    "imageName": NAME,
    "build": {
        "context": "..",
        "dockerfile": "../Dockerfile",
        "args": {"IMAGE_TAG": "1"},
        "platform": "linux/arm64",
        "target": "final",
        "builderVersion": "BuilderV1",
    },
    "skipPush": False,
    "buildOnPreview": False,
}


def test_an_image_is_built_pushed_and_known_by_its_digest(opened: Opened, told: Told, folder: Path) -> None:
    fake = FakeDocker()
    made, properties = opened(fake).create(IMAGE, INPUTS, preview=False)
    assert made == properties["imageName"] == properties["baseImageName"] == NAME
    assert properties["repoDigest"] == f"localhost:4566/psn@{DIGEST}"
    assert (properties["context"], properties["dockerfile"]) == ("..", "../Dockerfile")
    assert properties["platform"] == "linux/arm64"
    build, push = fake.asked
    assert Path(build["path"]).resolve() == folder.parent
    assert Path(build["dockerfile"]).resolve() == folder.parent / "Dockerfile"
    assert (build["tag"], build["buildargs"]) == (NAME, {"IMAGE_TAG": "1"})
    assert (build["platform"], build["target"]) == ("linux/arm64", "final")
    assert (push["repository"], push["tag"]) == ("localhost:4566/psn", "1")
    assert push["auth_config"] == credentials.local_aws().registry_login
    assert "Step 2/2 : COPY . /" in told.lines
    assert "1: digest: sha256:dd size: 1" in told.lines
    layers = [line for line in told.lines if "Pushing" in line]
    assert layers == ["abc Pushing [=>  ] 1B/5B", "def Pushing [=>  ] 1B/9B"]


def test_an_image_that_is_not_pushed_is_known_by_its_id(opened: Opened, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    fake = FakeDocker()
    _, properties = opened(fake).create(IMAGE, {"imageName": "psn", "skipPush": True}, preview=False)
    assert properties["repoDigest"] == "sha256:built"
    assert properties["platform"] == "linux/amd64"
    [build] = fake.asked
    assert Path(build["path"]) == folder


def test_an_image_that_is_checked_has_the_digest_of_what_its_context_lets_in(
    opened: Opened, folder: Path
) -> None:
    """The official plugin's Check, which comes after ``ignoreChanges``, puts it into the inputs."""
    (folder.parent / ".dockerignore").write_text("# but\n*\n!kept\n")
    kept, other = folder.parent / "kept", folder.parent / "left-out"
    kept.write_text("in the image")

    def digest() -> str:
        checked, wrong = opened(FakeDocker()).check(IMAGE, INPUTS, {}, "image", b"")
        assert wrong == []
        return string(mapping(checked["build"])["contextDigest"])

    first = digest()
    other.write_text("not in the image")
    assert digest() == first
    kept.chmod(0o700)
    another_mode = digest()
    kept.write_text("changed")
    another_content = digest()
    (folder.parent / "Dockerfile").write_text("FROM scratch\n")
    another_recipe = digest()
    assert len({first, another_mode, another_content, another_recipe}) == 4
    before = INPUTS | {"build": {**mapping(INPUTS["build"]), "contextDigest": first}}
    diff = opened(FakeDocker()).diff(
        IMAGE, before, before, opened(FakeDocker()).check(IMAGE, before, {}, "image", b"")[0]
    )
    assert [change.path for change in diff.properties] == ["build.contextDigest"]


def test_a_changed_image_is_built_anew_in_place(opened: Opened) -> None:
    provider = opened(FakeDocker())
    news = INPUTS | {"imageName": "localhost:4566/psn:2"}
    diff = provider.diff(IMAGE, INPUTS, INPUTS, news)
    assert [(change.path, change.replaces) for change in diff.properties] == [("imageName", False)]
    previewed = provider.update(IMAGE, ResourceState(NAME, INPUTS), INPUTS, news, preview=True)
    assert previewed["repoDigest"] is UNKNOWN
    assert previewed["imageName"] == "localhost:4566/psn:2"
    updated = provider.update(IMAGE, ResourceState(NAME, INPUTS), INPUTS, news, preview=False)
    assert updated["repoDigest"] == f"localhost:4566/psn@{DIGEST}"
    assert provider.delete(IMAGE, ResourceState(NAME, INPUTS))


def test_a_preview_and_an_unchanged_image_need_no_docker(opened: Opened) -> None:
    fake = FakeDocker()
    provider = opened(fake)
    _, previewed = provider.create(IMAGE, INPUTS, preview=True)
    assert previewed["repoDigest"] is UNKNOWN
    assert provider.diff(IMAGE, INPUTS, INPUTS, INPUTS).properties == []
    assert fake.asked == []


def test_a_failed_build_is_told_with_its_step_and_its_last_lines(opened: Opened) -> None:
    failing = [
        {"stream": "Step 1/2 : FROM scratch\n"},
        {"stream": "of another step\n"},
        {"stream": "Step 2/2 : RUN pip install nonsense\n"},
        *({"stream": f"line {number}\n"} for number in range(40)),
        {"errorDetail": {"message": "The command returned a non-zero code: 1"}, "error": "short"},
    ]
    with pytest.raises(PluginError) as failed:
        opened(FakeDocker(build=failing)).create(IMAGE, INPUTS, preview=False)
    first, *rest = str(failed.value).splitlines()
    assert first == (
        f"creating Docker Image ({NAME}): building {NAME} failed at Step 2/2 : RUN pip install nonsense: "
        "The command returned a non-zero code: 1"
    )
    assert rest == [f"  line {number}" for number in range(25, 40)]


def test_a_refused_push_is_told(opened: Opened) -> None:
    refused = [{"status": "Preparing", "id": "abc"}, {"error": "tag '1' is immutable"}]
    with pytest.raises(PluginError, match=f"pushing {NAME} failed: tag '1' is immutable\n  abc Preparing"):
        opened(FakeDocker(push=refused)).create(IMAGE, INPUTS, preview=False)
    with pytest.raises(PluginError, match="the registry gave no digest"):
        opened(FakeDocker(push=[])).create(IMAGE, INPUTS, preview=False)


def test_an_engine_that_breaks_off_is_told_in_one_line(opened: Opened) -> None:
    from docker.errors import APIError
    from requests.exceptions import ConnectionError as Silence

    with pytest.raises(PluginError, match=r"Docker does not answer \(gone\): is it running\?"):
        opened(FakeDocker(build=Silence("gone\nand more"))).create(IMAGE, INPUTS, preview=False)
    refusal = APIError("500", explanation="no space left on device")
    with pytest.raises(PluginError, match="Docker refused to push: no space left on device"):
        opened(FakeDocker(push=refusal)).create(IMAGE, INPUTS, preview=False)


def test_a_missing_dockerfile_is_told_before_docker_is_asked(opened: Opened, folder: Path) -> None:
    (folder.parent / "Dockerfile").unlink()
    fake = FakeDocker()
    with pytest.raises(PluginError, match="there is no Dockerfile at"):
        opened(fake).create(IMAGE, INPUTS, preview=False)
    assert fake.asked == []


def test_a_docker_that_does_not_run_is_told(
    folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    provider = ImagesPackage(folder).configure({}, told, threading.Event())
    with pytest.raises(PluginError, match=r"Docker does not answer \(.*\): is it running\?"):
        provider.create(IMAGE, INPUTS, preview=False)


def test_a_docker_that_cannot_be_named_is_told_with_the_remedy(
    folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_endpoint() -> None:
        raise DeployError("The Docker context 'x' is chosen but not there.", "Choose one.")

    monkeypatch.setattr(docker_engine, "endpoint", no_endpoint)
    provider = ImagesPackage(folder).configure({}, told, threading.Event())
    with pytest.raises(PluginError, match=r"context 'x' is chosen but not there\. Choose one\."):
        provider.create(IMAGE, INPUTS, preview=False)


@pytest.fixture
def images(addresses: dict[str, str]) -> Iterator[Engine]:
    engine = Engine(addresses["docker"])
    engine.configure()
    yield engine
    engine.close()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"imageName": "psn:1"}, "imageName"),
        ({"imageName": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/psn:1"}, "imageName"),
        ({"imageName": "docker.io/psn:1"}, "imageName"),
        ({"build": {"builderVersion": "BuilderBuildKit"}}, "build.builderVersion"),
        ({"build": {"cacheFrom": {"images": ["x"]}}}, "build.cacheFrom"),
        ({"buildOnPreview": True}, "buildOnPreview"),
        ({"registry": {"server": "s", "password": "p"}}, "registry.password"),
    ],
)
def test_what_is_not_supported_is_refused_in_a_preview(
    images: Engine, change: dict[str, Any], path: str
) -> None:
    _, refused = images.check(IMAGE, {**INPUTS, **change})
    assert list(refused) == [path]


def test_what_is_supported_is_not_refused(images: Engine) -> None:
    assert images.check(IMAGE, INPUTS)[1] == {}
    assert images.check(IMAGE, INPUTS | {"imageName": UNKNOWN})[1] == {}
    assert images.check(IMAGE, {"imageName": "docker.io/psn:1", "skipPush": True})[1] == {}


def test_settings_of_the_docker_provider_are_refused(images: Engine) -> None:
    assert images.check_configuration(version="5.2.0") == {}
    assert list(images.check_configuration(host="tcp://elsewhere:2375")) == ["host"]


def test_an_image_is_there_while_the_registry_holds_its_tag(
    images: Engine, aws: Cloud, aws_url: str, unique: str
) -> None:
    ecr = aws("ecr")
    ecr.create_repository(repositoryName=unique)
    manifest = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
    ecr.put_image(repositoryName=unique, imageManifest=manifest, imageTag="1")
    name = f"{aws_url.removeprefix('http://')}/{unique}:1"
    inputs = {"imageName": name}
    image = Resource(IMAGE, name, inputs, {**inputs, "repoDigest": DIGEST})
    found = images.refresh(image)
    assert found
    assert found == image
    ecr.batch_delete_image(repositoryName=unique, imageIds=[{"imageTag": "1"}])
    assert images.refresh(image) is None
    kept = Resource(IMAGE, name, inputs, {**inputs, "skipPush": True})
    assert images.refresh(kept)


class Broken(http.server.BaseHTTPRequestHandler):
    """A registry with an error of its own."""

    def do_HEAD(self) -> None:
        self.send_error(500)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


def test_a_registry_that_cannot_tell_is_an_error() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        port = server.server_address[1]
        with pytest.raises(PluginError, match=rf"the registry at 127\.0\.0\.1:{port} answers 500"):
            registry.has_image(f"127.0.0.1:{port}/psn:1")
        server.shutdown()
    with pytest.raises(PluginError, match=r"the registry at 127\.0\.0\.1:9 does not answer"):
        registry.has_image("127.0.0.1:9/psn:1")
    with pytest.raises(PluginError, match=r"docker\.io/psn:1 is not in a registry on this machine"):
        registry.has_image("docker.io/psn:1")


@pytest.mark.parametrize(
    ("name", "server", "path", "tag"),
    [
        ("localhost:4566/psn:1", "localhost:4566", "psn", "1"),
        ("localhost:4566/a/b", "localhost:4566", "a/b", "latest"),
        ("localhost/psn:1", "localhost", "psn", "1"),
        ("psn:1", "", "psn", "1"),
        ("team/psn", "", "team/psn", "latest"),
        ("public.ecr.aws/lambda/python:3.13", "public.ecr.aws", "lambda/python", "3.13"),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(name: str, server: str, path: str, tag: str) -> None:
    reference = registry.parse_reference(name)
    assert (reference.server, reference.path, reference.tag) == (server, path, tag)
