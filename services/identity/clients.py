"""Clients: who they are, and that they are who they say (RFC 6749 sections 2.2 and 2.3)."""

import hashlib
import hmac
from typing import Final

from services.identity import passwords
from services.identity.seed import Client, seed
from utils.oauth_errors import InvalidClientError, UnauthorizedClientError

_proven: Final[dict[str, bytes]] = {}
"""For the hash of a client's secret the SHA-256 of the secret, once it was compared; never on a disk.

A resource server introspects on every request of its own, and argon2id costs as much as all the rest of that.
"""


def find(client_id: str) -> Client | None:
    """The client with this id."""
    return seed().clients.get(client_id)


def authenticate(client_id: str, secret: str | None) -> Client:
    """The client with this id and secret; a public client has no secret and shows none.

    Raises :class:`InvalidClientError`, in the same words and after the same work whether the id is unknown or the
    secret wrong.
    """
    client = find(client_id)
    if secret is None:
        proven = client is not None and client.secret_hash is None
    else:
        proven = _is_secret((client and client.secret_hash) or passwords.UNKNOWN, secret)
    if client is None or not proven:
        raise InvalidClientError
    return client


def require_grant(client: Client, grant: str) -> None:
    """Raise :class:`UnauthorizedClientError` unless the client may use ``grant``."""
    if grant not in client.grant_types:
        raise UnauthorizedClientError


def _is_secret(secret_hash: str, secret: str) -> bool:
    digest = hashlib.sha256(secret.encode()).digest()
    if hmac.compare_digest(_proven.get(secret_hash, b""), digest):
        return True
    if not passwords.matches(secret_hash, secret):
        return False
    _proven[secret_hash] = digest
    return True
