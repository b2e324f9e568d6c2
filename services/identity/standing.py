"""Whether what was issued still rests on something, by the seed of this minute.

Nothing is refused on the word of a seed that another function may know to be out of date: before that it is read anew.
"""

from collections.abc import Mapping
from typing import Any

from services.identity.grant_basis import basis_of_grant, basis_of_session, holds
from services.identity.seed import SeedUser, newest_seed, seed
from utils.attributes import Item


def standing_user(subject: str, basis: Mapping[str, Any]) -> SeedUser | None:
    """The user of a session with this ``basis``, empty if an older release made it; ``None`` if it has ended."""
    for read in (seed, newest_seed):
        user = read().subjects.get(subject)
        if user is not None and holds(basis, basis_of_session(user)):
            return user
    return None


def standing_basis(family: Item) -> Item | None:
    """What a grant like the one in the item of a token family would rest on now.

    ``None`` if the grant has ended: its user or client is gone, or its basis no longer holds. Of a family without a
    basis, which an older release made, the scope that was granted has to be left.
    """
    basis = family.get("basis") or {"scopes": family["scope"].split(" ")}
    for read in (seed, newest_seed):
        now = _basis_now(read().subjects, read().clients, family["subject"], family["client_id"])
        if now is not None and holds(basis, now):
            return now
    return None


def _basis_now(
    users: Mapping[str, SeedUser], clients: Mapping[str, Any], subject: str, client_id: str
) -> Item | None:
    user, client = users.get(subject), clients.get(client_id)
    if client is None or (user is None and subject != client_id):
        return None
    return basis_of_grant(user, client)
