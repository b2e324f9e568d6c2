"""Authentication of clients (RFC 6749 sections 2.2 and 2.3)."""

import hashlib
import hmac
from typing import Final

from services.identity import passwords
from services.identity.seed import Client, seed
from utils.oauth_errors import InvalidClientException, UnauthorizedClientException

_verified_secrets: Final[dict[str, bytes]] = {}
"""By the argon2id hash of a client's secret the SHA-256 of the secret, once the two were compared; in memory only.

A resource server introspects a token on every request of its own, and argon2id costs as much as all the rest of that.
"""


def authenticate(client_id: str, secret: str | None) -> Client:
    """The client with this id and secret; a public client has no secret, and must not send one.

    Raises :class:`InvalidClientException`, in the same words and after the same work whether the id is unknown or the
    secret wrong.
    """
    client = seed().clients.get(client_id)
    if secret is None:
        is_authentic = client is not None and client.secret_hash is None
    else:
        is_authentic = _is_secret((client and client.secret_hash) or passwords.DUMMY_HASH, secret)
    if client is None or not is_authentic:
        raise InvalidClientException
    return client


def require_grant(client: Client, grant: str) -> None:
    """Raise :class:`UnauthorizedClientException` unless the client may use the grant type ``grant``."""
    if grant not in client.grant_types:
        raise UnauthorizedClientException


def _is_secret(secret_hash: str, secret: str) -> bool:
    digest = hashlib.sha256(secret.encode()).digest()
    if hmac.compare_digest(_verified_secrets.get(secret_hash, b""), digest):
        return True
    if not passwords.matches(secret_hash, secret):
        return False
    _verified_secrets[secret_hash] = digest
    return True
