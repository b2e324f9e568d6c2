"""Which tests share a test process, and which come first, so that no processor is without work at the end."""

import pytest
from xdist.scheduler import LoadScopeScheduling

_TOGETHER = ("tests/e2e", "tests/e2e/releases", "tests/infrastructure/program")
"""The folders whose tests go to one process, for they share a stack or what the program declares; elsewhere the tests
of a file do."""

_BESIDE = {"tests/infrastructure/review/test_consequences.py": "tests/infrastructure/program"}
"""The files whose tests go to the process of such a folder, for they look at the same."""

_FIRST = (
    "tests/e2e/releases/",
    "tests/e2e/",
    "tests/kills/",
    "tests/infrastructure/local/plugin/test_engine.py",
    "tests/test_lint.py",
    "tests/browser/",
    "tests/infrastructure/program/",
    "tests/unit/error_table/",
)
"""What takes longest, in that order: deploys and browsers wait more than they compute, and the rest fills that."""


class Scheduling(LoadScopeScheduling):
    """Deals the tests out in their order, together those that share something."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


def scope(nodeid: str) -> str:
    """The folder or the file whose tests go to one process with this one."""
    file = nodeid.partition("::")[0]
    folder = _BESIDE.get(file, file.rpartition("/")[0])
    return folder if folder in _TOGETHER else file


def place(item: pytest.Item) -> int:
    """Where a test comes among all: the smaller, the earlier."""
    return next((n for n, start in enumerate(_FIRST) if item.nodeid.startswith(start)), len(_FIRST))
