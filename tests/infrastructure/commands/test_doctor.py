import json
import os

import pytest

from infrastructure.automation import plugins
from infrastructure.commands import doctor
from infrastructure.local import aws, base_image
from infrastructure.stack.loading import load_settings
from infrastructure.tools import disk, docker, engine, paths
from tests.support.checkout import free_port
from tests.support.fake_docker import FakeDocker
from tests.support.machine import Machine

LOCAL = [
    "uv",
    "Python",
    "git",
    "Docker",
    "Pulumi engine",
    "Pulumi plugins",
    "base image",
    "local AWS",
    "disk space",
]


@pytest.fixture(autouse=True)
def port(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_AWS_PORT", str(free_port()))
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def checks(stack: str = "local") -> dict[str, doctor.Check]:
    return {check.name: check for check in doctor.run_checks(load_settings(stack))}


def test_a_bare_machine_misses_everything_but_python_and_says_how_to_get_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///not/there")
    found = checks()
    assert list(found) == LOCAL
    assert [name for name, check in found.items() if check.ok] == ["Python", "local AWS", "disk space"]
    assert all(check.remedy for check in found.values() if not check.ok)
    assert not machine.cache.exists()
    assert not machine.state.exists()


def test_a_machine_with_everything_is_ok_throughout(
    machine: Machine, docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("uv", "git"):
        machine.tool(name, f"echo {name} 1.0")
    machine.tool("pulumi", f"echo v{engine.REQUIRED}")
    for name in plugins.NEEDED:
        machine.tool(f"pulumi-resource-{name}")
    disk.replace_file(machine.cache / "base-image", f"{base_image.OFFICIAL}\n")
    docker_engine.answers[f"GET /images/{base_image.OFFICIAL}/json"] = (200, {"Id": "sha256:1"})
    monkeypatch.setattr(aws, "status", lambda: aws.Status(4566, machine.state, pid=4711))
    found = checks()
    assert {name: check.remedy for name, check in found.items()} == dict.fromkeys(LOCAL, "")
    assert all(check.ok for check in found.values())
    assert found["git"].found == "git 1.0"
    assert found["local AWS"].found.startswith("port 4566, process 4711")


def test_an_aws_stack_needs_nothing_local(machine: Machine, docker_engine: FakeDocker) -> None:
    assert not {"base image", "local AWS"} & checks("dev").keys()


def test_the_stand_in_will_do_for_a_local_stack_only(machine: Machine, docker_engine: FakeDocker) -> None:
    disk.record_failure(plugins.FAILURE, "no network")
    assert checks()["Pulumi plugins"].ok
    check = checks("dev")["Pulumi plugins"]
    assert (check.ok, check.remedy) == (False, "make deploy STACK=dev sets it up.")
    assert check.found.endswith("; the last download failed: no network")


def test_a_local_aws_that_does_not_run_is_ok_where_its_port_is_free(docker_engine: FakeDocker) -> None:
    check = checks()["local AWS"]
    assert (check.ok, check.found) == (True, "not running; make deploy starts it")


def test_credentials_are_looked_for_and_where_there_are_none_the_remedy_names_the_stack(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = checks("dev")["AWS credentials"]
    assert (check.ok, check.found) == (False, "none")
    assert "STACK=dev" in check.remedy
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    check = checks("dev")["AWS credentials"]
    assert (check.ok, check.found) == (True, "from env")


def test_a_profile_that_is_not_there_is_told(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    check = checks("dev")["AWS credentials"]
    assert (check.ok, "gone" in check.found) == (False, True)


def test_a_port_that_is_another_programs_is_told_with_what_to_do(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        aws, "status", lambda: aws.Status(4566, paths.cache(), occupant="nginx (process 4711)")
    )
    check = checks()["local AWS"]
    assert (check.ok, check.found) == (False, "port 4566 is taken by nginx (process 4711)")
    assert "LOCAL_AWS_PORT=4567" in check.remedy


def test_a_docker_context_that_is_not_there_is_told(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")
    check = checks()["Docker"]
    assert (check.ok, "'gone' is chosen but not there" in check.found) == (False, True)


def test_a_disk_that_is_nearly_full_is_told(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "free_mebibytes", lambda _: 100)
    assert not checks()["disk space"].ok


def test_a_check_is_a_json_object(docker_engine: FakeDocker) -> None:
    assert docker.is_running()
    assert json.loads(json.dumps(checks()["Docker"].as_json())) == {
        "name": "Docker",
        "ok": True,
        "found": f"{docker_engine.host} (DOCKER_HOST)",
        "remedy": "",
    }
