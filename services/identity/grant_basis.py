"""What a grant rests on: the user's password, the client's secret, and what both may have.

Sessions, codes and token families keep it as it was when they were issued. They end when it no longer holds: when the
user or the client is gone, a password or a secret is another, or a scope or grant type was taken away. What is added
ends nothing. A basis is a ``dict`` of digests and lists, as the table holds it; an older release stored none.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from routes import OFFLINE_ACCESS
from utils.attributes import Item

if TYPE_CHECKING:
    from services.identity.seed import Client, SeedUser


def basis_of_session(user: "SeedUser") -> Item:
    """What a login of ``user`` rests on."""
    return {"user": _digest(user.subject, user.password_hash, user.epoch), "scopes": list(user.scopes)}


def basis_of_grant(user: "SeedUser | None", client: "Client") -> Item:
    """What a grant of ``user`` to ``client`` rests on; without a user, one of the client to itself."""
    scopes = client.scopes if user is None else client.allowed(user.scopes)
    scopes = tuple(scope for scope in scopes if scope != OFFLINE_ACCESS)  # it goes with the grant type
    basis: Item = {
        "client": _digest(client.client_id, client.secret_hash or "", client.epoch),
        "grant_types": list(client.grant_types),
        "scopes": list(scopes),
    }
    return basis if user is None else {**basis_of_session(user), **basis}


def holds(basis: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether all of ``basis`` is in what would be issued ``now``; what only one of the two names is not compared."""
    for name in basis.keys() & now.keys():
        before, after = basis[name], now[name]
        is_left = set(before) <= set(after) if isinstance(before, list) else before == after
        if not is_left:
            return False
    return True


def _digest(name: str, credential: str, epoch: str) -> str:
    """Of the argon2id hash of a password or secret, whose salt is another with every change, and of the epoch, which
    only what was registered in a sandbox has."""
    return hashlib.sha256("\n".join([name, credential, *filter(None, [epoch])]).encode()).hexdigest()
