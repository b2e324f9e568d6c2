"""Values on the wire, between two shapes of a property, and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.checks import failures
from infrastructure.local.plugin.compare import Change
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.shapes import (
    block,
    camel,
    document,
    flag,
    many,
    number,
    pascal,
    table,
    text,
    unordered,
)
from infrastructure.local.plugin.translate import decode, decode_all, encode, encode_all
from infrastructure.local.plugin.values import (
    UNKNOWN,
    Properties,
    Value,
    as_written,
    at_path,
    has_unknown,
    mapping,
    sequence,
)
from infrastructure.local.plugin.values import text as as_text
from infrastructure.local.plugin.wire import from_struct, to_struct

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
ASSET = "c44067f5952c0a294b673a41bacd8c17"

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20) | st.just(UNKNOWN)
values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def without_nulls(value: Value) -> Value:
    """As the protocol's reader leaves objects: a null in one is as good as nothing."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


@given(st.dictionaries(st.text(max_size=8), values, max_size=5))
def test_properties_survive_the_way_to_the_engine_and_back(properties: Properties) -> None:
    assert from_struct(to_struct(properties)) == without_nulls(properties)


def test_a_secret_arrives_bare() -> None:
    assert from_struct(to_struct({"key": {SIGNATURE: SECRET, "value": "hidden"}})) == {"key": "hidden"}


def test_a_file_is_refused() -> None:
    with pytest.raises(PluginError, match="files and archives are not supported"):
        from_struct(to_struct({"code": {SIGNATURE: ASSET, "text": "print()"}}))


def test_an_unknown_is_found_however_deep_it_is() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": "known"}], "c": None})


@pytest.mark.parametrize("read", [as_text, mapping, sequence])
def test_a_value_of_another_kind_is_an_error(read: object) -> None:
    assert callable(read)
    with pytest.raises(TypeError, match="7 is not"):
        read(7)


def test_a_path_that_ends_early_leads_to_nothing() -> None:
    assert at_path({"Policy": {"Arn": "arn"}}, "Policy.Arn") == "arn"
    assert at_path({"Policy": "text"}, "Policy.Arn") is None
    assert at_path({}, "Policy.Arn") is None


def test_what_the_official_plugin_filled_in_is_not_the_programs_wish() -> None:
    inputs: Properties = {
        "__defaults": ["timeout"],
        "timeout": 3,
        "memorySize": 256,
        "environment": {"__defaults": [], "variables": {"A": "1"}},
        "rules": [{"__defaults": ["x"], "x": 1, "y": 2}],
    }
    assert as_written(inputs) == {
        "memorySize": 256,
        "environment": {"variables": {"A": "1"}},
        "rules": [{"y": 2}],
    }


SHAPE = {
    "retentionInDays": number(),
    "scanning": block({"scanOnPush": flag(), "commands": many(text(), "Command")}),
    "encryptions": many(block({"kmsKey": text()}), "Encryption", single=True),
    "dimensions": table(pairs=("Name", "Value")),
    "policy": document("PolicyText"),
    "force": flag(virtual=True),
}
GIVEN: Properties = {
    "retentionInDays": 7,
    "scanning": {"scanOnPush": True, "commands": ["a", "b"]},
    "encryptions": [{"kmsKey": "k"}],
    "dimensions": {"FunctionName": "f"},
    "policy": "{}",
    "force": True,
}
IN_THE_API: Properties = {
    "RetentionInDays": 7,
    "Scanning": {"ScanOnPush": True, "Command": ["a", "b"]},
    "Encryption": {"KmsKey": "k"},
    "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
    "PolicyText": "{}",
}


def test_names_and_shapes_follow_the_apis() -> None:
    assert encode_all(SHAPE, GIVEN, pascal) == IN_THE_API


def test_what_the_api_shows_reads_as_it_was_given() -> None:
    given_and_sent = {name: value for name, value in GIVEN.items() if name != "force"}
    assert decode_all(SHAPE, IN_THE_API | {"Undeclared": 1}, pascal) == given_and_sent


def test_camel_case_apis_keep_the_names() -> None:
    assert encode_all({"imageTagMutability": text()}, {"imageTagMutability": "MUTABLE"}, camel) == {
        "imageTagMutability": "MUTABLE"
    }


def test_a_document_that_the_sdk_has_read_is_a_text_again() -> None:
    assert decode(document(), {"Statement": []}, pascal) == '{"Statement": []}'


def test_nothing_is_nothing_in_both_shapes() -> None:
    assert encode(text(), None, pascal) is None
    assert decode(text(), None, pascal) is None
    assert encode(many(text(), single=True), [], pascal) == []


def test_documents_differ_by_content_only() -> None:
    declared = {"policy": document()}
    assert compare.changes(declared, {"policy": '{"a":1,"b":2}'}, {"policy": '{ "b": 2, "a": 1 }'}) == []
    assert compare.changes(declared, {"policy": "not json"}, {"policy": "{}"}) == [
        Change("policy", "update", replaces=False)
    ]


def test_sets_differ_by_members_only() -> None:
    declared = {"sources": unordered(text())}
    assert compare.changes(declared, {"sources": ["a", "b"]}, {"sources": ["b", "a"]}) == []
    [change] = compare.changes(declared, {"sources": ["a"]}, {"sources": ["a", "b"]})
    assert (change.path, change.kind) == ("sources", "update")


