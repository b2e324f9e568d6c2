"""How the engine's events become the changes that a reviewer reads."""

from typing import Any

import pytest
from pulumi.automation import EngineEvent

from infrastructure.changes import ChangeLog, render, short_type, summary

URN = "urn:pulumi:local::psn-emulator::aws:lambda/function:Function::players-get"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hidden"}


def step(op: str, urn: str = URN, **metadata: Any) -> EngineEvent:
    """The event with which the engine announces a step."""
    token = urn.split("::")[2]
    return EngineEvent.from_json(
        {
            "sequence": 1,
            "timestamp": 1,
            "resourcePreEvent": {
                "metadata": {"op": op, "urn": urn, "type": token, "provider": "", **metadata}
            },
        }
    )


def state(inputs: dict[str, Any]) -> dict[str, Any]:
    """The part of an event that holds a resource's inputs."""
    return {"type": "", "urn": URN, "id": "", "parent": "", "provider": "", "inputs": inputs, "outputs": {}}


def diagnostic(message: str, urn: str = URN, severity: str = "error") -> EngineEvent:
    """The event of a message about a resource."""
    return EngineEvent.from_json(
        {
            "sequence": 1,
            "timestamp": 1,
            "diagnosticEvent": {"message": message, "color": "never", "severity": severity, "urn": urn},
        }
    )


def update(before: dict[str, Any], after: dict[str, Any], **diff: str) -> ChangeLog:
    """The log of one update whose changed paths are ``diff``."""
    log = ChangeLog()
    detailed = {path.replace("__", "."): {"diffKind": kind, "inputDiff": True} for path, kind in diff.items()}
    log.record(step("update", old=state(before), new=state(after), detailedDiff=detailed))
    return log


def test_a_change_holds_the_path_and_both_values() -> None:
    log = update({"imageUri": "repo:a"}, {"imageUri": "repo:b"}, imageUri="update")
    assert list(render(log.changes)) == [
        "~ aws:lambda:Function  players-get",
        "    imageUri: repo:a → repo:b",
    ]


def test_a_nested_path_is_followed() -> None:
    log = update(
        {"environment": {"variables": {"LOG_LEVEL": "INFO"}}},
        {"environment": {"variables": {"LOG_LEVEL": "DEBUG"}}},
        environment__variables__LOG_LEVEL="update",
    )
    (change,) = log.changes[0].properties
    assert (change.before, change.after) == ("INFO", "DEBUG")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("imageConfig.commands[0]", "main.a"), ('tags["a.b"]', "quoted"), ("nothing[3].here", None)],
)
def test_paths_may_index_lists_and_quote_keys(path: str, expected: str | None) -> None:
    log = ChangeLog()
    old = {"imageConfig": {"commands": ["main.a"]}, "tags": {"a.b": "quoted"}, "nothing": []}
    detailed = {path: {"diffKind": "update", "inputDiff": True}}
    log.record(step("update", old=state(old), new=state({}), detailedDiff=detailed))
    assert log.changes[0].properties[0].before == expected


def test_secrets_are_masked_and_unknowns_are_put_in_words() -> None:
    log = update({"value": SECRET}, {"value": [UNKNOWN, {"key": SECRET}]}, value="update-replace")
    (change,) = log.changes[0].properties
    assert change.before == "[secret]"
    assert change.after == ["(known after the deploy)", {"key": "[secret]"}]
    assert change.replaces
    assert "hidden" not in str(log.changes[0].as_json())


def test_without_a_detailed_diff_the_changed_keys_are_named() -> None:
    log = ChangeLog()
    log.record(step("update", old=state({"a": 1}), new=state({"a": 2}), diffs=["a"]))
    assert [item.path for item in log.changes[0].properties] == ["a"]


def test_a_replacement_counts_once_whatever_steps_it_takes() -> None:
    log = ChangeLog()
    for op in ("create-replacement", "replace", "delete-replaced"):
        log.record(step(op, old=state({}), new=state({})))
    assert summary(log.counts(), done=False) == "1 to replace"


def test_the_stack_itself_reads_and_sames_do_not_count() -> None:
    log = ChangeLog()
    log.record(step("create", "urn:pulumi:local::psn-emulator::pulumi:pulumi:Stack::psn-emulator-local"))
    log.record(step("same"))
    log.record(step("read"))
    assert summary(log.counts(), done=True) == "no changes"


def test_the_summary_says_what_is_done_or_to_do() -> None:
    log = ChangeLog()
    for number, op in enumerate(("create", "create", "update", "delete", "replace")):
        log.record(step(op, URN + str(number), old=state({}), new=state({})))
    assert summary(log.counts(), done=False) == "2 to create, 1 to update, 1 to replace, 1 to delete"
    assert summary(log.counts(), done=True) == "2 created, 1 updated, 1 replaced, 1 deleted"


def test_an_error_is_one_line_that_names_its_resource() -> None:
    log = ChangeLog()
    log.record(diagnostic("<{%reset%}>first\n  second<{%reset%}>\n"))
    log.record(diagnostic("careful", severity="warning"))
    assert log.errors == ["players-get: first second"]


def test_the_cause_is_a_resources_error_before_the_programs_and_never_a_summary() -> None:
    stack = "urn:pulumi:local::psn-emulator::pulumi:pulumi:Stack::x"
    log, causes = ChangeLog(), []
    for message, urn in (("update failed", stack), ("There is no seed.", stack), ("No such role.", URN)):
        log.record(diagnostic(message, urn))
        causes.append(log.cause)
    assert causes == [None, "There is no seed.", "players-get: No such role."]


def test_a_long_value_is_cut() -> None:
    log = update({"policy": "x" * 300}, {"policy": None}, policy="delete")
    assert list(render(log.changes))[1].endswith("… → (none)")


def test_a_type_is_shown_without_its_module_path() -> None:
    assert short_type("aws:apigatewayv2/api:Api") == "aws:apigatewayv2:Api"
    assert short_type("psn-emulator:index:Api") == "psn-emulator:index:Api"
