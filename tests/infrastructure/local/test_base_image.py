import json
from typing import Any

import pytest

from infrastructure.errors import DeployError
from infrastructure.local import base_image, stand_in_base
from tests.support.fake_docker import Answer, FakeDocker
from tests.support.machine import Machine

NO_NETWORK = json.dumps({"error": "lookup public.ecr.aws: no such host"})
OFFICIAL = f"GET /images/{base_image.OFFICIAL}/json"


@pytest.fixture(autouse=True)
def makes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stand-ins made; making one costs nothing and is always possible."""
    made: list[str] = []
    monkeypatch.setattr(stand_in_base, "make", lambda _, name: made.append(name))
    monkeypatch.setattr(stand_in_base, "obstacle", lambda: None)
    return made


def pull(answer: Answer | str) -> dict[str, Any]:
    """What the engine answers to the pull of the official image."""
    return {"POST /images/create": answer if isinstance(answer, tuple) else (200, answer)}


def test_the_official_image_is_taken_when_it_is_there(docker_engine: FakeDocker, makes: list[str]) -> None:
    docker_engine.answers[OFFICIAL] = (200, {"Id": "sha256:1"})
    assert base_image.ensure() == base_image.recorded() == base_image.OFFICIAL
    assert not docker_engine.asked("POST /images/create")
    assert makes == []


def test_the_official_image_is_pulled_when_it_can_be(docker_engine: FakeDocker, makes: list[str]) -> None:
    docker_engine.answers |= pull(json.dumps({"status": "Downloaded"}))
    assert base_image.ensure() == base_image.OFFICIAL
    assert "fromImage=public.ecr.aws%2Flambda%2Fpython" in docker_engine.asked("POST /images/create")[0].line
    assert makes == []


@pytest.mark.parametrize("answer", [NO_NETWORK, (500, {"message": "no such host"})])
def test_the_stand_in_is_made_when_the_official_image_cannot_be_pulled(
    docker_engine: FakeDocker, makes: list[str], answer: Answer | str
) -> None:
    docker_engine.answers |= pull(answer)
    assert base_image.ensure() == base_image.recorded() == stand_in_base.reference()
    assert makes == [stand_in_base.reference()]


def test_a_stand_in_that_is_there_is_used_as_it_is(docker_engine: FakeDocker, makes: list[str]) -> None:
    docker_engine.answers |= pull(NO_NETWORK)
    docker_engine.answers[f"GET /images/{stand_in_base.reference()}/json"] = (200, {"Id": "sha256:1"})
    assert base_image.ensure() == stand_in_base.reference()
    assert base_image.ensure() == stand_in_base.reference()
    assert makes == []
    assert len(docker_engine.asked("POST /images/create")) == 1


def test_a_stand_in_once_chosen_stays_when_the_official_image_comes_within_reach(
    docker_engine: FakeDocker, makes: list[str]
) -> None:
    docker_engine.answers |= pull(NO_NETWORK)
    base_image.ensure()
    docker_engine.answers |= pull(json.dumps({"status": "Downloaded"}))
    assert base_image.ensure() == stand_in_base.reference()
    assert makes == [stand_in_base.reference()] * 2


def test_a_stand_in_of_an_older_recipe_is_made_anew(
    docker_engine: FakeDocker, machine: Machine, makes: list[str]
) -> None:
    machine.cache.mkdir()
    (machine.cache / "base-image").write_text("psn-emulator/lambda-python:3.13-older\n")
    assert base_image.ensure() == base_image.recorded() == stand_in_base.reference()
    assert makes == [stand_in_base.reference()]


def test_nothing_is_recorded_before_the_first_choice(machine: Machine) -> None:
    assert base_image.recorded() is None


def test_an_aws_stack_takes_the_official_image_only(docker_engine: FakeDocker, makes: list[str]) -> None:
    docker_engine.answers |= pull(NO_NETWORK)
    with pytest.raises(DeployError, match=r"public\.ecr\.aws/lambda/python:3\.13 cannot be pulled: lookup"):
        base_image.ensure(local=False)
    docker_engine.answers[OFFICIAL] = (200, {"Id": "sha256:1"})
    assert base_image.ensure(local=False) == base_image.OFFICIAL
    assert (makes, base_image.recorded()) == ([], None)


def test_where_no_stand_in_can_be_made_both_causes_are_told(
    docker_engine: FakeDocker, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker_engine.answers |= pull(NO_NETWORK)
    monkeypatch.setattr(stand_in_base, "obstacle", lambda: "making it takes root")
    with pytest.raises(DeployError, match=r"no such host.*cannot be made either: making it takes root"):
        base_image.ensure()
    assert base_image.recorded() is None


def test_a_disk_that_fills_while_pulling_is_told_and_nothing_is_made(
    docker_engine: FakeDocker, makes: list[str]
) -> None:
    docker_engine.answers |= pull(json.dumps({"error": "write /x: no space left on device"}))
    with pytest.raises(DeployError, match="The disk is full: no space left at Docker's data folder"):
        base_image.ensure()
    assert makes == []


def test_presence_is_asked_of_docker(docker_engine: FakeDocker) -> None:
    assert not base_image.is_here(base_image.OFFICIAL)
    docker_engine.answers[OFFICIAL] = (200, {"Id": "sha256:1"})
    assert base_image.is_here(base_image.OFFICIAL)
