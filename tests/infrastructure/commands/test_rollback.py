"""Going back to an earlier release: which one, what moves, and what the engine is told of it."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pulumi
import pytest
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import set_root_resource

from infrastructure.automation import aliases, update_message, updates
from infrastructure.automation.gateway_routes import EarlierRoutes, earlier_routes
from infrastructure.cloud.table_migration import Migration
from infrastructure.commands import rollback
from infrastructure.commands.rollback import plan_rollback, select_target
from infrastructure.errors import DeployError
from infrastructure.release.release import Entry
from infrastructure.release.state import ALIAS, ROUTE, STACK, STAGE, Resources, StackState
from infrastructure.stack.loading import load_settings
from infrastructure.terminal import display
from infrastructure.tools import paths

STACK_URN = "urn:pulumi:local::psn-emulator::pulumi:pulumi:Stack::psn-emulator-local"
PROVIDER = "urn:pulumi:local::psn-emulator::pulumi:providers:aws::aws::0b5e"
COMPONENT = "psn-emulator:functions:Function"
GATEWAY = "urn:pulumi:local::psn-emulator::psn-emulator:api:Gateway::gateway"


def urn_of(row: str, type_: str, name: str) -> str:
    """The URN of a function's resource."""
    return f"urn:pulumi:local::psn-emulator::{COMPONENT}${type_}::{row}-{name}"


