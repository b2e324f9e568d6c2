"""Saves what is in a stack's table in a file, and brings it back: players, statistics, the identity provider's items.

The file has a JSON object a line. The first tells of the export, the last how many items there are, so that a file that
is cut off is known; the lines between are the items as DynamoDB's API writes them, bytes as ``{"base64": …}``.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import batched, islice
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infrastructure.automation import workspace
from infrastructure.cloud import session, table_migration
from infrastructure.commands import readiness
from infrastructure.errors import DeployError
from infrastructure.release.release import Deployed
from infrastructure.release.table_form import FIRST, FORM
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.tools import disk

type Item = dict[str, Any]

_FORM = 1
_AT_ONCE = 25
"""The most items that BatchWriteItem takes."""
_MOST_PAUSE_SECONDS = 5.0


def export(settings: Settings, file: Path) -> int:
    """Writes all items of the table into ``file``, which must not exist; their number. Only its owner may read it.

    What is written to the table meanwhile may be in it or not. Raises ``DeployError``.
    """
    if file.exists():
        raise DeployError(f"{file} is there already.", "Name another file: nothing is overwritten.")
    if not file.parent.is_dir():
        raise DeployError(f"There is no folder {file.parent}.", "Make it, or name another file.")
    with _table(settings) as (client, name, keys), display.progress(f"Reading the table {name}") as step:
        pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        forms = table_migration.noted(settings, name)
        head = {
            "table": name,
            "form": _FORM,
            "keys": keys,
            "at": datetime.now(UTC).isoformat(),
            "forms": forms,
        }
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        written = 0
        try:
            with disk.reporting_errors(file.parent), open(draft, "x", opener=_private) as output:
                output.write(json.dumps(head) + "\n")
                for item in (item for page in pages for item in page["Items"] if not _is_note(item)):
                    output.write(json.dumps(item, default=_encode) + "\n")
                    written += 1
                    step.detail = f"{written} items"
                output.write(json.dumps({"items": written}) + "\n")
            draft.rename(file)
        finally:
            draft.unlink(missing_ok=True)
    return written


def bring_back(settings: Settings, file: Path, *, force: bool = False, dry_run: bool = False) -> int:
    """Writes the items of ``file`` into the table, which must be empty unless ``force`` is given; their number. An item
    of the same key is replaced. A ``dry_run`` only looks whether that can be done.

    Raises ``DeployError``, before anything is written also where the file is no whole export or of other keys.
    """
    with _table(settings) as (client, name, keys):
        total, forms = _check(file, keys)
        held = client.scan(TableName=name, Limit=2, ConsistentRead=True)["Items"]
        is_empty = all(map(_is_note, held))
        if not is_empty and not force:
            raise DeployError(
                f"The table {name} is not empty.",
                "FORCE=1 writes the items into it all the same: those with the same keys are replaced.",
            )
        if not is_empty and forms != table_migration.noted(settings, name):
            raise DeployError(
                f"The items in {file} have other keys than those in the table, for they are of another release.",
                "Bring them into an empty table, where they are given the keys of the release that serves it.",
            )
        if dry_run:
            return total
        table_migration.widen(settings, name, *forms)
        written = 0
        with display.progress(f"Writing the table {name}") as step:
            for items in batched(_items(file, total), _AT_ONCE, strict=False):
                _write(client, name, items)
                written += len(items)
                step.detail = f"{written} of {total} items"
        table_migration.Migration(settings, name).settle(
            Deployed.from_state(workspace.read_state(settings)).form
        )
        readiness.persist(settings)
    return written


@contextmanager
def _table(settings: Settings) -> Iterator[tuple[Any, str, list[str]]]:
    """A client of DynamoDB, the name of the stack's table and the names of its keys. Turns botocore's exceptions into
    ``DeployError``."""
    state = workspace.read_state(settings)
    readiness.require_aws(settings, state.accounts)
    name = state.outputs.get("table_name")
    if not name:
        raise DeployError(
            f"Stack {settings.stack!r} has no table.", f"Deploy it first: make deploy STACK={settings.stack}"
        )
    try:
        client = session.client(settings, "dynamodb")
        schema = client.describe_table(TableName=name)["Table"]["KeySchema"]
        yield client, name, [key["AttributeName"] for key in schema]
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"The table {name} cannot be read or written: {error}", session.LOG_IN) from error


def _check(file: Path, keys: list[str]) -> tuple[int, list[int]]:
    """The number of items in an export, and the forms that they may have. Raises ``DeployError`` where it is none, cut
    off, or of other keys or a later form."""
    again = "Give FILE the path of a file that make export-data wrote."
    head: dict[str, Any] = {}
    end: dict[str, Any] = {}
    number = 0
    try:
        with file.open() as export:
            for number, line in enumerate(export, 1):
                end = json.loads(line)
                if not isinstance(end, dict):
                    raise ValueError("no object")
                head = head or end
                of = end.keys() >= set(keys) or (number > 1 and end.keys() == {"items"})
                if number > 1 and not of and head.get("keys") == keys:
                    raise ValueError("no item")
    except OSError as error:
        raise DeployError(f"{file} cannot be read: {error.strerror}.", again) from error
    except ValueError as error:
        raise DeployError(f"{file} is no whole export: line {number} is no line of one.", again) from error
    if not number or "keys" not in head:
        raise DeployError(f"{file} is no export{'' if number else ': it is empty'}.", again)
    if head.get("form") != _FORM:
        raise DeployError(
            f"{file} is of form {head.get('form')}; this release reads {_FORM}.",
            "Use the release that wrote it.",
        )
    if head["keys"] != keys:
        raise DeployError(
            f"{file} is of a table with the keys {', '.join(head['keys'])}; this one has {', '.join(keys)}.",
            "Bring it back into a stack of the release that it was exported from.",
        )
    if end.keys() != {"items"}:
        raise DeployError(f"{file} is no whole export: it ends before its last line.", again)
    if end["items"] != number - 2:
        raise DeployError(
            f"{file} is no whole export: it says {end['items']} items and has {number - 2}.", again
        )
    forms = head.get("forms", [FIRST, FIRST])
    if forms[1] > FORM:
        raise DeployError(
            f"The items in {file} have form {forms[1]}; this tree knows forms up to {FORM}.",
            "Use the tree of the release that wrote them, or of a later one.",
        )
    return number - 2, forms


def _is_note(item: Item) -> bool:
    return item.get("pk") == {"S": table_migration.NOTE[0]}


def _items(file: Path, number: int) -> Iterator[Item]:
    with file.open() as export:
        for line in islice(export, 1, 1 + number):
            yield json.loads(line, object_hook=_decode)


def _write(
    client: Any, table: str, items: tuple[Item, ...], wait: Callable[[float], None] = time.sleep
) -> None:
    requests, pause = {table: [{"PutRequest": {"Item": item}} for item in items]}, 0.05
    while requests:
        requests = client.batch_write_item(RequestItems=requests)["UnprocessedItems"]
        if requests:
            wait(pause)
            pause = min(2 * pause, _MOST_PAUSE_SECONDS)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _encode(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value).__name__} is no value of DynamoDB")


def _decode(value: dict[str, Any]) -> Any:
    text = value.get("base64")
    return base64.b64decode(text) if isinstance(text, str) and len(value) == 1 else value
