"""What a deploy does when the API does not answer as it must."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from infrastructure.automation import aliases, exclusion, last_deploy, updates, workspace
from infrastructure.cloud import drift, probe, versions
from infrastructure.cloud.probe import ProbeResult
from infrastructure.cloud.table_migration import Migration
from infrastructure.commands import deploy, readiness, report, rotate_keys
from infrastructure.commands.deploy_request import DeployRequest
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed, Entry
from infrastructure.release.state import ALIAS, STACK, TABLE, StackState
from infrastructure.review.changes import ChangeLog
from infrastructure.stack.loading import load_settings
from infrastructure.terminal import display
from tests.infrastructure.commands.test_rollback import (
    FIRST,
    GATEWAY,
    SECOND,
    THIRD,
    a_release,
    state,
    with_routes,
)

FAILS = (ProbeResult("GET /healthz", "healthz", "500", ok=False),)
ANSWERS = (ProbeResult("GET /healthz", "healthz", "200", ok=True),)
SECOND_CHANGED = a_release(2, root="3", healthz="3")
"""The second release after a change of its settings."""


class Stack:
    """A stack that runs ``live`` and keeps these releases. A deploy brings it ``brought``, and ``meanwhile`` is what
    somebody else brings it while that is asked. ``broken`` are the versions that do not answer."""

    settings = load_settings("local")
    name = "local"

    def __init__(self, live: Entry, *kept: Entry, brought: Entry, broken: str = "3") -> None:
        self.brought, self.broken = brought, broken
        self.meanwhile: Entry | None = None
        self.was_cut_off = False
        self.updates: list[str] = []
        self.forms: list[str] = []
        self.routes = {"root": "NONE"}
        self.opened: frozenset[str] = frozenset()
        self.run(live, *kept)

    def run(self, live: Entry, *kept: Entry, **versions: str) -> None:
        """Has the state say that this release runs, on its own versions unless others are given."""
        self.known = with_routes(state(live, *kept, **versions or live.versions), **self.routes)

    @property
    def outputs(self) -> dict[str, Any]:
        return dict(self.known.outputs)

    @property
    def versions(self) -> dict[str, str]:
        """Where the aliases are."""
        return {name: alias.version for name, alias in self.known.aliases.items()}

    @property
    def kept(self) -> list[Entry]:
        """The releases that the stack keeps."""
        return list(Deployed.from_state(self.known).entries)

    def state(self) -> StackState:
        return self.known

    def update(self, *_: object, **__: object) -> tuple[dict[str, Any], Any]:
        """Stands in for the update by the program."""
        before = self.versions
        self.updates.append(f"deploy {self.brought.tag}")
        self.run(self.brought, self.brought, *(item for item in self.kept if item.tag != self.brought.tag))
        moved = [SimpleNamespace(type=ALIAS)] if self.versions != before else []
        return self.outputs, SimpleNamespace(changes=moved, counts=Counter)

    def move(
        self, _: object, __: object, versions: Mapping[str, str], outputs: Mapping[str, Any], **said: Any
    ) -> Mapping[str, Any]:
        """Stands in for ``aliases.move``."""
        self.opened = said["routes"].opened
        self.updates.append(f"{said['message'].split(' by ')[0]}")
        [live] = [
            Entry.from_output(item) for item in outputs["releases"] if item["tag"] == outputs["image_tag"]
        ]
        self.run(live, *map(Entry.from_output, outputs["releases"]), **versions)
        return self.outputs

    def probe(self, _: object) -> tuple[ProbeResult, ...]:
        """Stands in for the probe."""
        fails = self.broken in self.versions.values()
        if self.meanwhile:
            self.run(self.meanwhile, self.meanwhile, *self.kept)
        return FAILS if fails else ANSWERS

    def deploy(self) -> str:
        """What a deploy says that fails."""
        with pytest.raises(DeployError) as failed:
            deploy.deploy(DeployRequest(load_settings("local")))
        return failed.value.cause


type Deploying = Callable[[Stack], Stack]


@pytest.fixture
def deploying(monkeypatch: pytest.MonkeyPatch) -> Deploying:
    """Has deploys go to a stack."""

    def to(stack: Stack) -> Stack:
        @contextmanager
        def exclusive(_: str) -> Iterator[bool]:
            yield stack.was_cut_off

        @contextmanager
        def opened(_: str, *, may_create: bool) -> Iterator[Stack]:
            yield stack

        @contextmanager
        def looking(_: str) -> Iterator[Any]:
            yield lambda _: []

        def known(*_: object, **__: object) -> StackState:
            return stack.state()

        monkeypatch.setattr(readiness, "prepare_deploy", lambda _: None)
        monkeypatch.setattr(readiness, "prepare_build", lambda _: None)
        monkeypatch.setattr(readiness, "persist", lambda _: None)
        monkeypatch.setattr(exclusion, "exclusive", exclusive)
        monkeypatch.setattr(workspace, "open_stack", opened)
        monkeypatch.setattr(workspace, "recover", lambda *_: (known(), False))
        monkeypatch.setattr(workspace, "read_back", known)
        monkeypatch.setattr(drift, "reading_functions", looking)
        monkeypatch.setattr(Migration, "prepare", lambda _, form: stack.forms.append(f"before {form}"))
        monkeypatch.setattr(Migration, "settle", lambda _, form: stack.forms.append(f"after {form}"))
        monkeypatch.setattr(last_deploy, "note", lambda *_: None)
        monkeypatch.setattr(updates, "up", stack.update)
        monkeypatch.setattr(aliases, "move", stack.move)
        monkeypatch.setattr(probe, "probe", stack.probe)
        monkeypatch.setattr(display, "say", lambda _: None)
        return stack

    return to


def test_a_new_release_that_fails_gives_way_to_the_one_that_ran(deploying: Deploying) -> None:
    stack = deploying(Stack(SECOND, SECOND, FIRST, brought=THIRD))
    assert stack.deploy().endswith(f"{SECOND.tag} is live again, and answers.")
    assert stack.versions == SECOND.versions
    assert stack.kept == [SECOND, FIRST]
    assert stack.forms == ["before 2", "before 2", "after 2"]


@pytest.mark.parametrize(("added", "noted"), [(True, []), (False, ["local"])])
def test_a_deploy_that_added_a_key_is_followed_by_one_that_tells_the_functions(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch, added: bool, noted: list[str]
) -> None:
    deploying(Stack(SECOND, SECOND, FIRST, brought=THIRD, broken="none"))
    notes: list[str] = []
    monkeypatch.setattr(last_deploy, "note", lambda settings, _: notes.append(settings.stack))
    monkeypatch.setattr(rotate_keys, "add_missing_key", lambda _: added)
    monkeypatch.setattr(versions, "retain", lambda *_: None)
    deploy.deploy(DeployRequest(load_settings("local")))
    assert notes == noted


def test_the_routes_that_a_release_opened_that_fails_go_with_it(deploying: Deploying) -> None:
    stack = deploying(Stack(SECOND, SECOND, FIRST, brought=THIRD))
    stack.routes = {"root": "NONE", "healthz": "NONE"}
    assert f"{SECOND.tag} is live again" in stack.deploy()
    assert stack.opened == {f"{GATEWAY}$route::healthz-route"}


def test_the_table_is_brought_into_the_form_of_the_release_that_answers(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = deploying(Stack(FIRST, FIRST, brought=SECOND))
    monkeypatch.setattr(versions, "retain", lambda *_: None)
    monkeypatch.setattr(deploy, "summary", lambda *_, **__: "2 changed")
    monkeypatch.setattr(updates, "up", lambda *_, **__: (stack.update()[0], ChangeLog()))
    deploy.deploy(DeployRequest(load_settings("local")))
    assert stack.forms == ["before 2", "after 2"]


@pytest.mark.parametrize("others", [(FIRST,), ()])
def test_other_settings_that_fail_give_way_to_the_versions_that_the_release_had(
    deploying: Deploying, others: tuple[Entry, ...]
) -> None:
    stack = deploying(Stack(SECOND, SECOND, *others, brought=SECOND_CHANGED))
    assert stack.deploy() == (
        f"{SECOND.tag} fails the probe: GET /healthz: 500. {SECOND.tag} as it was is live again, and answers."
    )
    assert stack.versions == SECOND.versions
    assert stack.outputs["image_tag"] == SECOND.tag
    assert stack.kept == [SECOND, *others]


def test_a_release_whose_deploy_was_cut_off_gives_way_to_the_one_before_it(deploying: Deploying) -> None:
    stack = deploying(Stack(THIRD, THIRD, SECOND, FIRST, brought=THIRD))
    stack.was_cut_off = True
    assert stack.deploy().endswith(f"{SECOND.tag} is live again, and answers.")
    assert stack.versions == SECOND.versions
    assert stack.kept == [SECOND, FIRST]


def test_a_release_that_no_deploy_has_just_brought_stays(deploying: Deploying) -> None:
    stack = deploying(Stack(THIRD, THIRD, SECOND, brought=THIRD))
    assert stack.deploy() == f"{THIRD.tag} fails the probe: GET /healthz: 500."
    assert stack.kept == [THIRD, SECOND]


def test_aliases_that_were_moved_by_hand_do_not_go_back_there(deploying: Deploying) -> None:
    stack = deploying(Stack(SECOND, SECOND, FIRST, brought=SECOND, broken="2"))
    stack.run(SECOND, SECOND, FIRST, root="1", healthz="1")
    assert stack.deploy() == f"{SECOND.tag} fails the probe: GET /healthz: 500."
    assert stack.versions == SECOND.versions


@pytest.mark.parametrize("live", [SECOND, THIRD])
def test_what_somebody_else_brought_meanwhile_stays(deploying: Deploying, live: Entry) -> None:
    stack = deploying(Stack(live, live, FIRST, brought=THIRD))
    stack.meanwhile = a_release(4, root="4", healthz="4")
    assert stack.deploy() == (
        f"Another update has changed the stack while {THIRD.tag} was probed: {stack.meanwhile.tag} is live."
    )
    assert stack.updates == [f"deploy {THIRD.tag}"]
    assert stack.versions == stack.meanwhile.versions


def test_a_deploy_that_finds_the_table_gone_says_so_at_once_and_at_its_end(
    deploying: Deploying, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stack = deploying(Stack(SECOND, SECOND, FIRST, brought=THIRD, broken="none"))
    monkeypatch.setattr(versions, "retain", lambda *_: None)
    monkeypatch.setattr(deploy, "summary", lambda *_, **__: "2 created")
    outputs = stack.known.of_type(STACK).popitem()[1]["outputs"]
    outputs |= {"table_name": "psn-emulator-local"}
    warnings: list[str] = []
    monkeypatch.setattr(display, "warn", warnings.append)
    monkeypatch.setattr(updates, "up", lambda *_, **__: (stack.outputs, ChangeLog()))
    deployed = deploy.deploy(DeployRequest(load_settings("local")))
    assert warnings == [
        "The data is gone: there is no table psn-emulator-local any more. A new one is made, empty"
    ]
    monkeypatch.setitem(outputs, "image_uri", "registry/psn:t")
    report.print_deployed(load_settings("local"), replace(deployed, outputs=outputs))
    assert "the table psn-emulator-local is a new one" in warnings[1]
    assert "make import-data STACK=local" in warnings[1]
    stack.known.resources["urn::table"] = {"type": TABLE, "protect": True}
    assert deploy.deploy(DeployRequest(load_settings("local"))).lost_table is None
    assert len(warnings) == 2


def test_what_must_not_be_missed_is_marked_in_a_log_too(capsys: pytest.CaptureFixture[str]) -> None:
    display.warn("The data is gone")
    assert capsys.readouterr().err == "WARNING: The data is gone\n"
