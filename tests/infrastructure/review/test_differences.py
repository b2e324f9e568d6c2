"""Where two values differ."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.review.differences import differences


def policy(**actions: list[str]) -> str:
    """A policy whose statements, by their ids, allow these actions."""
    statements = [{"Sid": sid, "Effect": "Allow", "Action": allowed} for sid, allowed in actions.items()]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def test_an_action_that_a_policy_gains_or_loses_is_named_alone() -> None:
    before = policy(Log=["logs:Put"], Table=["dynamodb:Scan", "dynamodb:GetItem"])
    after = policy(Table=["dynamodb:GetItem", "dynamodb:Query"], Log=["logs:Put"])
    assert differences("policy", before, after) == [
        ("policy.Statement.Table.Action[]", "dynamodb:Scan", None),
        ("policy.Statement.Table.Action[]", None, "dynamodb:Query"),
    ]


def test_a_statement_that_joins_a_policy_is_shown_whole() -> None:
    ((path, before, after),) = differences("policy", policy(A=["x"]), policy(A=["x"], B=["y"]))
    assert (path, before) == ("policy.Statement.B", None)
    assert after == {"Sid": "B", "Effect": "Allow", "Action": ["y"]}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}, [("p.b", 2, 3), ("p.c", None, 4)]),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 5}], [("p[1].n", 2, 5)]),
        ([{"n": 1}], [{"n": 1}, {"n": 2}], [("p", [{"n": 1}], [{"n": 1}, {"n": 2}])]),
        (["a", "b"], ["b", "a"], [("p", ["a", "b"], ["b", "a"])]),
        ("{not json", "{nor this", [("p", "{not json", "{nor this")]),
        ('{"a": 1}', "(known after the deploy)", [("p", '{"a": 1}', "(known after the deploy)")]),
        (None, '{"a": 1}', [("p", None, '{"a": 1}')]),
        ("[secret]", "[secret]", [("p", "[secret]", "[secret]")]),
    ],
)
def test_values_are_followed_as_deep_as_they_go(before: Any, after: Any, expected: list[Any]) -> None:
    assert differences("p", before, after) == expected


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)


@given(before=VALUES, after=VALUES)
def test_there_is_always_a_place_and_different_values_differ_at_it(before: Any, after: Any) -> None:
    found = differences("p", before, after)
    assert found
    assert all(place.path.startswith("p") for place in found)
    if before != after:
        assert all(place.before != place.after for place in found)
