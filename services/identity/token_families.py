"""Token families: what all tokens descending from one login, code or client have in common.

The family's id is part of each of its tokens, and its item is there as long as any of them lives: what ends the
family ends them all at once.
"""

import hashlib
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from services import clock
from services.identity.seed import Client
from services.identity.sessions import ACTIVE, family_key, user_key
from utils import table
from utils.attributes import Item
from utils.settings import settings
from utils.table import ConditionFailed
from utils.writes import EXISTS, Key, Update

_SECRET: Final = re.compile(r"([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Family:
    """A family. ``auth_time``, when the subject logged in, and ``expires_at`` are in seconds since 1970."""

    sandbox: str
    id: str
    subject: str
    client_id: str
    scope: str
    auth_time: int
    expires_at: int

    def to_item(self) -> Item:
        """The family as an item of the table."""
        pk, sk = family_key(self.sandbox, self.id)
        return {
            "pk": pk,
            "sk": sk,
            "subject": self.subject,
            "client_id": self.client_id,
            "scope": self.scope,
            "auth_time": self.auth_time,
            "expires_at": self.expires_at,
        }


def new_family(sandbox: str, client: Client, subject: str, scope: str, *, refreshable: bool) -> Family:
    """A family that begins with a login now and lives as long as its last token may; nothing is stored."""
    now = clock.seconds(sandbox)
    return Family(
        sandbox=sandbox,
        id=new_id(),
        subject=subject,
        client_id=client.client_id,
        scope=scope,
        auth_time=now,
        expires_at=now + lifetime(refreshable=refreshable),
    )


def new_id() -> str:
    """An id for a family."""
    return secrets.token_urlsafe(16)


def lifetime(*, refreshable: bool) -> int:
    """The seconds that a family lives: as many as a refresh token, if it is to have any, else an access token."""
    deployment = settings()
    chosen = deployment.refresh_token_lifetime if refreshable else deployment.access_token_lifetime
    return int(chosen.total_seconds())


def new_secret(family_id: str) -> str:
    """Text that no one can guess, of the family: a refresh token or an authorization code."""
    return f"{family_id}.{secrets.token_urlsafe(32)}"


def family_of(secret: str) -> str | None:
    """The id of the family that :func:`new_secret` was given; ``None`` for text of another form."""
    form = _SECRET.fullmatch(secret)
    return form[1] if form else None


def digest(secret: str) -> str:
    """What is kept of a secret: its SHA-256, which is enough for so much randomness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def refresh_key(sandbox: str, refresh_token: str) -> Key:
    """The key of a refresh token."""
    return f"{sandbox}#refresh#{digest(refresh_token)}", "-"


def find(sandbox: str, refresh_token: str) -> tuple[str, Item, Item] | None:
    """The id and item of the family that ``refresh_token`` is of, and the token's own; ``None`` if it is not ours."""
    family_id = family_of(refresh_token)
    if family_id is None:
        return None
    token_key, key = refresh_key(sandbox, refresh_token), family_key(sandbox, family_id)
    found = table.get_many([token_key, key])
    return (family_id, found[key], found[token_key]) if found.keys() >= {key, token_key} else None


def live(sandbox: str, client: Client, family_id: str, item: Item, now: int) -> Family | None:
    """The family in ``item`` if it is the client's and alive; its scope is what user and client still may have."""
    over = "revoked_at" in item or item["expires_at"] <= now
    if over or item["client_id"] != client.client_id:
        return None
    user = table.get(user_key(sandbox, item["subject"]))
    if user is None or user["status"] != ACTIVE:
        return None
    held = client.allowed(user["scopes"])
    return Family(
        sandbox=sandbox,
        id=family_id,
        subject=item["subject"],
        client_id=item["client_id"],
        scope=" ".join(scope for scope in item["scope"].split(" ") if scope in held),
        auth_time=item["auth_time"],
        expires_at=item["expires_at"],
    )


def revoke(sandbox: str, family_id: str) -> None:
    """End every token of a family, now; nothing happens when there is none such."""
    ended = {"revoked_at": clock.seconds(sandbox)}
    with suppress(ConditionFailed):
        table.write(Update(family_key(sandbox, family_id), assign_once=ended, condition=EXISTS))
