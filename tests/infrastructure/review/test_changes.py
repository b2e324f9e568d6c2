"""How the engine's events become changes."""

import pytest

from infrastructure.release.state import short_type
from infrastructure.review.changes import ChangeLog, summary
from tests.support.engine_events import (
    FUNCTION,
    TABLE,
    diagnostic,
    ended,
    logged,
    recording,
    state,
    step,
    update,
)

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "hidden"}
STACK = "urn:pulumi:local::psn-emulator::pulumi:pulumi:Stack::psn-emulator-local"


def test_a_change_holds_the_path_and_both_values() -> None:
    log = logged([update({"imageUri": "repo:a"}, {"imageUri": "repo:b"}, imageUri="update")])
    (item,) = log.changes[0].properties
    assert (item.path, item.before, item.after, item.replaces) == ("imageUri", "repo:a", "repo:b", False)


def test_a_nested_path_is_followed() -> None:
    old = {"environment": {"variables": {"LOG_LEVEL": "INFO"}}}
    new = {"environment": {"variables": {"LOG_LEVEL": "DEBUG"}}}
    log = logged([update(old, new, environment__variables__LOG_LEVEL="update")])
    (change,) = log.changes[0].properties
    assert (change.before, change.after) == ("INFO", "DEBUG")


@pytest.mark.parametrize(
    ("path", "expected"),
    [("imageConfig.commands[0]", "main.a"), ('tags["a.b"]', "quoted"), ("nothing[3].here", None)],
)
def test_paths_may_index_lists_and_quote_keys(path: str, expected: str | None) -> None:
    old = {"imageConfig": {"commands": ["main.a"]}, "tags": {"a.b": "quoted"}, "nothing": []}
    detailed = {path: {"diffKind": "update", "inputDiff": True}}
    log = logged([step("update", old=state(old), new=state({}), detailedDiff=detailed)])
    assert log.changes[0].properties[0].before == expected


def test_secrets_are_masked_and_unknowns_are_put_in_words() -> None:
    log = logged([update({"value": SECRET}, {"value": [UNKNOWN, {"key": SECRET}]}, value="update-replace")])
    (change,) = log.changes[0].properties
    assert change.before == "[secret]"
    assert change.after == ["(known after the deploy)", {"key": "[secret]"}]
    assert change.replaces
    assert "hidden" not in str(log.changes[0].as_json())


def test_a_changed_secret_is_a_change_though_both_values_are_masked() -> None:
    log = logged([update({"value": SECRET}, {"value": SECRET | {"value": "other"}}, value="update")])
    (change,) = log.changes[0].properties
    assert change.before == change.after == "[secret]"


def test_without_a_detailed_diff_the_changed_keys_are_named() -> None:
    log = logged([step("update", old=state({"a": 1}), new=state({"a": 2}), diffs=["a"])])
    assert [item.path for item in log.changes[0].properties] == ["a"]


def test_what_was_changed_by_hand_is_seen_in_what_the_cloud_said() -> None:
    detailed = {"memorySize": {"diffKind": "update", "inputDiff": False}}
    old = state({"memorySize": 256}, outputs={"memorySize": 1024})
    log = logged([step("update", old=old, new=state({"memorySize": 256}), detailedDiff=detailed)])
    (change,) = log.changes[0].properties
    assert (change.before, change.after) == (1024, 256)


def test_a_new_resource_tells_all_it_is_made_with() -> None:
    made = state({"name": "players", "value": SECRET, "__defaults": []})
    (change,) = logged([step("create", TABLE, new=made)]).changes
    assert [(item.path, item.before, item.after) for item in change.properties] == [
        ("name", None, "players"),
        ("value", None, "[secret]"),
    ]


def test_a_change_is_about_the_component_that_the_resource_belongs_to() -> None:
    log = logged([step("delete", TABLE), step("delete", FUNCTION), step("delete", f"{STACK}2")])
    assert [change.component for change in log.changes] == ["storage", "functions"]


def test_only_what_takes_something_away_has_a_consequence() -> None:
    log = logged([step(op, TABLE + op) for op in ("create", "update", "replace", "delete")])
    assert [bool(change.consequence) for change in log.changes] == [False, False, True, True]
    assert log.changes[2].as_json()["consequence"]["severity"] == "loses"


def test_a_replacement_counts_once_whatever_steps_it_takes() -> None:
    ops = ("create-replacement", "replace", "delete-replaced")
    log = logged([step(op, old=state({}), new=state({})) for op in ops])
    assert summary(log.counts(), done=False) == "1 to replace"


def test_the_stack_itself_reads_and_sames_do_not_count() -> None:
    log = logged([step("create", STACK), step("same"), step("read")])
    assert summary(log.counts(), done=True) == "no changes"


def test_the_outputs_are_the_stacks_and_no_other_resources() -> None:
    kept = {"image_tag": "20261121-120000-0123abcd", "releases": [{"inputs": {"main.py": "0123"}}]}
    other = ended("same", new=state({}, {"arn": "arn:aws:lambda:::function"}))
    assert logged([other]).outputs == {}
    assert logged([step("same", STACK), ended("same", STACK, new=state({}, kept)), other]).outputs == kept


def test_the_summary_says_what_is_done_or_to_do() -> None:
    ops = enumerate(("create", "create", "update", "delete", "replace"))
    log = logged([step(op, FUNCTION + str(number), old=state({}), new=state({})) for number, op in ops])
    assert summary(log.counts(), done=False) == "2 to create, 1 to update, 1 to replace, 1 to delete"
    assert summary(log.counts(), done=True) == "2 created, 1 updated, 1 replaced, 1 deleted"


def test_an_error_is_one_line_that_names_its_resource() -> None:
    warned = diagnostic("careful", severity="warning")
    log = logged([diagnostic("<{%reset%}>first\n  second<{%reset%}>\n"), warned])
    assert log.errors == ["players-get: first second"]


def test_the_cause_is_a_resources_error_before_the_programs_and_never_a_summary() -> None:
    log, causes = ChangeLog(), []
    for message, urn in (("update failed", STACK), ("There is no seed.", STACK), ("No such role.", FUNCTION)):
        log.record(diagnostic(message, urn))
        causes.append(log.cause)
    assert causes == [None, "There is no seed.", "players-get: No such role."]


def test_a_type_is_shown_without_its_module_path() -> None:
    assert short_type("aws:apigatewayv2/api:Api") == "aws:apigatewayv2:Api"
    assert short_type("psn-emulator:index:Api") == "psn-emulator:index:Api"


def test_a_recorded_deploy_is_counted_as_the_engine_counts() -> None:
    counts = logged(recording("deploy-of-a-change")).counts()
    assert (counts["update"], counts["replace"], counts["create"]) == (8, 3, 0)
