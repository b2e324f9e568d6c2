"""Authentication of clients (RFC 6749 sections 2.2 and 2.3)."""

import hashlib
import hmac
from typing import Final

from services.identity import accounts, lockout, passwords
from services.identity.seed import Client, seed
from utils import table
from utils.oauth_errors import InvalidClientException, UnauthorizedClientException
from utils.sandbox import Sandbox

_LONGEST_ID: Final = 64
"""Characters, as a seed's (``seeding.seeds``) are."""

_verified_secrets: Final[dict[str, bytes]] = {}
"""By the argon2id hash of a client's secret the SHA-256 of the secret, once the two were compared; in memory only.

A resource server introspects a token on every request of its own, and argon2id costs as much as all the rest of that.
"""


def authenticate(sandbox: Sandbox, client_id: str, secret: str | None, source: str) -> Client:
    """The client with this id and secret, which asks from ``source``; a public one has no secret, and must send none.

    Raises :class:`InvalidClientException`, in the same words and after the same work whether the id is unknown or the
    secret wrong; in other words, with ``Retry-After``, while the id is locked out for this source.
    """
    client = accounts.find_client(sandbox, client_id)
    if len(client_id) > _LONGEST_ID:
        raise InvalidClientException
    if secret is None:
        if client is None or client.secret_hash is not None:
            raise InvalidClientException
        return client
    counters = lockout.counters(
        sandbox,
        lambda where: lockout.client_failures_key(where, client_id, source),
        is_the_stacks=_secret_hash(client) == _secret_hash(seed().clients.get(client_id)),
    )
    items = table.get_many(counter.key for counter in counters)
    lockout.require_client_not_locked_out(counters, items)
    is_authentic = _is_secret(_secret_hash(client), secret)
    if client is None or not is_authentic:
        lockout.count(counters)
        raise InvalidClientException
    lockout.clear(counters, items)
    return client


def require_grant(client: Client, grant: str) -> None:
    """Raise :class:`UnauthorizedClientException` unless the client may use the grant type ``grant``."""
    if grant not in client.grant_types:
        raise UnauthorizedClientException


def _secret_hash(client: Client | None) -> str:
    return (client and client.secret_hash) or passwords.DUMMY_HASH


def _is_secret(secret_hash: str, secret: str) -> bool:
    digest = hashlib.sha256(secret.encode()).digest()
    if hmac.compare_digest(_verified_secrets.get(secret_hash, b""), digest):
        return True
    if not passwords.matches(secret_hash, secret):
        return False
    _verified_secrets[secret_hash] = digest
    return True
