"""The rules, and the model, over the API as it is served here."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.rules import rules
from tests.support.rules.api import DeployedApi
from tests.support.rules.machine import run
from tests.support.served import Served

_REMEMBERED = ("idempotency", "journal", "deleted")
STEPS, SEED = 150, 7


class ServedApi(DeployedApi):
    """The API, and the file of its table."""

    def partitions(self, text: str) -> list[str]:
        """The partition keys of the items in which ``text`` stands, but for what remembers requests and deletions."""
        with closing(sqlite3.connect(self.table)) as table:
            rows = table.execute("SELECT pk, sk, item FROM items ORDER BY pk").fetchall()
        keys = [str(pk) for pk, sk, item in rows if text.lower() in f"{pk} {sk} {item}".lower()]
        return [key for key in keys if not any(f"#{kind}#" in key for kind in _REMEMBERED)]


@pytest.fixture(scope="module")
def caller(served: Served, data: Path) -> ServedApi:
    """The API as it is served."""
    return ServedApi(url=served.url, table=str(data / "table.sqlite"), callers=30)


class TestUniqueness(rules.Uniqueness):
    """Of usernames and addresses."""


class TestCounting(rules.Counting):
    """Of results."""


class TestVersions(rules.Versions):
    """Of what is changed."""


class TestOnce(rules.Once):
    """Requests with an ``Idempotency-Key``."""


class TestListing(rules.Listing):
    """Of players."""


def test_random_requests_are_answered_as_the_model_says(caller: ServedApi) -> None:
    assert run(caller, STEPS, SEED) >= STEPS
