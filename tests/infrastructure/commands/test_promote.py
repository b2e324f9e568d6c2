"""What may go from one stack to another, and what may not."""

from collections.abc import Mapping
from typing import Any

import pytest

from infrastructure.automation import workspace
from infrastructure.cloud import probe, registry
from infrastructure.cloud.probe import ProbeResult
from infrastructure.commands import readiness
from infrastructure.commands.promote import plan_promotion
from infrastructure.errors import DeployError
from infrastructure.release.release import Entry
from infrastructure.release.state import STACK, StackState
from infrastructure.stack.loading import load_settings
from infrastructure.stack.settings import Settings
from tests.infrastructure.conftest import WriteStack

OLD = "20260101-000000-aaaaaaaa"
LIVE = "20260102-000000-bbbbbbbb"
DIGEST = "sha256:0"

type Images = dict[tuple[str, str], str]


def state(live: str, *kept: str) -> StackState:
    """The state of a stack that runs the release ``live`` and keeps these."""
    releases = [
        Entry(tag, "1.2.3", "c0ffee", False, "2026-01-01T00:00:00+00:00", f"r:{tag}", {}, {}) for tag in kept
    ]
    outputs: dict[str, Any] = {
        "api_url": "https://api.example",
        "image_tag": live,
        "release": {"version": "1.2.3", "commit": "c0ffee", "dirty": False},
        "releases": [entry.as_output() for entry in releases],
    }
    return StackState({"urn": {"type": STACK, "outputs": outputs}})


@pytest.fixture
def states(every_stack: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> dict[str, StackState]:
    """The states of the stacks that were deployed: staging, which runs a release and keeps another."""
    known = {"staging": state(LIVE, LIVE, OLD)}
    monkeypatch.setattr(workspace, "read_state_if_any", lambda settings: known.get(settings.stack))
    return known


@pytest.fixture(autouse=True)
def images(states: dict[str, StackState], monkeypatch: pytest.MonkeyPatch) -> Images:
    """The digests of the images in the stacks' repositories, by stack and tag."""
    known: Images = {("staging", LIVE): DIGEST, ("staging", OLD): "sha256:1"}
    monkeypatch.setattr(registry, "image_digest", lambda settings, tag: known.get((settings.stack, tag)))
    return known


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stacks whose AWS was made sure of. Every stack answers as it must."""
    stacks: list[str] = []
    monkeypatch.setattr(readiness, "prepare_aws", lambda settings: stacks.append(settings.stack))
    monkeypatch.setattr(probe, "probe", lambda _: (ProbeResult("GET /healthz", "healthz", "200", ok=True),))
    return stacks


def test_the_release_that_the_source_runs_is_promoted_by_its_digest() -> None:
    planned = plan_promotion(load_settings("staging"), load_settings("prod"))
    assert (planned.source.stack, planned.target.stack) == ("staging", "prod")
    assert (planned.entry.tag, planned.digest) == (LIVE, DIGEST)


def test_another_release_that_the_source_keeps_may_be_named() -> None:
    planned = plan_promotion(load_settings("staging"), load_settings("prod"), OLD)
    assert (planned.entry.tag, planned.digest) == (OLD, "sha256:1")


def test_an_unknown_release_is_refused_with_the_known_ones() -> None:
    with pytest.raises(DeployError, match="keeps no release 20990101") as refused:
        plan_promotion(load_settings("staging"), load_settings("prod"), "20990101-000000-cccccccc")
    assert refused.value.remedy == f"It keeps {LIVE}, {OLD}."


def test_a_stack_that_runs_no_release_has_none_to_promote(states: dict[str, StackState]) -> None:
    states["staging"] = StackState()
    with pytest.raises(DeployError, match="'staging' runs no release"):
        plan_promotion(load_settings("staging"), load_settings("prod"))


def test_a_stack_that_was_never_deployed_has_none_to_promote_and_nothing_is_started_for_it(
    write_stack: WriteStack, reached: list[str]
) -> None:
    write_stack("dev", architecture="arm64")
    with pytest.raises(DeployError, match="'dev' was never deployed"):
        plan_promotion(load_settings("dev"), load_settings("prod"))
    with pytest.raises(DeployError, match="keeps no release"):
        plan_promotion(load_settings("staging"), load_settings("prod"), "20990101-000000-cccccccc")
    assert reached == []


def test_a_release_whose_image_is_gone_is_refused(images: Images) -> None:
    del images["staging", LIVE]
    with pytest.raises(DeployError, match=f"image of release {LIVE} is not in the repository"):
        plan_promotion(load_settings("staging"), load_settings("prod"))


def test_a_source_that_does_not_answer_as_it_must_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def wrong(outputs: Mapping[str, object]) -> tuple[ProbeResult, ...]:
        asked.append(outputs["api_url"])
        return (
            ProbeResult("GET /healthz", "healthz", "503", ok=False),
            ProbeResult("GET /jwks", "jwks", "200", ok=True),
        )

    monkeypatch.setattr(probe, "probe", wrong)
    with pytest.raises(
        DeployError, match=r"'staging' does not answer as it must: GET /healthz: 503\.$"
    ) as refused:
        plan_promotion(load_settings("staging"), load_settings("prod"))
    assert asked == ["https://api.example"]
    assert "healthz" in refused.value.remedy


def test_the_source_is_reached_first_unless_nothing_may_be_started(reached: list[str]) -> None:
    plan_promotion(load_settings("staging"), load_settings("prod"), may_start=False)
    assert reached == []
    plan_promotion(load_settings("staging"), load_settings("prod"))
    assert reached == ["staging"]


def test_an_image_for_another_processor_is_refused(write_stack: WriteStack) -> None:
    write_stack("prod", architecture="amd64")
    with pytest.raises(DeployError, match=r"'staging' is for linux/arm64, .* 'prod' are linux/amd64"):
        plan_promotion(load_settings("staging"), load_settings("prod"))


def test_a_promotion_needs_two_stacks() -> None:
    with pytest.raises(DeployError) as refused:
        plan_promotion(load_settings("staging"), load_settings("staging"))
    assert "FROM=dev TO=staging" in refused.value.remedy


@pytest.mark.parametrize(("source", "target"), [("local", "staging"), ("dev", "local")])
def test_an_image_of_this_machine_stays_on_it(source: str, target: str, write_stack: WriteStack) -> None:
    for stack in (source, target):
        write_stack(stack, architecture="amd64")
    with pytest.raises(DeployError, match="one is on this machine"):
        plan_promotion(load_settings(source), load_settings(target))


def test_the_image_is_copied_by_its_digest_from_stack_to_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[tuple[str, str, str, str]] = []
    fetched: list[tuple[str, str, int]] = []

    def copy(tag: str, digest: str, source: Settings, target: Settings, _: object) -> None:
        copied.append((tag, digest, source.stack, target.stack))

    def fetch(settings: Settings, tag: str) -> None:
        fetched.append((settings.stack, tag, len(copied)))

    monkeypatch.setattr(registry, "copy_image", copy)
    monkeypatch.setattr(registry, "fetch_image", fetch)
    plan_promotion(load_settings("staging"), load_settings("prod")).copy_image()
    assert copied == [(LIVE, DIGEST, "staging", "prod")]
    assert fetched == [("prod", LIVE, 1)]