def test_a_change_is_told_at_its_innermost_path() -> None:
    declared = {
        "environment": block({"variables": table()}),
        "imageConfig": block({"commands": many(text())}),
        "tags": table(),
    }
    old: Properties = {
        "environment": {"variables": {"A": "1", "gone": "x"}},
        "imageConfig": {"commands": ["a", "b"]},
        "tags": {"a.b": "1"},
    }
    new: Properties = {
        "environment": {"variables": {"A": "2", "new": "y"}},
        "imageConfig": {"commands": ["a", "c", "d"]},
        "tags": {"a.b": "2"},
    }
    assert {change.path: change.kind for change in compare.changes(declared, old, new)} == {
        "environment.variables.A": "update",
        "environment.variables.gone": "delete",
        "environment.variables.new": "add",
        "imageConfig.commands[1]": "update",
        "imageConfig.commands[2]": "add",
        'tags["a.b"]': "update",
    }


def test_a_change_inside_a_replacing_property_replaces() -> None:
    declared = {"triggers": table(replaces=True)}
    [change] = compare.changes(declared, {"triggers": {"v": "1"}}, {"triggers": {"v": "2"}})
    assert change == Change("triggers.v", "update", replaces=True)


def test_an_unknown_value_differs_from_every_other() -> None:
    declared = {"target": text()}
    assert compare.changes(declared, {"target": "x"}, {"target": UNKNOWN})
    assert compare.changes(declared, {"target": UNKNOWN}, {"target": UNKNOWN})


def test_a_choice_of_aws_is_no_change_when_the_program_stops_making_it() -> None:
    declared = {"architectures": many(text(), computed=True), "description": text()}
    old: Properties = {"architectures": ["arm64"], "description": "x"}
    assert [change.path for change in compare.changes(declared, old, {})] == ["description"]


def test_drift_is_what_is_neither_given_nor_a_default_nor_the_choice_of_aws() -> None:
    declared = {
        "timeout": number(default=3),
        "memorySize": number(default=128),
        "description": text(),
        "architectures": many(text(), computed=True),
        "expiry": block({"attribute": text(), "enabled": flag()}),
        "force": flag(virtual=True),
    }
    given: Properties = {"memorySize": 256, "force": True}
    live: Properties = {
        "timeout": 9,
        "memorySize": 256,
        "description": "",
        "architectures": ["x86_64"],
        "expiry": {"attribute": "x", "enabled": False},
    }
    found = compare.refreshed(declared, given, live)
    assert found == {"timeout": 9, "memorySize": 256, "force": True, "expiry": {"attribute": "x"}}


def test_a_refresh_keeps_the_programs_own_writing() -> None:
    declared = {"policy": document(), "sources": unordered(text()), "commands": many(text())}
    given: Properties = {"policy": '{ "a": 1 }', "sources": ["b", "a"], "commands": ["x"]}
    live: Properties = {"policy": '{"a":1}', "sources": ["a", "b"], "commands": ["y"]}
    found = compare.refreshed(declared, given, live)
    assert found["policy"] == '{ "a": 1 }'
    assert compare.changes(declared, found, given) == [Change("commands[0]", "update", replaces=False)]


def test_a_refresh_drops_what_is_gone_and_shows_a_list_that_grew() -> None:
    declared = {"description": text(), "variables": table(), "commands": many(text())}
    given: Properties = {"description": "x", "variables": {}, "commands": ["a"]}
    found = compare.refreshed(declared, given, {"commands": ["a", "b"]})
    assert found == {"variables": {}, "commands": ["a", "b"]}


CHECKED = {
    "name": text(required=True),
    "size": number(),
    "publish": flag(),
    "type": text(choices=("Image",)),
    "config": block({"commands": many(text()), "mode": text(required=True)}),
    "variables": table(),
    "encryptions": many(block({}), single=True),
}


def refused(inputs: Properties) -> dict[str, str]:
    return {failure.path: failure.reason for failure in failures(CHECKED, inputs)}


def test_inputs_as_declared_pass_and_so_do_unknown_ones() -> None:
    assert refused({"name": "n", "size": 1.5, "config": {"mode": "m"}, "__defaults": []}) == {}
    assert refused({"name": UNKNOWN, "variables": {"A": UNKNOWN}, "config": UNKNOWN}) == {}


def test_every_fault_is_named_by_its_path() -> None:
    found = refused(
        {
            "size": "1",
            "publish": "yes",
            "type": "Zip",
            "config": {"commands": [1], "handler": "x"},
            "variables": {"A": 1},
            "encryptions": [{}, {}],
            "vpcConfig": {},
        }
    )
    assert found == {
        "name": "required and missing",
        "size": "has to be a number",
        "publish": "has to be a boolean",
        "type": "'Zip' is not supported by the stand-in plugin, only 'Image'",
        "config.commands[0]": "has to be a string",
        "config.handler": "not supported by the stand-in plugin, which knows commands, mode",
        "config.mode": "required and missing",
        "variables.A": "has to be a string",
        "encryptions": "takes one item only",
        "vpcConfig": "not supported by the stand-in plugin, which knows config, encryptions, name, publish, "
        "size, type, variables",
    }


def test_a_refusal_does_not_repeat_a_value_that_may_be_secret() -> None:
    found = refused({"name": {"password": "hunter2"}, "config": "hunter2", "encryptions": "hunter2"})
    assert found == {
        "name": "has to be a string",
        "config": "has to be an object",
        "encryptions": "has to be a list",
    }
