"""Reads a line of the log as CloudWatch does, by its embedded metric format."""

from typing import Any


def metrics_in(line: dict[str, Any]) -> dict[str, tuple[Any, dict[str, str]]]:
    """What CloudWatch reads in a line: values and dimensions by name. Fails where the line is none of the format."""
    found: dict[str, tuple[Any, dict[str, str]]] = {}
    assert isinstance(line["_aws"]["Timestamp"], int)
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert directive.keys() == {"Namespace", "Dimensions", "Metrics"}
        [dimensions] = directive["Dimensions"]
        for metric in directive["Metrics"]:
            value = line[metric["Name"]]
            assert all(
                isinstance(each, int | float) for each in (value if isinstance(value, list) else [value])
            )
            found[metric["Name"]] = value, {name: line[name] for name in dimensions}
    return found
