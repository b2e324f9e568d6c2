"""Giving a sandbox the state of a document, which may come in pages; it is seen with the last of them, all or nothing.

The pages are written into a generation that no request sees. How far it has come is an item in that generation, by
which one request at a time takes a page: what it writes is written before another may show the generation.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from models.problems import FieldError
from models.sandbox import Import
from services import clock, keys
from services.sandboxes.content import Content, settled
from services.sandboxes.declared import describe, kept
from services.sandboxes.opening import (
    UNDECLARED,
    SandboxNotFoundException,
    alive,
    begin,
    new_generation,
    purge_at,
)
from services.sandboxes.planting import Accounts, clock_attributes, contradicts, plant, require_operator
from services.sandboxes.seed import Seed
from utils import strict_json, table
from utils.attributes import Item
from utils.errors import (
    InvalidCursorException,
    PSNEmulatorException,
    ThrottledException,
    ValidationException,
)
from utils.sandbox import Sandbox, sandbox_key
from utils.settings import DEFAULT_SANDBOX
from utils.table import ConditionFailedError
from utils.writes import Condition, Key, Update, below, equals, lacks

if TYPE_CHECKING:
    from models.sandbox_document import SandboxDocument

_NEXT: Final = re.compile(r"(?P<generation>[0-9a-f]{16})\.(?P<pages>[1-9][0-9]{0,5})", re.ASCII)
_TAKING: Final = 40
"""Seconds for which a request has a page to itself: more than a function runs (30 at most, as the gateway waits)."""
_FIRST_PAGE_ONLY: Final = ("users", "clients", "clock")


def take(name: str, document: "SandboxDocument", continued: str | None) -> Import:
    """Take a page of the state that the sandbox ``name`` is to have.

    ``continued`` is ``None`` for the first page, then what the page before was answered. A page that was taken may be
    sent again, and is answered the same. Raises :class:`InvalidCursorException`, also for another page in the place of
    one that was taken, :class:`SandboxNotFoundException` for a strict sandbox that is not there,
    :class:`NoOperatorException`, :class:`ValidationException` for what contradicts an earlier page, and
    :class:`ThrottledException` while another request takes the page.
    """
    if continued is None:
        return _first(name, document)
    found = _NEXT.fullmatch(continued)
    if found is None:
        raise InvalidCursorException
    generation, pages = found["generation"], int(found["pages"])
    sandbox = Sandbox(name, generation)
    progress = table.get(_progress_key(sandbox))
    if progress is None:
        raise InvalidCursorException
    sandbox = Sandbox(name, generation, ends_at=progress["ends_at"])
    if progress["pages"] == pages + 1 and progress["taken"] == _fingerprint(document):
        return (
            _finished(sandbox, pages)
            if document.is_last
            else Import(pages + 1, f"{generation}.{pages + 1}", None)
        )
    if progress["pages"] != pages or "is_done" in progress:
        raise InvalidCursorException
    return _next(sandbox, document, progress)


def _first(name: str, document: "SandboxDocument") -> Import:
    item = table.get(sandbox_key(name))
    present = _present(name, item)
    now = datetime.now(UTC)
    sandbox = Sandbox(name, new_generation(), ends_at=_end(name, present))
    content = settled(document, now)
    require_operator(name, content)
    accounts = plant(sandbox, content)
    state = {**accounts.to_attributes(), "clock": clock_attributes(content)}
    if document.is_last:
        return _shown(sandbox, state, 1)
    progress = {**state, "pages": 1, "ends_at": sandbox.ends_at, "at": now.isoformat()}
    table.write(Update(_progress_key(sandbox), assign=progress))
    return Import(1, f"{sandbox.generation}.1", None)


def _next(sandbox: Sandbox, document: "SandboxDocument", progress: Item) -> Import:
    if misplaced := [name for name in _FIRST_PAGE_ONLY if getattr(document, name) is not None]:
        raise ValidationException([_fault(name, "This stands in the first page only.") for name in misplaced])
    content = settled(document, datetime.fromisoformat(progress["at"]))
    if contradicts(sandbox, content):
        raise ValidationException([_fault("players", "A player of an earlier page has this id or name.")])
    progress = _claimed(sandbox, progress)
    try:
        _plant_players(sandbox, content)
    except PSNEmulatorException:
        table.write(Update(_progress_key(sandbox), remove=("until",), condition=_is_still(progress)))
        raise
    pages = progress["pages"] + 1
    forward = Update(
        _progress_key(sandbox),
        assign={"taken": _fingerprint(document), **({"is_done": True} if document.is_last else {})},
        add={"pages": 1},
        remove=("until",),
        condition=_is_still(progress),
    )
    if document.is_last:
        return _shown(sandbox, progress, pages, forward)
    try:
        table.write(forward)
    except ConditionFailedError:
        raise InvalidCursorException from None
    return Import(pages, f"{sandbox.generation}.{pages}", None)


def _claimed(sandbox: Sandbox, progress: Item) -> Item:
    """The progress, after which no other request takes the page that comes; raises :class:`ThrottledException` while
    one does."""
    now, until = clock.real_seconds(), progress.get("until", 0)
    claim = Update(
        _progress_key(sandbox),
        assign={"until": now + _TAKING},
        add={"attempts": 1},
        condition=_is_still(progress) & (lacks("until") | below("until", now)),
    )
    try:
        return table.write(claim)
    except ConditionFailedError:
        wait = max(1, until - now)
        raise ThrottledException("This page is being taken.", retry_after_seconds=wait) from None


def _is_still(progress: Item) -> Condition:
    """The condition that no request has begun to take a page since the progress was read."""
    pages = equals("pages", progress["pages"])
    return pages & (equals("attempts", progress["attempts"]) if "attempts" in progress else lacks("attempts"))


def _fingerprint(document: "SandboxDocument") -> str:
    text = strict_json.canonical(document.model_dump(mode="json"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plant_players(sandbox: Sandbox, content: Content) -> Accounts:
    return plant(sandbox, {name: content[name] for name in ("players", "statistics")})


def _shown(sandbox: Sandbox, state: Mapping[str, Any], pages: int, *done: Update) -> Import:
    """Let the generation be the present one; ``done`` notes with it that its last page was taken."""
    name = sandbox.name
    for _ in range(table.ATTEMPTS):
        item = table.get(sandbox_key(name))
        present = _present(name, item)
        before = item if present is not None else None
        seed = Seed.from_item(before or {})
        held = seed.content(name)
        if held is None:
            continue  # another request has just replaced it
        ends_at = _end(name, present) if present is not None else sandbox.ends_at
        seed.keep(name, held, None if ends_at is None else purge_at(sandbox.generation))
        attributes = {
            **kept(before),
            **seed.to_attributes(),
            **{member: state[member] for member in ("accounts", "is_seeded")},
            **state["clock"],
            "begun_with": (before or {}).get("begun_with", Seed().mark),
            "ends_at": ends_at,
        }
        try:
            begin(name, item, attributes, sandbox.generation, done)
        except ConditionFailedError as error:
            if max(error.failed) > 1:
                raise InvalidCursorException from None
            continue
        shown = Sandbox(name).with_item({**attributes, "generation": sandbox.generation})
        return Import(pages, None, describe(shown, attributes))
    raise ThrottledException("Too many requests change this sandbox at once.")


def _finished(sandbox: Sandbox, pages: int) -> Import:
    """The answer to a last page that is sent again."""
    item = table.get(sandbox_key(sandbox.name))
    present = alive(Sandbox(sandbox.name), item)
    if item is None or present is None or present.generation != sandbox.generation:
        raise InvalidCursorException
    return Import(pages + 1, None, describe(present, item))


def _present(name: str, item: Item | None) -> Sandbox | None:
    """The sandbox as it is; ``None`` if it is yet to begin.

    Raises :class:`SandboxNotFoundException` for a strict one.
    """
    present = alive(Sandbox(name), item)
    if present is None and item and item.get("strict"):
        raise SandboxNotFoundException
    return present


def _end(name: str, present: Sandbox | None) -> int | None:
    if name == DEFAULT_SANDBOX:
        return None
    if present is not None:
        return present.ends_at
    return clock.real_seconds() + int(UNDECLARED.total_seconds())


def _progress_key(sandbox: Sandbox) -> Key:
    return keys.alone(sandbox, "import")


def _fault(field: str, sentence: str) -> FieldError:
    return FieldError(field, "document", sentence)
