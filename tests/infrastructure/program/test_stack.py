"""When the program says that it is done."""

from typing import Any

import pulumi
import pytest

from tests.support import recorded
from tests.support.recorded import record
from tests.support.stacks import ALL_FUNCTIONS


def refuse(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Has the engine fail to make the resource ``name``."""
    answer = recorded._Cloud.new_resource

    def fail(cloud: Any, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.name == name:
            raise ValueError("refused")
        return answer(cloud, args)

    monkeypatch.setattr(recorded._Cloud, "new_resource", fail)


def test_the_program_is_done_when_every_function_is_in_service() -> None:
    assert {f"{name}-live" for name in ALL_FUNCTIONS} <= record("local").awaited


@pytest.mark.usefixtures("few_routes")
def test_it_is_done_too_when_a_function_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, "jwks-smoke")
    with pytest.raises(ValueError, match="refused"):
        record("local")


@pytest.mark.usefixtures("few_routes")
@pytest.mark.parametrize("name", ["jwks-live", "jwks-permission", "stage"])
def test_no_output_names_a_release_of_which_a_part_is_missing(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    refuse(monkeypatch, name)
    told = recorded.Recorded()
    with pytest.raises(ValueError, match="refused"):
        record("local", recorded=told)
    assert not [outputs for outputs in told.registered.values() if "image_tag" in outputs]
