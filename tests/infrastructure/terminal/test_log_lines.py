"""Log events as lines for people."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infrastructure.terminal.log_lines import log_line

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sandbox", "told"),
    [({"sandbox": "ci-7"}, "sandbox=ci-7"), ({"sandbox": "default"}, ""), ({}, "")],
)
def test_the_sandbox_is_told_unless_it_is_the_default_one(sandbox: dict[str, Any], told: str) -> None:
    line = log_line(MOMENT, "INFO", "players-create", {"message": "answered", "calls": [], **sandbox})
    assert str(line).strip() == f"03:04:05.006 INFO     players-create  answered  {told}".strip()
