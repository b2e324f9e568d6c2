"""Values on the wire, between two shapes of a property, and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.local.plugin import compare
from infrastructure.local.plugin.checks import check_inputs
from infrastructure.local.plugin.compare import PropertyDiff
from infrastructure.local.plugin.errors import PluginError
from infrastructure.local.plugin.shapes import (
    block,
    boolean,
    camel,
    json_string,
    list_of,
    number,
    pascal,
    set_of,
    string,
    string_map,
)
from infrastructure.local.plugin.translate import decode, decode_all, encode, encode_all
from infrastructure.local.plugin.values import (
    UNKNOWN,
    Properties,
    Value,
    at_path,
    has_unknown,
    mapping,
    sequence,
    without_provider_defaults,
)
from infrastructure.local.plugin.values import string as as_string
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


@pytest.mark.parametrize("read", [as_string, mapping, sequence])
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
    assert without_provider_defaults(inputs) == {
        "memorySize": 256,
        "environment": {"variables": {"A": "1"}},
        "rules": [{"y": 2}],
    }


SHAPE = {
    "retentionInDays": number(),
    "scanning": block({"scanOnPush": boolean(), "commands": list_of(string(), "Command")}),
    "encryptions": list_of(block({"kmsKey": string()}), "Encryption", single=True),
    "dimensions": string_map(pairs=("Name", "Value")),
    "policy": json_string("PolicyText"),
    "force": boolean(virtual=True),
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
    assert encode_all({"imageTagMutability": string()}, {"imageTagMutability": "MUTABLE"}, camel) == {
        "imageTagMutability": "MUTABLE"
    }


def test_a_document_that_the_sdk_has_read_is_a_text_again() -> None:
    assert decode(json_string(), {"Statement": []}, pascal) == '{"Statement": []}'


def test_nothing_is_nothing_in_both_shapes() -> None:
    assert encode(string(), None, pascal) is None
    assert decode(string(), None, pascal) is None
    assert encode(list_of(string(), single=True), [], pascal) == []


def test_documents_differ_by_content_only() -> None:
    declared = {"policy": json_string()}
    assert (
        compare.property_diffs(declared, {"policy": '{"a":1,"b":2}'}, {"policy": '{ "b": 2, "a": 1 }'}) == []
    )
    assert compare.property_diffs(declared, {"policy": "not json"}, {"policy": "{}"}) == [
        PropertyDiff("policy", "update", replaces=False)
    ]


def test_sets_differ_by_members_only() -> None:
    declared = {"sources": set_of(string())}
    assert compare.property_diffs(declared, {"sources": ["a", "b"]}, {"sources": ["b", "a"]}) == []
    [change] = compare.property_diffs(declared, {"sources": ["a"]}, {"sources": ["a", "b"]})
    assert (change.path, change.kind) == ("sources", "update")


def test_a_change_is_told_at_its_innermost_path() -> None:
    declared = {
        "environment": block({"variables": string_map()}),
        "imageConfig": block({"commands": list_of(string())}),
        "tags": string_map(),
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
    assert {change.path: change.kind for change in compare.property_diffs(declared, old, new)} == {
        "environment.variables.A": "update",
        "environment.variables.gone": "delete",
        "environment.variables.new": "add",
        "imageConfig.commands[1]": "update",
        "imageConfig.commands[2]": "add",
        'tags["a.b"]': "update",
    }


def test_a_change_inside_a_replacing_property_replaces() -> None:
    declared = {"triggers": string_map(replaces=True)}
    [change] = compare.property_diffs(declared, {"triggers": {"v": "1"}}, {"triggers": {"v": "2"}})
    assert change == PropertyDiff("triggers.v", "update", replaces=True)


def test_an_unknown_value_differs_from_every_other() -> None:
    declared = {"target": string()}
    assert compare.property_diffs(declared, {"target": "x"}, {"target": UNKNOWN})
    assert compare.property_diffs(declared, {"target": UNKNOWN}, {"target": UNKNOWN})


def test_a_choice_of_aws_is_no_change_when_the_program_stops_making_it() -> None:
    declared = {"architectures": list_of(string(), computed=True), "description": string()}
    old: Properties = {"architectures": ["arm64"], "description": "x"}
    assert [change.path for change in compare.property_diffs(declared, old, {})] == ["description"]


def test_drift_is_what_is_neither_given_nor_a_default_nor_the_choice_of_aws() -> None:
    declared = {
        "timeout": number(default=3),
        "memorySize": number(default=128),
        "description": string(),
        "architectures": list_of(string(), computed=True),
        "expiry": block({"attribute": string(), "enabled": boolean()}),
        "force": boolean(virtual=True),
    }
    given: Properties = {"memorySize": 256, "force": True}
    live: Properties = {
        "timeout": 9,
        "memorySize": 256,
        "description": "",
        "architectures": ["x86_64"],
        "expiry": {"attribute": "x", "enabled": False},
    }
    found = compare.refreshed_inputs(declared, given, live)
    assert found == {"timeout": 9, "memorySize": 256, "force": True, "expiry": {"attribute": "x"}}


def test_a_refresh_keeps_the_programs_own_writing() -> None:
    declared = {"policy": json_string(), "sources": set_of(string()), "commands": list_of(string())}
    given: Properties = {"policy": '{ "a": 1 }', "sources": ["b", "a"], "commands": ["x"]}
    live: Properties = {"policy": '{"a":1}', "sources": ["a", "b"], "commands": ["y"]}
    found = compare.refreshed_inputs(declared, given, live)
    assert found["policy"] == '{ "a": 1 }'
    assert compare.property_diffs(declared, found, given) == [
        PropertyDiff("commands[0]", "update", replaces=False)
    ]


def test_a_refresh_drops_what_is_gone_and_shows_a_list_that_grew() -> None:
    declared = {"description": string(), "variables": string_map(), "commands": list_of(string())}
    given: Properties = {"description": "x", "variables": {}, "commands": ["a"]}
    found = compare.refreshed_inputs(declared, given, {"commands": ["a", "b"]})
    assert found == {"variables": {}, "commands": ["a", "b"]}


CHECKED = {
    "name": string(required=True),
    "size": number(),
    "publish": boolean(),
    "type": string(choices=("Image",)),
    "config": block({"commands": list_of(string()), "mode": string(required=True)}),
    "variables": string_map(),
    "encryptions": list_of(block({}), single=True),
}


def refused(inputs: Properties) -> dict[str, str]:
    return {failure.path: failure.reason for failure in check_inputs(CHECKED, inputs)}


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