def function_in_state(row: str, version: str) -> dict[str, Any]:
    """A function, its smoke invocation and its alias as a state has them."""
    parent = f"urn:pulumi:local::psn-emulator::{COMPONENT}::{row}"
    function = urn_of(row, "aws:lambda/function:Function", "function")
    smoke = urn_of(row, "aws:lambda/invocation:Invocation", "smoke")
    alias = urn_of(row, ALIAS, "live")

    def custom(urn: str, type_: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
        own = {"parent": parent, "provider": PROVIDER, "custom": True}
        return {"urn": urn, "type": type_, "inputs": inputs} | own | more

    items = [
        {"urn": parent, "type": COMPONENT, "custom": False, "parent": STACK_URN},
        custom(
            function,
            "aws:lambda/function:Function",
            {"name": f"psn-{row}", "environment": {"variables": {}}},
            outputs={"version": version},
        ),
        custom(smoke, "aws:lambda/invocation:Invocation", {}, dependencies=[function]),
        custom(
            alias,
            ALIAS,
            {"__defaults": "", "name": "live", "functionName": f"psn-{row}", "functionVersion": version},
            dependencies=[function, smoke],
            propertyDependencies={"functionName": [function], "functionVersion": [function], "name": []},
        ),
        custom(
            f"{GATEWAY}-{row}",
            "aws:lambda/permission:Permission",
            {"action": "lambda:InvokeFunction"},
            dependencies=[alias],
        )
        | {"parent": GATEWAY},
    ]
    return {item["urn"]: item for item in items}


def a_release(number: int, **versions: str) -> Entry:
    """The release number ``number``, which runs these versions."""
    return Entry(
        tag=f"2026010{number}-000000-{str(number) * 8}",
        version="1.2.3",
        commit=f"c0ffee{number}",
        dirty=False,
        since=f"2026-01-0{number}T00:00:00+00:00",
        image_uri=f"registry/psn:{number}",
        versions=versions,
        inputs={},
    )


FIRST, SECOND, THIRD = (a_release(number, root=str(number), healthz=str(number)) for number in (1, 2, 3))
SECOND, THIRD = (replace(entry, form=2) for entry in (SECOND, THIRD))


def state(live: Entry, *kept: Entry, **functions: str) -> StackState:
    """The state of a stack that keeps these releases, with a function for every version named."""
    outputs = live.outputs() | {
        "api_url": "http://api",
        "releases": [entry.as_output() for entry in kept],
    }
    items: Resources = {
        STACK_URN: {"type": STACK, "custom": False, "outputs": outputs},
        GATEWAY: {"type": "psn-emulator:api:Gateway", "custom": False, "parent": STACK_URN},
    }
    for row, version in functions.items():
        items |= function_in_state(row, version)
    return StackState(items)


def with_routes(known: StackState, **authorization: str) -> StackState:
    """The state with a route of the gateway for every row named, and the stage that is deployed of them."""
    routes: Resources = {
        f"{GATEWAY}$route::{row}-route": {
            "type": ROUTE,
            "custom": True,
            "parent": GATEWAY,
            "provider": PROVIDER,
            "inputs": {"routeKey": f"GET /{row}", "authorizationType": kind},
            "dependencies": [urn_of(row, ALIAS, "live")],
        }
        for row, kind in authorization.items()
    }
    stage = {**next(iter(routes.values())), "type": STAGE, "dependencies": list(routes), "inputs": {}}
    return StackState({**known.resources, **routes, f"{GATEWAY}$stage::stage": stage})


# Which release


def test_the_way_back_is_to_the_release_deployed_before_the_live_one() -> None:
    assert select_target("dev", state(THIRD, THIRD, SECOND, FIRST, root="3", healthz="3"), None) == SECOND
    assert select_target("dev", state(SECOND, THIRD, SECOND, FIRST, root="2", healthz="2"), None) == FIRST


def test_a_function_that_the_live_release_did_not_have_does_not_change_the_way_back() -> None:
    assert select_target("dev", state(SECOND, SECOND, FIRST, root="2", healthz="2", docs="1"), None) == FIRST


def test_from_a_deploy_that_was_cut_off_while_aliases_moved_the_way_back_is_to_what_ran_before_it() -> None:
    assert select_target("dev", state(SECOND, SECOND, FIRST, root="7", healthz="2"), None) == SECOND


def test_a_rollback_that_was_cut_off_while_aliases_moved_goes_on() -> None:
    assert select_target("dev", state(THIRD, THIRD, SECOND, FIRST, root="1", healthz="3"), None) == FIRST


def test_the_way_back_may_be_to_any_kept_release_also_a_newer_one() -> None:
    assert select_target("dev", state(FIRST, SECOND, FIRST), SECOND.tag) == SECOND


def test_an_unknown_tag_is_an_error_that_names_the_known_ones() -> None:
    with pytest.raises(DeployError, match="no release 'v9'") as refused:
        select_target("dev", state(SECOND, SECOND, FIRST), "v9")
    assert refused.value.remedy == f"It keeps: {SECOND.tag} (live), {FIRST.tag}."


@pytest.mark.parametrize("known", [StackState(), state(FIRST, FIRST, root="1")])
def test_before_the_first_release_there_is_nothing(known: StackState) -> None:
    with pytest.raises(DeployError, match="keeps no release before"):
        select_target("dev", known, None)


# What moves


def test_every_alias_moves_to_the_version_that_the_release_ran() -> None:
    assert plan_rollback(state(SECOND, root="2", healthz="2"), FIRST).moves == {
        "root": ("2", "1"),
        "healthz": ("2", "1"),
    }


def test_aliases_that_a_cut_off_rollback_moved_stay_and_the_others_follow() -> None:
    assert plan_rollback(state(SECOND, root="1", healthz="2"), FIRST).moves == {"healthz": ("2", "1")}


def test_a_function_that_was_deleted_since_is_named() -> None:
    way = plan_rollback(state(SECOND, root="2"), FIRST)
    assert (way.deleted, way.moves) == (("healthz",), {"root": ("2", "1")})


def test_a_function_that_the_release_did_not_have_stays_as_it_is() -> None:
    way = plan_rollback(state(SECOND, root="2", healthz="2", newer="1"), FIRST)
    assert way.unchanged == ("newer",)
    assert way.deleted == ()
    assert "newer" not in way.moves
    assert way.after["newer"] == "1"


def test_a_function_that_is_no_more_is_no_concern_of_the_release() -> None:
    assert plan_rollback(state(SECOND, root="2"), FIRST).after == {"root": "1"}


# Whether it can run


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The versions of the functions that there are in AWS."""
    there = {"psn-root": {"1", "2"}, "psn-healthz": {"1", "2"}}

    class Lambda:
        class exceptions:  # noqa: N801 - as in boto3's clients
            ResourceNotFoundException = LookupError

        def get_function_configuration(self, **asked: str) -> None:
            if asked["Qualifier"] not in there[asked["FunctionName"]]:
                raise LookupError

    monkeypatch.setattr(boto3.Session, "client", lambda *_, **__: Lambda())
    return there


def test_a_release_whose_versions_are_there_can_run(functions: dict[str, set[str]]) -> None:
    rollback.require_versions(
        load_settings("local"), plan_rollback(state(SECOND, root="2", healthz="2"), FIRST)
    )


def test_versions_that_are_gone_are_named_before_anything_moves(functions: dict[str, set[str]]) -> None:
    functions["psn-healthz"].remove("1")
    with pytest.raises(DeployError, match=r"these versions are gone: healthz 1\.$"):
        rollback.require_versions(
            load_settings("local"), plan_rollback(state(SECOND, root="2", healthz="2"), FIRST)
        )


def test_an_aws_that_does_not_tell_ends_the_rollback_before_anything_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr(paths, "aws_endpoint", lambda: "http://127.0.0.1:1")
    with pytest.raises(DeployError, match=f"versions of {FIRST.tag} cannot be looked up") as caught:
        rollback.require_versions(
            load_settings("local"), plan_rollback(state(SECOND, root="2", healthz="2"), FIRST)
        )
    assert "lambda:GetFunctionConfiguration" in caught.value.remedy


# Together or not at all


class Engine:
    """Takes the updates that it is given. Those whose message is of a kind in ``failing`` fail once the aliases have
    moved that are named first."""

    name = "local"
    settings = load_settings("local")

    def __init__(self, *failing: str, moving: Collection[str] = ("root",)) -> None:
        self.failing, self.moving = failing, moving
        self.updates: list[tuple[str, Mapping[str, str], Mapping[str, Any]]] = []
        self.live = SECOND
        self.forms: list[tuple[str, int]] = []
        self.versions = {"root": "2", "healthz": "2"}

    def move(
        self, _: object, __: object, versions: Mapping[str, str], outputs: Mapping[str, Any], **said: Any
    ) -> Mapping[str, Any]:
        """Stands in for ``aliases.move``."""
        self.routes = said["routes"]
        self.updates.append((said["message"], versions, outputs))
        failing = any(kind in said["message"] for kind in self.failing)
        self.versions |= {name: one for name, one in versions.items() if name in self.moving or not failing}
        if failing:
            raise DeployError(f"{said['failure']}: healthz-live: no such alias")
        return outputs

    def state(self) -> StackState:
        """The state, with the aliases where they are."""
        return state(self.live, SECOND, FIRST, **self.versions)


def carried_out(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A rollback from the second release to the first by ``engine``."""
    monkeypatch.setattr(aliases, "move", engine.move)
    monkeypatch.setattr(display, "say", lambda _: None)
    monkeypatch.setattr(Migration, "prepare", lambda _, form: engine.forms.append(("before", form)))
    monkeypatch.setattr(Migration, "settle", lambda _, form: engine.forms.append(("after", form)))
    before = state(SECOND, SECOND, FIRST, root="2", healthz="2")
    stack: Any = engine
    return rollback.carry_out(stack, before, plan_rollback(before, FIRST), "rollback", (SECOND, FIRST))


def test_a_rollback_is_an_update_that_names_the_release_and_leaves_the_other_outputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    outputs = carried_out(engine, monkeypatch)
    [(message, versions, _)] = engine.updates
    said = update_message.parse_message(message)
    assert said is not None
    assert (said.tag, said.kind) == (FIRST.tag, "rollback")
    assert versions == {"root": "1", "healthz": "1"}
    assert outputs["image_tag"] == FIRST.tag
    assert outputs["api_url"] == "http://api"
    assert outputs["releases"] == [SECOND.as_output(), FIRST.as_output()]
    assert engine.forms == [("before", 1), ("after", 1)]


def test_when_one_alias_does_not_move_all_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("rollback")
    with pytest.raises(DeployError, match=rf"no such alias\. All aliases are back: {SECOND.tag} runs\."):
        carried_out(engine, monkeypatch)
    message, versions, outputs = engine.updates[-1]
    assert message.startswith(f"{SECOND.tag} put back")
    assert engine.forms == [("before", 1), ("after", 2)]
    assert versions == engine.versions == {"root": "2", "healthz": "2"}
    assert outputs["image_tag"] == SECOND.tag


def test_when_no_alias_moved_there_is_nothing_to_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("rollback", moving=())
    with pytest.raises(DeployError, match="no such alias; what ran before goes on serving"):
        carried_out(engine, monkeypatch)
    assert len(engine.updates) == 1


def test_it_is_said_when_the_aliases_cannot_be_put_back_either(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeployError, match="putting the aliases back failed too"):
        carried_out(Engine("rollback", "put back"), monkeypatch)


def test_the_aliases_that_another_update_has_moved_stay_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine: Any = Engine()
    monkeypatch.setattr(aliases, "move", engine.move)
    busy = updates.BusyError("Another update is running.", "Wait until it has ended.")
    assert rollback.restore_aliases(engine, state(SECOND, SECOND, FIRST, root="1", healthz="1"), busy) is busy
    assert engine.updates == []


def test_a_release_that_went_live_stays_when_deleting_what_is_left_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine: Any = Engine()
    engine.live, engine.versions = THIRD, {"root": "3"}
    monkeypatch.setattr(aliases, "move", engine.move)
    denied = DeployError("The deploy of local failed: healthz-role: access denied.")
    said = rollback.restore_aliases(engine, state(SECOND, SECOND, FIRST, root="2", healthz="2"), denied)
    assert engine.updates == []
    assert said.cause == (
        f"The deploy of local failed: healthz-role: access denied, after {THIRD.tag} had gone live."
    )
    assert "make deploy STACK=local" in said.remedy


def test_a_route_that_was_opened_goes_though_no_alias_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    engine: Any = Engine()
    monkeypatch.setattr(aliases, "move", engine.move)
    monkeypatch.setattr(display, "say", lambda _: None)
    monkeypatch.setattr(Migration, "settle", lambda *_: None)
    before = with_routes(state(SECOND, SECOND, FIRST, root="2", healthz="2"), root="NONE")
    now = with_routes(before, root="NONE", healthz="NONE")
    monkeypatch.setattr(engine, "state", lambda: now)
    said = rollback.restore_aliases(engine, before, DeployError("The deploy of local failed: no such queue."))
    assert (
        said.cause == f"The deploy of local failed: no such queue. All aliases are back: {SECOND.tag} runs."
    )
    assert engine.routes.opened == {f"{GATEWAY}$route::healthz-route"}


def test_a_first_deploy_has_nothing_to_go_back_to() -> None:
    stack: Any = Engine()
    error = DeployError("It failed.", "Repair it.")
    assert rollback.restore_aliases(stack, StackState(), error) is error


# What the engine is told


class Monitor(MockMonitor):
    """Keeps what the engine is told of."""

    def __init__(self) -> None:
        super().__init__(Nothing())
        self.told: list[Any] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the name in the engine's protocol
        self.told.append(request)
        answer: Any = super().RegisterResource(request)  # type: ignore[no-untyped-call]
        return answer


class Nothing(pulumi.runtime.Mocks):
    """A cloud that adds nothing to what it is given."""

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:
        raise AssertionError(f"asked for {args.token}")

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return args.name, dict(args.inputs)


def told_of(known: StackState, routes: EarlierRoutes) -> list[Any]:
    """What the engine is told of when two functions go back to the first release, and the gateway to these routes."""
    monitor = Monitor()
    asyncio.set_event_loop(asyncio.new_event_loop())
    set_root_resource(None)  # type: ignore[arg-type]
    pulumi.runtime.set_mocks(Nothing(), "psn-emulator", "local", monitor=monitor)
    awaited: Any = pulumi.runtime.test
    awaited(lambda: aliases.program(known, {"root": "1", "healthz": "1"}, {"image_tag": FIRST.tag}, routes))()
    return [request for request in monitor.told if request.type != STACK]


@pytest.fixture
def told() -> list[Any]:
    """What the engine is told of when two functions go back to the first release."""
    return told_of(state(SECOND, root="2", healthz="2"), aliases.NO_ROUTES)


def test_the_aliases_are_those_of_the_state_on_other_versions(told: list[Any]) -> None:
    inputs = [rpc.deserialize_properties(item.object) for item in told if item.type == ALIAS]
    assert json.loads(json.dumps(inputs)) == [
        {"name": "live", "functionName": f"psn-{row}", "functionVersion": "1"} for row in ("root", "healthz")
    ]


def test_an_alias_keeps_its_provider_and_the_dependencies_of_its_properties(told: list[Any]) -> None:
    alias = next(item for item in told if item.name == "healthz-live")
    function = urn_of("healthz", "aws:lambda/function:Function", "function")
    assert alias.provider == PROVIDER
    assert list(alias.propertyDependencies["functionVersion"].urns) == [function]
    assert set(alias.dependencies) == {
        function,
        urn_of("healthz", "aws:lambda/invocation:Invocation", "smoke"),
    }


def test_the_engine_meets_all_that_the_aliases_depend_on_with_the_first(told: list[Any]) -> None:
    first = next(item for item in told if item.type == ALIAS)
    assert {urn.rsplit("::", 1)[1] for urn in first.dependencies} == {
        "root-function",
        "root-smoke",
        "healthz-function",
        "healthz-smoke",
    }


def test_what_depends_on_the_aliases_is_declared_after_them_and_nothing_else_is(told: list[Any]) -> None:
    types = [item.type for item in told]
    assert types == [
        "psn-emulator:api:Gateway",
        COMPONENT,
        COMPONENT,
        *[ALIAS] * 2,
        *["aws:lambda/permission:Permission"] * 2,
    ]


def test_a_route_that_was_opened_is_not_declared_and_one_that_was_changed_is_as_it_was() -> None:
    functions = state(SECOND, root="2", healthz="2")
    before, now = with_routes(functions, root="CUSTOM"), with_routes(functions, root="NONE", healthz="NONE")
    routes = earlier_routes(before, now)
    assert routes.urns == [
        f"{GATEWAY}$route::healthz-route",
        f"{GATEWAY}$route::root-route",
        f"{GATEWAY}$stage::stage",
    ]
    *_, route, stage = told_of(now, routes)
    assert rpc.deserialize_properties(route.object) == {
        "routeKey": "GET /root",
        "authorizationType": "CUSTOM",
    }
    assert list(stage.dependencies) == [f"{GATEWAY}$route::root-route"]


def test_routes_that_are_as_they_were_are_no_targets() -> None:
    functions = state(SECOND, root="2", healthz="2")
    known = with_routes(functions, root="CUSTOM")
    assert earlier_routes(known, known).urns == []
    assert earlier_routes(functions, known).opened == frozenset()
