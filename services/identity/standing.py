"""Whether what was issued still rests on something, by the seed of this minute.

Nothing is refused on the word of a seed that another function may know to be out of date: before that it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from services.identity.accounts import find_client, find_subject
from services.identity.grant_basis import basis_of_grant, basis_of_session, holds
from services.identity.seed import Seed, SeedUser, newest_seed, seed
from utils.attributes import Item
from utils.sandbox import Sandbox


def standing_user(sandbox: Sandbox, subject: str, basis: Mapping[str, Any]) -> SeedUser | None:
    """The user of a session with this ``basis``, empty if an older release made it; ``None`` if it has ended."""
    for read in (seed, newest_seed):
        user = find_subject(sandbox, subject, read())
        if user is not None and holds(basis, basis_of_session(user)):
            return user
    return None


def standing_basis(sandbox: Sandbox, family: Item) -> Item | None:
    """What a grant like the one in the item of a token family would rest on now.

    ``None`` if the grant has ended: its user or client is gone, or its basis no longer holds. Of a family without a
    basis, which an older release made, the scope that was granted has to be left.
    """
    basis = family.get("basis") or {"scopes": family["scope"].split(" ")}
    for read in (seed, newest_seed):
        now = _basis_now(sandbox, family["subject"], family["client_id"], read())
        if now is not None and holds(basis, now):
            return now
    return None


def _basis_now(sandbox: Sandbox, subject: str, client_id: str, known: Seed) -> Item | None:
    user, client = find_subject(sandbox, subject, known), find_client(sandbox, client_id, known)
    if client is None or (user is None and subject != client_id):
        return None
    return basis_of_grant(user, client)
