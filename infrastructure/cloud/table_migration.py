"""Brings what is in a stack's table into the form of the release that serves it.

An item of the table notes which forms its items may have: from ``low``, where a way up is not finished, to ``high``,
where a release of that form may have written. Without one, in a table of before, both are the first form. What is noted
is always at least what is there, so a command that was cut off leaves to the next what is left to do.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.cloud import session
from infrastructure.cloud.table_forms import FORMS, Item, Table, Way, marshal, unmarshal
from infrastructure.errors import DeployError
from infrastructure.release.table_form import FIRST, FORM
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display

NOTE = ("#form", "-")
"""The key of the note. No universe begins with ``#``."""
PURGE_AT = "purge_at"
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Note:
    """The forms that items of a table may have; ``expiry`` is the attribute by which DynamoDB deletes items, as far as
    it is known to be set."""

    low: int
    high: int
    expiry: str = ""

    @classmethod
    def from_item(cls, item: Item | None) -> Self:
        """The note in an ``item``, of a table that has been there before this release where there is none."""
        return cls(FIRST, FIRST) if item is None else cls(int(item["low"]), int(item["high"]), item["expiry"])

    def as_item(self) -> Item:
        """The note as an item of the table."""
        return {"pk": NOTE[0], "sk": NOTE[1], "low": self.low, "high": self.high, "expiry": self.expiry}


class Migration:
    """What a command does to the form of a stack's table: a class for the note, which is read once."""

    def __init__(self, settings: Settings, name: str | None = None) -> None:
        self._settings = settings
        self._name = name or settings.names.base
        self._note: Note | None = None

    def prepare(self, form: int) -> None:
        """Comes before the aliases move to a release of this ``form``. Raises ``DeployError``.

        What is in a later form is brought back, so that the release finds it; what runs until then reads both. Costs
        one read where the table has the form.
        """
        with self._open() as table:
            note = self._read(table)
            _require_known(note)
            if form > note.high:
                self._write(table, replace(note, high=form))
            elif form < note.high:
                self._write(table, replace(note, low=min(note.low, form)))
                _down(table, note.high, form)

    def settle(self, form: int) -> None:
        """Comes after the aliases have moved to a release of this ``form``: has all of the table in it. Raises
        ``DeployError``; what is left is then for the next command."""
        with self._open() as table:
            note = self._read(table)
            _require_known(note)
            if form < note.high:
                _down(table, note.high, form)
            if note.low < form:
                _up(table, note.low, form)
            expiry = note.expiry if form < FORM else _settled_expiry(table, note.expiry)
            self._write(table, Note(form, form, expiry))

    @contextmanager
    def _open(self) -> Iterator[Table]:
        """The table. Where there is none yet the block ends when it first asks it; botocore's other exceptions become
        ``DeployError``."""
        name = self._name
        client = session.client(self._settings, "dynamodb")
        try:
            yield Table(client, name)
        except client.exceptions.ResourceNotFoundException:
            pass
        except (BotoCoreError, ClientError) as error:
            raise DeployError(
                f"The table {name} cannot be brought into the form of the release: {error}",
                f"Nothing is lost, and what is left to do is done by: make deploy STACK={self._settings.stack}",
            ) from error

    def _read(self, table: Table) -> Note:
        if self._note is None:
            self._note = Note.from_item(table.get(NOTE))
        return self._note

    def _write(self, table: Table, note: Note) -> None:
        if note != self._note:
            table.client.put_item(TableName=table.name, Item=marshal(note.as_item()))
            self._note = note


def noted(settings: Settings, name: str) -> list[int]:
    """The forms, from the first to the last, that items of the table may have. Raises botocore's exceptions."""
    note = Note.from_item(Table(session.client(settings, "dynamodb"), name).get(NOTE))
    return [note.low, note.high]


def widen(settings: Settings, name: str, low: int, high: int) -> None:
    """Notes that items of these forms come into the table besides what is there. Raises botocore's exceptions."""
    table = Table(session.client(settings, "dynamodb"), name)
    note = Note.from_item(table.get(NOTE))
    wider = replace(note, low=min(low, note.low), high=max(high, note.high))
    table.client.put_item(TableName=table.name, Item=marshal(wider.as_item()))


def _require_known(note: Note) -> None:
    if note.high > FORM:
        raise DeployError(
            f"The table has form {note.high}, and this tree knows forms up to {FORM}.",
            "Use the tree of the release that runs, or of a later one; it can also roll back.",
        )


def _up(table: Table, low: int, high: int) -> None:
    for form in FORMS:
        if low < form.number <= high:
            _go(table, form.up, f"Bringing what is in the table into form {form.number}")


def _down(table: Table, high: int, low: int) -> None:
    for form in reversed(FORMS):
        if low < form.number <= high:
            _go(table, form.down, f"Bringing what is in the table back into form {form.number - 1}")


def _go(table: Table, way: Way, title: str) -> None:
    """Goes one ``way`` with all items; says nothing where there is none to change, as in a new table."""
    pages = iter(
        table.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True, **way.scan)
    )
    first = next(pages)
    if not first["Items"] and "LastEvaluatedKey" not in first:
        return
    with display.progress(title) as step, ThreadPoolExecutor(_AT_ONCE) as pool:
        looked, changed = 0, 0
        for page in chain([first], pages):
            looked += page["ScannedCount"]
            for _ in pool.map(partial(way.change, table), map(unmarshal, page["Items"])):
                changed += 1
            step.detail = f"{looked} items, {changed} changed"


def _settled_expiry(table: Table, known: str) -> str:
    """The attribute by which DynamoDB deletes items, once it is ``PURGE_AT``; else empty.

    AWS takes no other attribute while one is set, and an hour from one change to the next (Amazon DynamoDB API
    Reference: UpdateTimeToLive): of a table of before, this deploy takes the old one away, and one that comes an hour
    later sets the new one. Meanwhile nothing is deleted, and readers go by ``expires_at``.
    """
    if known == PURGE_AT:
        return known
    for _ in range(3):
        told = table.client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
        status, attribute = told["TimeToLiveStatus"], told.get("AttributeName")
        if status in {"ENABLED", "ENABLING"} and attribute == PURGE_AT:
            return PURGE_AT
        if status == "ENABLED":
            _set_expiry(table, str(attribute), enabled=False)
        elif status == "DISABLED":
            _set_expiry(table, PURGE_AT, enabled=True)
    display.say(
        "DynamoDB stops deleting what has expired by the attribute of before; a deploy an hour from now has it go on "
        f"by {PURGE_AT}"
    )
    return ""


def _set_expiry(table: Table, attribute: str, *, enabled: bool) -> None:
    try:
        table.client.update_time_to_live(
            TableName=table.name,
            TimeToLiveSpecification={"AttributeName": attribute, "Enabled": enabled},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":
            raise
