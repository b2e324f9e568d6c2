"""What an update that cannot go on says."""

import pytest

from infrastructure import updates, workspace
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
