"""Sandboxes made, reset and deleted by many at once, broken off at every write, and beside a thousand others."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from models.sandbox_body import SandboxBody
from models.sandbox_document import SandboxDocument
from services.sandboxes import declared, directory, importing
from services.sandboxes.opening import SandboxNotFoundException, opened
from tests.conftest import restore_items, stored_items
from tests.support import direct_moto
from tests.support.interception import Call, Intercept
from tests.unit.sandboxes.test_declared import ATREUS, admin, players
from utils import strict_json
from utils.aws import calls
from utils.errors import ThrottledException
from utils.sandbox import DEFAULT
from utils.validation import validated

__all__ = ["admin"]

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems")
MADE, THREADS = (1000, 100) if os.environ.get("SANDBOXES_LONG") else (100, 20)
DOCUMENT: dict[str, Any] = {
    "users": [],
    "players": [ATREUS, *({"username": f"P-{one}", "email": f"{one}@example.com"} for one in range(30))],
}


def body(**members: Any) -> SandboxBody:
    """A declaration."""
    return validated(SandboxBody, members)


class Killed(Exception):  # noqa: N818 - it is no error of the code under test
    """The process ends here."""


def state(name: str) -> str | None:
    """What a sandbox is and who is in it; ``None`` if there is none."""
    try:
        sandbox, item = declared.find(name)
    except SandboxNotFoundException:
        return None
    names = [player["username"] for player in players(name)]
    return strict_json.dump([declared.describe(sandbox, item).seed, item.get("strict"), sorted(names)])


def _import() -> None:
    pages = [{**DOCUMENT, "is_last": False}, {"players": [{"username": "Last", "email": "l@example.com"}]}]
    continued = None
    for page in pages:
        continued = importing.take("ci-7", validated(SandboxDocument, page), continued).next_page


STEPS: dict[str, Callable[[], object]] = {
    "make": lambda: declared.declare("new", body(seed=DOCUMENT)),
    "change": lambda: declared.declare("ci-7", body(seed="default", strict=True)),
    "reset": lambda: declared.reset("ci-7"),
    "delete": lambda: declared.delete("ci-7"),
    "import": _import,
}


@pytest.mark.parametrize("step", STEPS)
def test_what_is_broken_off_at_any_write_leaves_the_old_or_the_new(
    step: str, admin: Any, intercept: Intercept
) -> None:
    declared.declare("ci-7", body(seed="empty"))
    declared.declare("ci-7", body(seed=DOCUMENT))
    before, name = stored_items(), "new" if step == "make" else "ci-7"
    left: int | None = None

    def count(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        nonlocal left
        if left is not None and operation in WRITES:
            if left == 0:
                raise Killed
            left -= 1
        return call(operation, arguments)

    intercept(count, "dynamodb")
    old = state(name)
    left = 1000
    STEPS[step]()
    writes, left = 1000 - left, None
    new = state(name)
    assert writes >= 1
    for survived in range(writes):
        restore_items(before)
        left = survived
        with pytest.raises(Killed):
            STEPS[step]()
        left = None
        assert state(name) in {old, new}, f"broken off at write {survived + 1} of {writes}"
        if state(name) == old:
            STEPS[step]()
            assert state(name) == new


def test_many_made_at_once_never_see_each_other(admin: Any) -> None:
    def make(number: int) -> tuple[bool, str]:
        player = {"username": f"Player-{number}", "email": "same@example.com"}
        told, is_new = declared.declare(f"ci-{number}", body(seed={"players": [player]}))
        return is_new, told.name

    with direct_moto.without_rollback(), ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(make, range(MADE)))
    assert made == [(True, f"ci-{number}") for number in range(MADE)]
    for number in range(0, MADE, max(1, MADE // 25)):
        assert [player["username"] for player in players(f"ci-{number}")] == [f"Player-{number}"]
    names, cursor = [], None
    while True:
        page = directory.page({}, DEFAULT, 100, cursor)
        names += [sandbox.name for sandbox in page.sandboxes]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == sorted({"default", *(f"ci-{number}" for number in range(MADE))})


def test_of_many_who_make_the_same_one_makes_it(admin: Any) -> None:
    def make(number: int) -> bool:
        player = {"username": f"Player-{number}", "email": "same@example.com"}
        try:
            return declared.declare("ci-7", body(seed={"players": [player]}))[1]
        except ThrottledException:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(make, range(8))) == 1
    assert len(players("ci-7")) == 1


def test_it_costs_the_same_calls_whatever_there_is(admin: Any) -> None:
    def cost() -> list[list[str]]:
        told = []
        for step in (
            lambda: declared.declare("mine", body()),
            lambda: declared.reset("mine"),
            lambda: declared.delete("mine"),
        ):
            calls.clear()
            step()
            told.append([name for name, *_ in calls])
        return told

    alone = cost()
    for number in range(60):
        opened(f"ci-{number}")
    declared.declare("ci-1", body(seed=DOCUMENT))
    declared.reset("ci-1")
    assert cost() == alone
    assert max(map(len, alone)) <= 3


def test_a_sandbox_in_which_many_reset_at_once_holds_its_seed(admin: Any) -> None:
    declared.declare("ci-7", body(seed={"players": [ATREUS]}))

    def reset(_: int) -> None:
        try:
            declared.reset("ci-7")
        except ThrottledException:
            return

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(reset, range(6)))
    assert [player["username"] for player in players("ci-7")] == ["Atreus"]
