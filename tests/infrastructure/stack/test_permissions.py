"""A role for every set of permissions: a published version keeps the one it was made with, so none ever changes."""

from collections.abc import Callable
from copy import replace

import pytest

import routes
from infrastructure import get_image_tag
from infrastructure.release.release import Deployed
from infrastructure.release.selection import promoted_release, select_release
from infrastructure.release.state import StackState
from infrastructure.stack.loading import load_settings
from infrastructure.stack.names import Names
from infrastructure.stack.permissions import Permissions
from tests.infrastructure.conftest import WriteStack
from tests.support.recorded import Recorded, record, state_of
from tests.support.stacks import ROLE, ROLE_POLICY, statements

NAME = "healthz"
ROW = next(route for route in routes.ROUTES if route.name == NAME)

SetTree = Callable[..., None]


@pytest.fixture(autouse=True)
def tree(every_stack: tuple[str, ...], few_routes: None, monkeypatch: pytest.MonkeyPatch) -> SetTree:
    """Gives the row of ``healthz`` these actions on the table, and the image the content of that digit."""
    declared = routes.ROUTES

    def set_tree(*table: str, content: str) -> None:
        rows = tuple(replace(row, table=table) if row is ROW else row for row in declared)
        monkeypatch.setattr(routes, "ROUTES", rows)
        monkeypatch.setattr(get_image_tag, "content_hash", lambda *_: content * 32)

    set_tree(*ROW.table, content="0")
    return set_tree


def role(recorded: Recorded) -> str:
    """The role of the function's new version."""
    found: str = recorded.named(f"{NAME}-function").inputs["role"]
    return found.removeprefix("arn:aws:::")


def roles(recorded: Recorded) -> list[str]:
    """All roles of the function."""
    names = sorted(item.inputs["name"] for item in recorded.of(ROLE))
    return [name for name in names if name.startswith(f"psn-emulator-dev-{NAME}-")]


def actions(recorded: Recorded) -> list[str]:
    """What the function's new version may do with the table."""
    found: list[str] = statements(recorded, NAME)["Table"]["Action"]
    return found


def deployed(before: Recorded | None = None) -> Recorded:
    """A deploy of the tree after another."""
    return record("dev", state=state_of(before) if before else None)


def test_other_permissions_are_another_role_and_the_one_that_serves_stays_as_it_is(tree: SetTree) -> None:
    tree("GetItem", content="1")
    first = deployed()
    tree("GetItem", "Query", content="2")
    second = deployed(first)
    assert role(second) != role(first)
    assert roles(second) == sorted({role(first), role(second)})
    assert actions(second) == ["dynamodb:GetItem", "dynamodb:Query"]
    policies = {item.inputs["role"]: item.inputs["policy"] for item in second.of(ROLE_POLICY)}
    [before] = (item.inputs["policy"] for item in first.of(ROLE_POLICY) if item.inputs["role"] == role(first))
    assert policies[role(first)] == before


def test_the_same_permissions_in_another_order_are_the_same_role(tree: SetTree) -> None:
    tree("GetItem", "Query", content="1")
    first = deployed()
    tree("Query", "GetItem", content="2")
    second = deployed(first)
    assert roles(second) == [role(second)] == [role(first)]


def test_a_role_goes_with_the_last_release_that_needs_it(tree: SetTree, write_stack: WriteStack) -> None:
    write_stack("dev", architecture="arm64", keep_releases=2)
    made, known = [], None
    for content, table in enumerate((["GetItem"], ["GetItem", "Query"], ["GetItem", "Query"])):
        tree(*table, content=str(content))
        known = deployed(known)
        made.append(roles(known))
    assert [len(names) for names in made] == [1, 2, 1]


def test_an_image_that_stays_keeps_the_permissions_of_its_release(tree: SetTree) -> None:
    tree("GetItem", content="1")
    first = deployed()
    tree("GetItem", "Query", content="2")
    kept = record("dev", state=state_of(first), keep_image=True)
    assert roles(kept) == [role(kept)] == [role(first)]
    assert kept.outputs == first.outputs


def test_a_promoted_image_brings_the_permissions_of_its_release(tree: SetTree) -> None:
    tree("GetItem", "Query", content="1")
    [entry] = Deployed.from_state(StackState(state_of(deployed()))).entries
    tree("GetItem", content="2")
    promotion = promoted_release(load_settings("dev"), entry, "staging", Deployed())
    brought = record("dev", selected=promotion, provide_image=lambda: None)
    assert actions(brought) == ["dynamodb:GetItem", "dynamodb:Query"]
    [recorded] = Deployed.from_state(StackState(state_of(brought))).entries
    assert recorded.permissions == entry.permissions


def test_an_image_of_which_nothing_is_recorded_has_the_permissions_of_the_tree(tree: SetTree) -> None:
    tree("GetItem", content="1")
    known = Deployed.from_state(StackState(state_of(deployed())))
    older = replace(known, entries=tuple(replace(entry, permissions={}) for entry in known.entries))
    tree("Query", content="2")
    kept = select_release(load_settings("dev"), older, keep_image=True)
    assert kept.permissions[NAME] == Permissions(frozenset({"Query"}), frozenset(ROW.secrets))


def test_a_secret_that_is_gone_is_no_obstacle_to_the_releases_that_read_it(tree: SetTree) -> None:
    tree("GetItem", content="1")
    known = Deployed.from_state(StackState(state_of(deployed())))
    [entry] = known.entries
    odd = {**entry.permissions, NAME: Permissions(frozenset({"GetItem"}), frozenset({"gone"}))}
    before = replace(known, entries=(replace(entry, tag="20200101-000000-ffffffff", permissions=odd),))
    recorded = record("dev", selected=select_release(load_settings("dev"), before))
    assert len(roles(recorded)) == 2


def test_a_long_name_is_cut_and_stays_one_of_its_own() -> None:
    names = Names("local-with-a-long-name-1")
    whole = [names.role(f"oauth-authorization-server-{end}", "0a1b2c3d") for end in ("one", "two")]
    assert [len(name) for name in whole] == [64, 64]
    assert whole[0][:55] == whole[1][:55]
    assert whole[0] != whole[1]
    assert names.role("root", "0a1b2c3d") == "psn-emulator-local-with-a-long-name-1-root-0a1b2c3d"


def test_what_is_recorded_of_a_release_from_before_faults_gives_it_the_role_that_it_had() -> None:
    before = {"table": ["GetItem", "Query"], "secrets": ["seed"]}
    assert Permissions.from_output(before).as_output() == before
    alone = before | {"table_alone": ["Query"]}
    assert Permissions.from_output(alone).as_output() == alone
    assert Permissions.from_output(alone).digest != Permissions.from_output(before).digest
    assert Permissions.from_output(alone).named == {
        "dynamodb:GetItem",
        "dynamodb:Query (no index)",
        "secret seed",
    }


def test_a_release_says_of_each_function_what_it_may_do_in_a_few_words() -> None:
    [entry] = deployed().outputs["releases"]
    assert entry["permissions"]["auth-refresh"] == {
        "table": ["BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem"],
        "secrets": ["seed", "signing-keys"],
        "table_alone": ["Query"],
    }
    assert entry["permissions"]["authorizer"] == {"table": [], "secrets": []}
