"""What is built while the engine starts."""

import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import DockerException

from infrastructure.commands import build_ahead
from infrastructure.local import base_image
from infrastructure.release.origin import Origin
from infrastructure.release.release import Release
from infrastructure.stack.loading import load_settings
from infrastructure.tools import docker

RELEASE = Release(
    "20260101-000000-00000000", Origin("1.0.0", "abc", dirty=False), "base:1", to_build=True, permissions={}
)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The builds that Docker was asked for by the end of the threads."""
    asked: list[dict[str, Any]] = []

    def build(**settings: Any) -> Iterator[bytes]:
        asked.append(settings)
        yield b"{}"
        raise DockerException("it failed")

    api = SimpleNamespace(build=build)
    endpoint = SimpleNamespace(client=lambda _: SimpleNamespace(api=api))
    monkeypatch.setattr(docker, "is_running", lambda: True)
    monkeypatch.setattr(docker, "endpoint", lambda: endpoint)
    monkeypatch.setattr(base_image, "recorded", lambda: "base:1")
    return asked


def finish() -> None:
    """Waits for the builds under way."""
    for thread in threading.enumerate():
        if thread.name == "build-ahead":
            thread.join()


def test_the_stage_with_all_the_work_is_built_and_its_failure_is_not_told(
    built: list[dict[str, Any]],
) -> None:
    build_ahead.start(load_settings("local"), RELEASE)
    finish()
    assert [(item["target"], item["buildargs"]["BASE_IMAGE"]) for item in built] == [("build", "base:1")]


def test_nothing_is_built_that_is_there_or_comes_from_elsewhere(built: list[dict[str, Any]]) -> None:
    build_ahead.start(load_settings("local"), replace(RELEASE, to_build=False))
    build_ahead.start(load_settings("dev"), RELEASE)
    finish()
    assert built == []


def test_nothing_is_built_before_docker_and_the_base_image_are_there(
    built: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_image, "recorded", lambda: None)
    build_ahead.start(load_settings("local"), RELEASE)
    monkeypatch.setattr(base_image, "recorded", lambda: "base:1")
    monkeypatch.setattr(docker, "is_running", lambda: False)
    build_ahead.start(load_settings("local"), RELEASE)
    finish()
    assert built == []


def test_the_stage_is_the_dockerfiles_and_holds_nothing_of_a_tag(project: Path) -> None:
    """What a tag changes would be built anew each time."""
    dockerfile = (project / "Dockerfile").read_text()
    stages = {
        named[1]: text
        for text in dockerfile.split("\nFROM ")[1:]
        if (named := re.match(r"\S+ AS (\w+)", text))
    }
    assert build_ahead._STAGE in stages
    assert not re.search("IMAGE_TAG|RELEASE", stages[build_ahead._STAGE])
    assert "compileall" in stages[build_ahead._STAGE]
