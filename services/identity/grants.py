"""The grants that need no token of before: a user's password, and a client's own credentials (RFC 6749 section 4)."""

from models.auth import Tokens
from services.identity import users
from services.identity.refresh_tokens import open_family
from services.identity.scopes import OF_USERS, granted
from services.identity.seed import Client


def password(sandbox: str, client: Client, username: str, secret: str, scope: str | None) -> Tokens:
    """The tokens of a user who tells ``client`` the password.

    Raises what ``users.authenticate`` raises, and :class:`InvalidScopeError` for more than user and client hold.
    """
    user = users.authenticate(sandbox, username, secret)
    held = granted(scope, client.allowed(user.scopes))
    return open_family(sandbox, client, user.subject, held, refreshable="refresh_token" in client.grant_types)


def client_credentials(sandbox: str, client: Client, scope: str | None) -> Tokens:
    """An access token of the client itself, which has no user's claims and needs no refresh token.

    Raises :class:`InvalidScopeError` for more than the client holds.
    """
    held = granted(scope, [one for one in client.scopes if one not in OF_USERS])
    return open_family(sandbox, client, client.client_id, held, refreshable=False)
