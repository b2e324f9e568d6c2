"""What a policy of IAM allows: explicit denials before allowances, over names with wildcards, under conditions.

Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" of IAM's guide, as far as the
project's policies use them.
"""

import json
import operator
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

type Context = Mapping[str, str | list[str]]


def allows(policy: str, action: str, resource: str, context: Context | None = None) -> bool:
    """Whether the policy allows the action with the resource in a request of that context."""
    effects = {
        statement["Effect"]
        for statement in json.loads(policy)["Statement"]
        if any(fnmatchcase(action.lower(), name.lower()) for name in _many(statement["Action"]))
        and any(fnmatchcase(resource, name) for name in _many(statement["Resource"]))
        and all(_hold(statement.get("Condition", {}), context or {}))
    }
    return effects == {"Allow"}


def _hold(conditions: Mapping[str, Mapping[str, Any]], context: Context) -> Iterator[bool]:
    """Whether each of the conditions holds. Raises ``KeyError`` for an operator that is not known."""
    for name, wanted in conditions.items():
        match = _OPERATORS[name.removeprefix("ForAnyValue:")]
        for key, values in wanted.items():
            found = _many(context.get(key, []))
            yield any(match(value, pattern) for value in found for pattern in _many(values))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {"StringEquals": operator.eq, "StringLike": fnmatchcase}


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
