"""The table and the secrets, which an update stops before it replaces or deletes them."""

from collections.abc import Callable

import pulumi
import pytest

from infrastructure.automation import protection, updates, workspace
from infrastructure.automation.lean_stack import LeanStack
from infrastructure.errors import DeployError
from infrastructure.release.state import FUNCTION, SECRET, TABLE, StackState
from infrastructure.stack import kept
from infrastructure.stack.loading import load_settings
from tests.infrastructure.conftest import WriteStack

URN = "urn:pulumi:dev::psn-emulator::psn-emulator:storage:Storage$"


class Engine:
    """Notes which resources it protects and unprotects."""

    def __init__(self) -> None:
        self.protected: list[str] = []
        self.unprotected: list[str] = []
        self.runs = 0

    def protect(self, urns: list[str]) -> None:
        self.protected += urns
        self.runs += 1

    def unprotect(self, urns: list[str]) -> None:
        self.unprotected += urns
        self.runs += 1


def stored(**protected: bool) -> StackState:
    """A state with a table and secrets, which are protected or not."""
    items = {
        "table": TABLE,
        "seed-secret": SECRET,
        "signing-keys-secret": SECRET,
        "other": "aws:sqs/queue:Queue",
    }
    return StackState(
        {
            f"{URN}{type_}::{name}": {"type": type_, "protect": protected.get(name.partition("-")[0], False)}
            for name, type_ in items.items()
        }
    )


def apply(state: StackState, *replaceable: str) -> Engine:
    engine = Engine()
    protection.apply(engine, state, replaceable)  # type: ignore[arg-type]
    return engine


def test_a_state_of_before_is_made_to_protect_the_table_and_the_secrets() -> None:
    engine = apply(stored())
    assert [urn.rpartition("::")[2] for urn in engine.protected] == [
        "table",
        "seed-secret",
        "signing-keys-secret",
    ]


def test_one_that_protects_them_takes_no_run_of_the_engine() -> None:
    assert apply(stored(table=True, seed=True, signing=True)).runs == 0
    assert apply(StackState()).runs == 0


def test_what_may_be_replaced_is_unprotected_and_nothing_else() -> None:
    engine = apply(stored(table=True, seed=True, signing=True), "table")
    assert engine.unprotected == [f"{URN}{TABLE}::table"]
    assert engine.protected == []
    assert apply(stored(seed=True, signing=True), "table").runs == 0


def test_only_the_table_and_the_secrets_can_be_named_and_no_stack_that_protects_them(
    write_stack: WriteStack,
) -> None:
    write_stack("prod", architecture="arm64")
    kept.check_replaceable(load_settings("dev"), ("table", "seed", "signing-keys", "public-keys"))
    with pytest.raises(DeployError, match="no tabel to replace") as caught:
        kept.check_replaceable(load_settings("dev"), ("tabel",))
    assert "table, public-keys, seed, signing-keys" in caught.value.remedy
    with pytest.raises(DeployError, match="'prod' are protected from deletion") as caught:
        kept.check_replaceable(load_settings("prod"), ("table",))
    assert "deletion_protection" in caught.value.remedy
    kept.check_replaceable(load_settings("prod"), ())


REPLACING = (
    '{name}: unable to replace resource "urn:pulumi:local::psn-emulator::psn-emulator:storage:Storage$a:b/c:C::{name}"'
    " as it is currently marked for protection. To unprotect the resource, remove the `protect` flag from the resource"
    " in your Pulumi program and run `pulumi up`"
)


@pytest.mark.parametrize(
    ("shards", "known"), [(2, {"PLAYER_SHARDS": "1"}), (2, {}), (1, {"PLAYER_SHARDS": "4"})]
)
def test_players_that_would_be_looked_for_elsewhere_stop_a_deploy(shards: int, known: dict[str, str]) -> None:
    function = {"type": FUNCTION, "inputs": {"environment": {"variables": known}}}
    state = StackState({"urn::function": function, "urn::table": {"type": TABLE}})
    settings = load_settings("local").model_copy(update={"player_shards": shards})
    with pytest.raises(DeployError, match=f"player_shards says {shards}") as caught:
        protection.require_same_shards(settings, state, ())
    assert "REPLACE=table" in caught.value.remedy
    protection.require_same_shards(settings, state, ("table",))
    without_table = StackState({"urn::function": function})
    protection.require_same_shards(settings, without_table, ())
    same = settings.model_copy(update={"player_shards": int(known.get("PLAYER_SHARDS", "1"))})
    protection.require_same_shards(same, state, ())


def test_what_the_engine_says_becomes_what_would_be_lost_and_how_to_keep_or_lose_it() -> None:
    told = protection.refusal(REPLACING.format(name="table"), "local")
    assert told is not None
    assert "replace the table, and everything in it would be lost" in told.cause
    for command in ("export-data", "deploy", "import-data"):
        assert f"make {command} STACK=local" in told.remedy
    assert "REPLACE=table" in told.remedy
    told = protection.refusal(REPLACING.format(name="signing-keys-secret"), "local")
    assert told is not None
    assert "the secret signing-keys" in told.cause
    assert told.remedy.endswith("make deploy STACK=local REPLACE=signing-keys")
    assert protection.refusal("table: creating DynamoDB Table (t): operation error", "local") is None


@pytest.fixture
def up(own_backend: object) -> Callable[..., LeanStack]:
    """Updates the stack ``dev`` to a program, which needs no plugin."""

    def update(program: Callable[[], None], replaceable: tuple[str, ...] = ()) -> LeanStack:
        with workspace.open_stack(load_settings("dev"), may_create=True) as stack:
            protection.apply(stack, stack.state(), replaceable)
            updates.up(stack, program, "m", "The deploy of dev failed")
            return stack

    return update


def thing(*, protect: bool) -> None:
    """Declares a resource that passes for the table, of a type that takes no plugin."""
    pulumi.ComponentResource("test:index:Table", "table", None, pulumi.ResourceOptions(protect=protect))


def test_the_engine_stops_before_it_deletes_what_is_protected_and_goes_on_when_told(
    up: Callable[..., LeanStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protection, "TABLE", "test:index:Table")
    up(lambda: thing(protect=False))
    stack = up(lambda: thing(protect=True))
    with pytest.raises(DeployError, match="would delete the table") as caught:
        up(lambda: None)
    assert "REPLACE=table" in caught.value.remedy
    assert stack.state().of_type("test:index:Table")
    up(lambda: None, ("table",))
    assert not stack.state().of_type("test:index:Table")


def test_a_state_of_before_is_protected_by_the_engine_before_the_update(
    up: Callable[..., LeanStack], monkeypatch: pytest.MonkeyPatch
) -> None:
    up(lambda: thing(protect=False))
    monkeypatch.setattr(protection, "TABLE", "test:index:Table")
    with pytest.raises(DeployError, match="would delete the table"):
        up(lambda: None)


def test_deleting_the_stack_asks_for_itself(up: Callable[..., LeanStack]) -> None:
    stack = up(lambda: thing(protect=True))
    stack.destroy(preview_only=True)
    stack.destroy()
    assert stack.state() == StackState()
