"""When a deploy takes no engine."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infrastructure.automation import backend, exclusion, last_deploy
from infrastructure.cloud import drift, probe
from infrastructure.cloud.probe import ProbeResult
from infrastructure.commands import readiness, unchanged
from infrastructure.commands.deploy_request import DeployRequest
from infrastructure.release.state import STACK
from infrastructure.stack.loading import load_settings

LOCAL = load_settings("local")
OUTPUTS = {"api_url": "http://localhost", "image_tag": "20260101-000000-00000000"}


class World:
    """What a deploy meets: whether the last one brought the same, which functions differ, what the probe came to."""

    same, drifted, answers = True, False, True


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A deployed stack with nothing to change."""
    monkeypatch.setenv("LOCAL_HOME", str(tmp_path))
    file = backend.state_file("local")
    file.parent.mkdir(parents=True)
    stack = {"urn": "urn:stack", "type": STACK, "outputs": OUTPUTS}
    file.write_text(json.dumps({"checkpoint": {"latest": {"resources": [stack]}}}))
    world = World()

    @contextmanager
    def reading(_: Any) -> Iterator[Callable[[Any], list[str]]]:
        yield lambda _: ["root"] * world.drifted

    monkeypatch.setattr(readiness, "prepare_deploy", lambda _: None)
    monkeypatch.setattr(last_deploy, "is_unchanged", lambda *_: world.same)
    monkeypatch.setattr(drift, "reading_functions", reading)
    monkeypatch.setattr(
        probe,
        "probe",
        lambda *_, **__: (ProbeResult("GET /healthz", "healthz", "it is there", ok=world.answers),),
    )
    return world


def test_a_stack_that_is_as_the_last_deploy_left_it_has_nothing_to_change(world: World) -> None:
    result = unchanged.deploy_unchanged(DeployRequest(LOCAL))
    assert result
    assert result.outputs == OUTPUTS
    assert result.changes == "no changes"
    assert set(result.phases.seconds) == {"look", "set-up"}


@pytest.mark.parametrize(
    ("what", "is_now"),
    [("same", False), ("drifted", True), ("answers", False)],
    ids=["tree", "drift", "probe"],
)
def test_a_stack_that_is_not_is_for_the_engine(world: World, what: str, is_now: bool) -> None:
    setattr(world, what, is_now)
    assert unchanged.deploy_unchanged(DeployRequest(LOCAL)) is None


def test_a_deploy_that_was_cut_off_is_for_the_engine_and_for_the_next_to_know(world: World) -> None:
    with pytest.raises(KeyboardInterrupt), exclusion.exclusive("local"):
        raise KeyboardInterrupt
    assert unchanged.deploy_unchanged(DeployRequest(LOCAL)) is None
    with exclusion.exclusive("local") as was_cut_off:
        assert was_cut_off


@pytest.mark.parametrize(
    "request_",
    [
        DeployRequest(LOCAL, force=True),
        DeployRequest(LOCAL, refresh=True),
        DeployRequest(LOCAL, infrastructure_only=True),
        DeployRequest(LOCAL, image_only=True),
        DeployRequest(LOCAL, replaceable=("table",)),
        DeployRequest(load_settings("dev")),
    ],
    ids=["force", "refresh", "infrastructure", "image", "replace", "aws"],
)
def test_a_deploy_that_asks_for_more_or_less_is_for_the_engine(world: World, request_: DeployRequest) -> None:
    assert unchanged.deploy_unchanged(request_) is None
