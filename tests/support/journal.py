"""A journal that is kept, and what it holds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from services.emulation import journal_writing
from tests.support import direct_moto
from tests.support.gateway import Answer, Gateway, open_session
from utils.aws import client
from utils.sandbox import DEFAULT, Sandbox
from utils.settings import settings

PATH = "/_emulator/requests"


@contextmanager
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Has the stack keep a journal while the block runs."""
    monkeypatch.setenv("JOURNAL", "true")
    settings.cache_clear()
    journal_writing.forget()
    with direct_moto.shortened(client("dynamodb", hurried=True)):
        yield
    journal_writing.forget()


class Journal:
    """The journal of a sandbox, as its administrator meets it."""

    def __init__(self, sandbox: Sandbox = DEFAULT) -> None:
        self.api = Gateway(open_session(sandbox))

    def ask(self, **query: Any) -> Answer:
        """A part of it."""
        return self.api.get(f"{PATH}?{urlencode(query)}" if query else PATH)

    def rows(self, **query: Any) -> list[dict[str, Any]]:
        """The rows of a part."""
        rows: list[dict[str, Any]] = self.told(**query)["data"]
        return rows

    def told(self, **query: Any) -> dict[str, Any]:
        """A part of it with what is said about it."""
        answer = self.ask(**query)
        assert answer.status == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def all(self, **query: Any) -> list[dict[str, Any]]:
        """The rows of all parts; those that are told again are there again."""
        rows, told = [], self.told(limit=100, **query)
        while True:
            rows += told["data"]
            if not told["meta"]["has_more"]:
                return rows
            told = self.told(limit=100, **query, after=told["meta"]["next_cursor"])

    def show(self, request_id: str) -> Answer:
        """One row."""
        return self.api.get(f"{PATH}/{quote(request_id, safe='')}")

    def clear(self) -> None:
        """Clear it."""
        assert self.api.delete(PATH).status == 204

    def verify(self, **body: Any) -> Answer:
        """Ask it."""
        return self.api.post(f"{PATH}/verify", body)
