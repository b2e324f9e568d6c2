"""When the program says that it is done."""

from typing import Any

import pulumi
import pytest

from tests.infrastructure import recorded
from tests.infrastructure.recorded import record
from tests.infrastructure.stacks import ALL_FUNCTIONS


def test_the_program_is_done_when_every_function_is_in_service() -> None:
    assert {f"{name}-live" for name in ALL_FUNCTIONS} <= record("local").awaited


def test_it_is_done_too_when_a_function_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = recorded._Cloud.new_resource

    def fail(cloud: Any, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if args.name == "jwks-smoke":
            raise ValueError("it does not start")
        return answer(cloud, args)

    monkeypatch.setattr(recorded._Cloud, "new_resource", fail)
    with pytest.raises(ValueError, match="it does not start"):
        record("local")
