"""Writing a content into a generation that no request sees yet, because no item names it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final

from account_rules import OF_STACK
from models.durations import parse
from models.player import Player
from services.identity.account_keys import client_account_key, subject_account_key, user_account_key
from services.identity.accounts import ENTRY, text_of
from services.identity.operators import require_any
from services.players import player_items
from services.sandboxes.content import Content
from services.sandboxes.opening import let_purge
from utils import secrets, table
from utils.attributes import Item
from utils.sandbox import Sandbox, SandboxClock
from utils.settings import DEFAULT_SANDBOX, settings
from utils.writes import Key, Put

_READ_AT_ONCE: Final = 100
_UNIQUE: Final = ("username", "email")
_OF_THE_PLAYER: Final = ("version",)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What a sandbox's item says of users and clients: how many were registered, and whether the stack's are there."""

    accounts: int = 0
    is_seeded: bool = True

    def to_attributes(self) -> dict[str, Any]:
        """The attributes of the sandbox's item."""
        return {"accounts": self.accounts, "is_seeded": self.is_seeded}


def require_operator(name: str, content: Content) -> None:
    """Raises :class:`NoOperatorException` if the sandbox ``name`` is the default one and nobody in ``content`` may
    operate it. The stack's own users and clients may always be had again: a deploy changes them."""
    if name == DEFAULT_SANDBOX and not content.keys().isdisjoint(("users", "clients")):
        require_any(*_accounts(content))


def plant(sandbox: Sandbox, content: Content) -> Accounts:
    """Write ``content`` into the generation of ``sandbox``; what its item is to say of the accounts."""
    users, clients = _accounts(content)
    let_purge(sandbox)
    table.write_many(map(Put, _items(sandbox, content, users, clients)))
    is_seeded = "users" not in content and "clients" not in content
    return Accounts(len(users) + len(clients), is_seeded)


def clock_attributes(content: Content) -> dict[str, Any]:
    """The clock of ``content`` as attributes of the sandbox's item."""
    entry = content.get("clock")
    if entry is None:
        return {}
    frozen = entry["frozen_at"]
    clock = SandboxClock(parse(entry["offset"]), None if frozen is None else datetime.fromisoformat(frozen))
    is_real = clock == SandboxClock(timedelta())
    return (
        {} if is_real else {name: value for name, value in clock.to_attributes().items() if value is not None}
    )


def contradicts(sandbox: Sandbox, content: Content) -> bool:
    """Whether the generation has a player of an id, a username or an e-mail address of ``content`` who is another."""
    wanted = {
        (item["pk"], item["sk"]): item
        for entry in content.get("players", ())
        for item in _player_items(sandbox, entry)
    }
    return any(
        wanted[key] != {name: value for name, value in item.items() if name != "purge_at"}
        for some in batched(wanted, _READ_AT_ONCE, strict=False)
        for key, item in table.get_many(some).items()
    )


def _accounts(content: Content) -> tuple[list[Any], list[Any]]:
    """The users and clients to register: none if ``content`` says nothing of them; if of one kind only, the stack's
    of the other."""
    if "users" not in content and "clients" not in content:
        return [], []
    stack = {} if {"users", "clients"} <= content.keys() else secrets.read_json(settings().seed_secret)
    users = content.get("users", [entry | {"password_hash": OF_STACK} for entry in stack.get("users", [])])
    clients = content.get(
        "clients",
        [entry | {"secret_hash": entry["secret_hash"] and OF_STACK} for entry in stack.get("clients", [])],
    )
    return list(users), list(clients)


def _items(sandbox: Sandbox, content: Content, users: list[Any], clients: list[Any]) -> Iterator[Item]:
    for entry in users:
        for key in (
            user_account_key(sandbox, entry["username"].casefold()),
            subject_account_key(sandbox, entry["subject"]),
        ):
            yield _at(key, {ENTRY: text_of(entry)})
    for entry in clients:
        yield _at(client_account_key(sandbox, entry["client_id"]), {ENTRY: text_of(entry)})
    for entry in content.get("players", ()):
        yield from _player_items(sandbox, entry)
    for entry in content.get("statistics", ()):
        stats = {name: value for name, value in entry.items() if name != "player_id"}
        yield _at(player_items.stats_key(sandbox, entry["player_id"]), stats)


def _player_items(sandbox: Sandbox, entry: Mapping[str, Any]) -> Iterator[Item]:
    fields = {name: value for name, value in entry.items() if name not in _OF_THE_PLAYER}
    for name in ("created_at", "updated_at"):
        fields[name] = datetime.fromisoformat(fields[name])
    player = Player(**fields)
    yield player_items.to_item(sandbox, player, entry["version"])
    for name in _UNIQUE:
        key = player_items.unique_key(sandbox, name, entry[name])
        yield _at(key, {"player_id": player.player_id})


def _at(key: Key, attributes: Mapping[str, Any]) -> Item:
    return {"pk": key[0], "sk": key[1], **attributes}
