"""Who exists in a sandbox: the users and clients that were registered in it, then those of the stack's seed.

What was registered is in the table, in the form of an entry of the seed: under a user's folded name and under its
subject, under a client's id. An item without an entry hides the one of the seed. A sandbox without any costs no read.
An entry is kept as JSON text, for what claims may be made of, fractions and many levels, DynamoDB has no types for.
"""

from collections.abc import Mapping
from typing import Any, Final

from account_rules import OF_STACK
from services.identity.account_keys import client_account_key, subject_account_key, user_account_key
from services.identity.seed import (
    CONSOLE_CLIENT,
    DOCS_CLIENT,
    FIRST_PARTY_CLIENT,
    Client,
    Seed,
    SeedUser,
    console_client,
    docs_client,
    seed,
)
from utils import strict_json, table
from utils.sandbox import Sandbox
from utils.settings import settings
from utils.writes import Key

ENTRY: Final = "entry_json"
"""The attribute with the text of an entry."""


def find_user(sandbox: Sandbox, folded_username: str, known: Seed | None = None) -> SeedUser | None:
    """The user with this name, casefolded; ``known`` is the seed to look into, by default one at most a minute old."""
    if item := _registered(sandbox, user_account_key(sandbox, folded_username)):
        return registered_user(item, known)
    return (known or seed()).users.get(folded_username) if sandbox.is_seeded else None


def documented_passwords(sandbox: Sandbox) -> dict[str, str]:
    """The passwords that the stack's seed documents, by username, of users who have theirs in the sandbox still."""
    return {
        user.username: user.documented_password
        for folded, user in seed().users.items()
        if user.documented_password
        and (own := find_user(sandbox, folded)) is not None
        and has_documented_password(own)
    }


def has_documented_password(user: SeedUser) -> bool:
    """Whether ``user``, of any sandbox, has the password that the stack's seed documents under this name."""
    stacks = seed().users.get(user.username.casefold())
    return (
        stacks is not None and bool(stacks.documented_password) and stacks.password_hash == user.password_hash
    )


def find_subject(sandbox: Sandbox, subject: str, known: Seed | None = None) -> SeedUser | None:
    """The user with this subject, as :func:`find_user`."""
    if item := _registered(sandbox, subject_account_key(sandbox, subject)):
        return registered_user(item, known)
    return (known or seed()).subjects.get(subject) if sandbox.is_seeded else None


def find_client(sandbox: Sandbox, client_id: str, known: Seed | None = None) -> Client | None:
    """The client with this id, as :func:`find_user`. The emulator's own are in every sandbox."""
    if client_id == FIRST_PARTY_CLIENT.client_id:
        return FIRST_PARTY_CLIENT
    if client_id == DOCS_CLIENT and settings().is_described:
        return docs_client(sandbox)
    if client_id == CONSOLE_CLIENT and settings().sandboxes != "off":
        return console_client(sandbox)
    if item := _registered(sandbox, client_account_key(sandbox, client_id)):
        return registered_client(item, known)
    return (known or seed()).clients.get(client_id) if sandbox.is_seeded else None


def client_ids(sandbox: Sandbox) -> list[str]:
    """The ids of the clients that the stack's seed gives the sandbox."""
    return list(seed().clients) if sandbox.is_seeded else []


def text_of(entry: Mapping[str, Any]) -> str:
    """An entry as its item has it; the same text for equal ones, as the fingerprint of a user is made of it."""
    return strict_json.canonical(entry)


def entry_in(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The entry that an item has; ``None`` if it hides the seed's."""
    if ENTRY not in item:
        return None
    entry: dict[str, Any] = strict_json.parse(item[ENTRY])
    return entry


def registered_user(item: Mapping[str, Any], known: Seed | None = None) -> SeedUser | None:
    """The user in the item of an entry; ``None`` if it hides the seed's. One with the stack's password has that of
    ``known``, and none that anybody knows if that has no such user any more."""
    entry = entry_in(item)
    if entry is not None and entry["password_hash"] == OF_STACK:
        stacks = (known or seed()).users.get(entry["username"].casefold())
        entry["password_hash"] = stacks.password_hash if stacks else _nobodys()
    return None if entry is None else SeedUser.from_seed(entry)


def registered_client(item: Mapping[str, Any], known: Seed | None = None) -> Client | None:
    """The client in the item of an entry, as :func:`registered_user`."""
    entry = entry_in(item)
    if entry is not None and entry["secret_hash"] == OF_STACK:
        stacks = (known or seed()).clients.get(entry["client_id"])
        entry["secret_hash"] = (stacks and stacks.secret_hash) or _nobodys()
    return None if entry is None else Client.from_seed(entry)


def _nobodys() -> str:
    """The hash of what nobody knows."""
    from services.identity.passwords import (
        DUMMY_HASH,
    )  # not loaded where nothing is verified: it loads argon2

    return DUMMY_HASH


def _registered(sandbox: Sandbox, key: Key) -> Mapping[str, Any] | None:
    return table.get(key) if sandbox.has_accounts else None
