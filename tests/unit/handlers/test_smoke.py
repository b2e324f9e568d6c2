"""The smoke event: a function that could not serve, or whose role allows too much, does not go live."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

import authorizer
import main
import routes
from services.identity import access_token_verifier
from tests.conftest import ENVIRONMENT, MayDo
from tests.support import identity
from tests.support.gateway import Context
from utils import permissions
from utils.aws import client
from utils.permissions import PermissionsError
from utils.settings import settings

ROUTES = [*routes.ROUTES, routes.FALLBACK]
SECRETS = {"public-keys", "signing-keys", "seed"}
ACTIONS = {
    *("GetItem", "BatchGetItem", "Query", "Scan"),
    *("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "BatchWriteItem"),
}
EVERYTHING = ACTIONS | SECRETS
MIXED = next(route for route in ROUTES if route.name == "auth-token")
"""A route whose row allows some of the actions and some of the secrets."""


def smoke(route: routes.Route, context: Any = None) -> dict[str, Any]:
    """The function's answer to the smoke event."""
    answer: dict[str, Any] = getattr(main, route.entry)({"smoke": True}, context or Context())
    return answer


@pytest.fixture
def everything(the_table: str, may_do: MayDo) -> MayDo:
    """The table and the secrets; what is returned says which of these the role opens."""
    identity.store_keys(identity.KEY)
    identity.store_seed()
    return may_do


def row(route: routes.Route) -> set[str]:
    """What the role of the function has to allow, for all rows that share it, and nothing else."""
    rows = [other for other in ROUTES if other.function_name == route.function_name]
    return {one for other in rows for one in (*other.table, *other.secrets)}


def told(failure: PermissionsError) -> tuple[set[str], set[str]]:
    """What the role refuses, and what it allows, against the row."""
    found = re.findall(r"(refuses|allows) (?:dynamodb:|reading the secret )([\w-]+)", str(failure))
    refused, allowed = ({one for verb, one in found if verb == which} for which in ("refuses", "allows"))
    return refused, allowed


def test_every_function_answers_when_its_role_is_as_its_row_says(everything: MayDo) -> None:
    answers = {}
    for route in ROUTES:
        everything(row(route))
        answers[route.name] = smoke(route)
    assert answers == {
        route.name: {"status": "ok", "function": route.function_name, "image_tag": ENVIRONMENT["IMAGE_TAG"]}
        for route in ROUTES
    }


def test_every_function_tells_each_permission_in_which_its_role_is_not_as_its_row_says(
    everything: MayDo,
) -> None:
    for route in ROUTES:
        everything(EVERYTHING - row(route))
        with pytest.raises(PermissionsError) as failure:
            smoke(route)
        assert told(failure.value) == (row(route), EVERYTHING - row(route)), route.name


@pytest.mark.parametrize("one", sorted(EVERYTHING))
def test_a_single_difference_is_enough(one: str, everything: MayDo) -> None:
    everything(row(MIXED) ^ {one})
    with pytest.raises(PermissionsError) as failure:
        smoke(MIXED)
    assert told(failure.value) == (row(MIXED) & {one}, {one} - row(MIXED))


def test_every_difference_is_named_at_once(everything: MayDo) -> None:
    everything({"Query", "seed"})
    with pytest.raises(PermissionsError) as failure:
        smoke(routes.ROUTES[1])
    assert str(failure.value) == (
        "the role is not as its row says: "
        "it refuses dynamodb:GetItem, allows dynamodb:Query, allows reading the secret seed"
    )


@pytest.mark.parametrize("given", [set(), *({one} for one in sorted(EVERYTHING))], ids=str)
def test_the_authorizers_role_opens_nothing(
    everything: MayDo, given: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.publish(monkeypatch, identity.KEY)
    access_token_verifier.verifier.cache_clear()
    everything(given)
    if not given:
        assert authorizer.handler({"smoke": True}, Context())["status"] == "ok"
        return
    with pytest.raises(PermissionsError, match=f"it allows .*{given.pop()}$"):
        authorizer.handler({"smoke": True}, Context())


def test_trying_what_a_role_allows_changes_nothing(everything: MayDo) -> None:
    for route in ROUTES:
        everything(row(route))
        smoke(route)
    everything(ACTIONS)
    with pytest.raises(PermissionsError):
        smoke(routes.FALLBACK)
    assert client("dynamodb").scan(TableName=settings().table_name)["Items"] == []


def test_every_action_of_a_row_can_be_tried() -> None:
    assert {action for route in ROUTES for action in route.table} <= ACTIONS


@dataclass(frozen=True)
class TimeLeft(Context):
    """A call that has some time left."""

    milliseconds: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@pytest.mark.parametrize("before", [{"PutItem"}, {"BatchGetItem", "PutItem", "seed"}], ids=["one", "several"])
def test_a_policy_that_is_not_in_force_yet_is_waited_for(
    everything: MayDo, before: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    route = next(route for route in ROUTES if route.name == "players-create")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            everything(route.table)

    monkeypatch.setattr(permissions, "_pause", pause)
    everything(before)
    assert smoke(route, TimeLeft())["status"] == "ok"
    assert len(pauses) == 3


def test_it_is_not_waited_for_longer_than_the_function_may_run(
    everything: MayDo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permissions, "_pause", lambda _: pytest.fail("no time is left to wait"))
    everything()
    with pytest.raises(PermissionsError):
        smoke(routes.ROUTES[1], TimeLeft(milliseconds=2_900))


def test_a_function_without_its_table_fails(aws: None) -> None:
    for route in ROUTES:
        if route.table:
            with pytest.raises(Exception, match="ResourceNotFound"):
                smoke(route)


def test_a_function_without_its_secrets_fails(the_table: str, may_do: MayDo) -> None:
    for route in ROUTES:
        if route.secrets:
            may_do(row(route))
            with pytest.raises(Exception, match="ResourceNotFound"):
                smoke(route)
