"""What an update says that cannot go on, and what one gives whose events did not come through."""

import pulumi
import pytest

from infrastructure import updates, workspace
from infrastructure.changes import ChangeLog
from infrastructure.errors import DeployError


@pytest.mark.usefixtures("own_backend")
def test_who_finds_another_update_under_way_on_aws_is_told_how_to_clear_what_a_killed_one_left() -> None:
    refused: list[DeployError] = []

    def meanwhile() -> None:
        with workspace.opened("dev", may_create=False) as second, pytest.raises(DeployError) as caught:
            updates.up(second, lambda: None, "a message", "The deploy of dev failed")
        refused.append(caught.value)

    with workspace.opened("dev", may_create=True) as first:
        first.up(program=meanwhile)
    assert refused[0].cause == "The deploy of dev failed: another update of this stack is running."
    assert refused[0].remedy == (
        "Wait until it has ended, then run this again."
        ' If it was killed: eval "$(make -s env STACK=dev)"; pulumi -C infrastructure cancel'
    )


@pytest.mark.usefixtures("own_backend")
def test_the_outputs_are_those_of_the_state_where_no_event_came_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ChangeLog, "record", lambda *_: None)
    with workspace.opened("dev", may_create=True) as stack:
        outputs, _ = updates.up(
            stack, lambda: pulumi.export("api_url", "http://api"), "a message", "The deploy of dev failed"
        )
    assert outputs == {"api_url": "http://api"}
