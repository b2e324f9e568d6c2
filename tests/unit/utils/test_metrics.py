"""Metrics are a part of the line that tells of a request, in CloudWatch's embedded metric format."""

import json
import subprocess
import sys

from infrastructure.get_image_tag import ROOT
from tests.support.embedded_metrics import metrics_in
from utils import metrics
from utils.metrics import Datum, embedded


def test_a_line_says_what_is_measured_of_whom() -> None:
    data = [
        Datum("Requests", 1, {"Route": "healthz", "Status": "200"}),
        Datum("Latency", 2.5, {"Route": "healthz"}, "Milliseconds"),
        Datum("Size", 1, {}, "Gigabytes"),
        Datum("Size", 3, {}, "Gigabytes"),
    ]
    line = json.loads(json.dumps(embedded("a-stack", data, 1_000)))
    assert metrics_in(line) == {
        "Requests": (1, {"Route": "healthz", "Status": "200"}),
        "Latency": (2.5, {"Route": "healthz"}),
        "Size": ([1, 3], {}),
    }
    assert {directive["Namespace"] for directive in line["_aws"]["CloudWatchMetrics"]} == {"a-stack"}


def test_what_was_counted_is_told_once() -> None:
    metrics.counted()
    metrics.count("Denials", Reason="scope")
    metrics.measure("Size", 2, "Gigabytes")
    assert metrics.counted() == [Datum("Denials", 1, {"Reason": "scope"}), Datum("Size", 2, {}, "Gigabytes")]
    assert metrics.counted() == []


def test_the_writer_loads_nothing_that_a_start_would_wait_for() -> None:
    code = (
        "import sys, utils.metrics; sys.exit(any(n.startswith(('aws_lambda', 'boto')) for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
