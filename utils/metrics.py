"""What a function counts, written into the line of its log that tells of the request.

CloudWatch makes metrics of it ("Specification: Embedded metric format" in its guide). A writer of our own, because the
library's writes a second line a request and the authorizer loads no library.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Unit = Literal["Count", "Gigabytes", "Milliseconds"]


@dataclass(frozen=True, slots=True)
class Datum:
    """One measured value. Those of one line that share a dimension share its value."""

    name: str
    value: float
    dimensions: Mapping[str, str]
    unit: Unit = "Count"


_counted: list[Datum] = []


def count(name: str, **dimensions: str) -> None:
    """Counts one of something in the request that is being answered."""
    _counted.append(Datum(name, 1, dimensions))


def measure(name: str, value: float, unit: Unit) -> None:
    """Notes a value that the request that is being answered came upon."""
    _counted.append(Datum(name, value, {}, unit))


def counted() -> list[Datum]:
    """What was counted since it was last asked for."""
    data = [*_counted]
    _counted.clear()
    return data


def embedded(namespace: str, data: list[Datum], milliseconds: int) -> dict[str, Any]:
    """The members that make a line of JSON metrics, measured at ``milliseconds`` since 1970."""
    values: dict[str, Any] = {}
    directives: dict[str, dict[str, Any]] = {}
    members: dict[str, Any] = {}
    for datum in data:
        values.setdefault(datum.name, []).append(datum.value)
        directives[datum.name] = {
            "Namespace": namespace,
            "Dimensions": [[*datum.dimensions]],
            "Metrics": [{"Name": datum.name, "Unit": datum.unit}],
        }
        members |= datum.dimensions
    metadata = {"Timestamp": milliseconds, "CloudWatchMetrics": [*directives.values()]}
    plain = {name: several[0] if len(several) == 1 else several for name, several in values.items()}
    return {"_aws": metadata, **members, **plain}
