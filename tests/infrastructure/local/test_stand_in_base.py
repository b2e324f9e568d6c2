import http.client
import io
import json
import platform
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.errors import DeployError
from infrastructure.local import base_image, stand_in_base
from infrastructure.tools import certificates, docker, docker_daemon, processes
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

DEBOOTSTRAP = """
for root; do case "$root" in */root) break ;; esac; done
mkdir -p "$root/etc/ssl/certs" "$root/usr/share/doc/x" "$root/usr/local/bin" "$root/var/task" "$root/proc/1" "$root/tmp"
touch "$root/tmp/left"
"""
CHROOT = 'case "$*" in *"-m venv"*) mkdir -p "$1/var/lang/lib/python3.13/site-packages" ;; esac'
UV = """
[ "$1" = --version ] && exit 0
for package; do :; done
while [ "$1" != --target ]; do shift; done
mkdir -p "$2/samcli/local/rapid"
echo emulator-x86_64 > "$2/samcli/local/rapid/aws-lambda-rie-x86_64"
echo emulator-arm64 > "$2/samcli/local/rapid/aws-lambda-rie-arm64"
touch "$2/${package%%=*}.py"
"""


@pytest.fixture
def debian(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A Debian whose tools do quickly what theirs do slowly."""
    machine.tool("debootstrap", DEBOOTSTRAP)
    machine.tool("chroot", CHROOT)
    machine.tool("uv", UV)
    machine.cache.mkdir()
    bundle = machine.home / "bundle.pem"
    bundle.write_text("the company's authorities")
    monkeypatch.setattr(certificates, "host_bundle", lambda: bundle)
    monkeypatch.setattr(stand_in_base, "_KEYRING", bundle)
    monkeypatch.setattr(stand_in_base, "debian_mirror", lambda: "http://mirror/debian")
    return machine


def make(engine: FakeDocker) -> None:
    stand_in_base.make(docker.endpoint().client(), stand_in_base.reference())


def test_the_image_holds_python_the_runtime_the_emulator_and_the_hosts_authorities(
    debian: Machine, docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    docker_engine.answers["POST /images/create"] = (200, json.dumps({"status": "sha256:1"}))
    make(docker_engine)
    [request] = docker_engine.asked("POST /images/create")
    assert "tag=3.13-" in request.line
    assert "LAMBDA_TASK_ROOT%3D%2Fvar%2Ftask" in request.line
    with tarfile.open(fileobj=io.BytesIO(request.body)) as archive:
        names = {name.removeprefix("./") for name in archive.getnames()}
        emulator = archive.extractfile("./usr/local/bin/aws-lambda-rie")
        assert emulator is not None
        assert emulator.read() == b"emulator-arm64\n"
        assert archive.getmember("./lambda-entrypoint.sh").mode & 0o111
        authorities = archive.extractfile("./etc/ssl/certs/ca-certificates.crt")
        assert authorities is not None
        assert authorities.read() == b"the company's authorities"
    packages = {
        f"var/lang/lib/python3.13/site-packages/{name.split('==')[0]}.py" for name in stand_in_base.RUNTIME
    }
    assert packages <= names
    assert not {"usr/share/doc", "proc/1", "tmp/left"} & names
    assert debian.called("debootstrap")[0].endswith("http://mirror/debian")
    assert list(debian.cache.iterdir()) == []


def test_what_is_missing_to_make_it_is_installed(
    debian: Machine, docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    (debian.tools / "debootstrap").rename(debian.home / "debootstrap")
    debian.tool(
        "apt-get",
        f'case "$*" in *"install debootstrap") cp "{debian.home}/debootstrap" "{debian.tools}" ;; esac',
    )
    monkeypatch.setattr(stand_in_base, "_KEYRING", debian.home / "absent")
    docker_engine.answers["POST /images/create"] = (200, "{}")
    make(docker_engine)
    installed = [call.split()[-1] for call in debian.called("apt-get") if "install" in call]
    assert installed == ["debootstrap", "debian-archive-keyring"]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((500, {"message": "broken"}), "Docker refuses the base image.*broken"),
        ((200, '{"error":"broken"}'), "Docker refuses the base image.*broken"),
        ((200, '{"error":"write: no space left on device"}'), "The disk is full"),
    ],
)
def test_an_image_that_docker_does_not_take_is_told(
    debian: Machine, docker_engine: FakeDocker, answer: tuple[int, object], cause: str
) -> None:
    docker_engine.answers["POST /images/create"] = answer
    with pytest.raises(DeployError, match=cause):
        make(docker_engine)
    assert list(debian.cache.iterdir()) == []


def test_packages_that_cannot_be_had_are_told(debian: Machine, docker_engine: FakeDocker) -> None:
    debian.tool("debootstrap", "echo E: Failed getting release file; exit 1")
    with pytest.raises(DeployError, match="cannot be had: E: Failed getting release file"):
        make(docker_engine)


def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = stand_in_base.reference()
    assert before == stand_in_base.reference()
    monkeypatch.setattr(stand_in_base, "PACKAGES", (*stand_in_base.PACKAGES, "tini"))
    assert stand_in_base.reference() != before


@pytest.mark.parametrize(
    ("apt", "root", "processor", "obstacle"),
    [
        (True, True, "x86_64", None),
        (True, True, "aarch64", None),
        (False, True, "x86_64", "neither Debian nor Ubuntu"),
        (True, False, "x86_64", "takes root"),
        (True, True, "riscv64", "emulator for riscv64"),
    ],
)
def test_it_can_be_made_by_root_of_a_debian_or_ubuntu_on_either_processor(
    monkeypatch: pytest.MonkeyPatch, apt: bool, root: bool, processor: str, obstacle: str | None
) -> None:
    monkeypatch.setattr(docker_daemon, "can_install", lambda: apt)
    monkeypatch.setattr(docker_daemon, "is_root", lambda: root)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    found = stand_in_base.obstacle()
    assert found is None if obstacle is None else obstacle in str(found)


@pytest.mark.parametrize(
    ("release", "source", "mirror"),
    [
        ("ID=debian", "Types: deb\nURIs: https://near/debian/\nSuites: x", "https://near/debian/"),
        ("ID=debian", "deb [arch=amd64] http://near/debian trixie main", "http://near/debian"),
        ("ID=debian", "deb http://other/tools stable main", None),
        ('ID="debian"', "# nothing", None),
        ("ID=ubuntu\nID_LIKE=debian", "deb http://near/debian trixie main", None),
    ],
)
def test_the_packages_come_from_where_a_debian_host_has_its_own(
    tmp_path: Path, release: str, source: str, mirror: str | None
) -> None:
    (tmp_path / "os-release").write_text(f"NAME=x\n{release}\n")
    (tmp_path / "sources").write_text(source)
    found = stand_in_base.debian_mirror([tmp_path / "absent", tmp_path / "sources"], tmp_path / "os-release")
    assert found == mirror


def test_a_system_without_a_release_file_has_no_mirror(tmp_path: Path) -> None:
    assert stand_in_base.debian_mirror([], tmp_path / "absent") is None


@pytest.fixture(scope="module")
def functions_port() -> Iterator[int]:
    """The port of a container of this machine's base image that serves a handler, by a user without rights."""
    client = docker.ensure().endpoint.client()
    container = client.containers.create(
        base_image.ensure(),
        command=["main.root"],
        user="10001:10001",
        ports={"8080/tcp": ("127.0.0.1", 0)},
    )
    try:
        handler = b"import os\ndef root(event, context):\n    return {'event': event, 'user': os.getuid()}\n"
        with io.BytesIO() as buffer:
            with tarfile.open(fileobj=buffer, mode="w") as archive:
                entry = tarfile.TarInfo("main.py")
                entry.size, entry.mode = len(handler), 0o644
                archive.addfile(entry, io.BytesIO(handler))
            container.put_archive("/var/task", buffer.getvalue())
        container.start()
        yield int(client.api.port(str(container.id), 8080)[0]["HostPort"])
    finally:
        container.remove(force=True, v=True)


def answer_on(port: int) -> object:
    """The answer of a container that may still be starting: until it listens, connections are cut."""
    deadline = time.monotonic() + 30
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/2015-03-31/functions/function/invocations", b'{"smoke": true}')
            return json.load(connection.getresponse())
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise


def test_the_base_image_serves_a_handler_behind_the_emulator(functions_port: int) -> None:
    assert answer_on(functions_port) == {"event": {"smoke": True}, "user": 10001}


def test_the_entrypoint_wants_a_handler() -> None:
    script = Path(stand_in_base.__file__).parent / "stand_in" / "lambda-entrypoint.sh"
    outcome = processes.run(["sh", script], limit=10)
    assert (outcome.code, "the handler must be" in outcome.output) == (142, True)
