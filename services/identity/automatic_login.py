"""A login without a page: ``emulator_login=auto`` signs in the user of ``login_hint``, where the stack lets it.

It takes no password, so it gives nobody what a stranger could not have: who may operate the emulator or introspect
tokens is signed in only if the password is documented anyway.
"""

from routes import RESERVED_SCOPES
from services import clock
from services.identity import accounts, users
from services.identity.authorization_errors import LoginRequiredException
from services.identity.authorization_request import AuthorizationRequest
from services.identity.browser_sessions import find_session, open_session, stored_session
from services.identity.seed import SeedUser
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import Sandbox


def signed_in(sandbox: Sandbox, request: AuthorizationRequest, secret: str | None) -> str:
    """The secret of a session of the user whom the request hints at: that of the browser's cookie, ``secret``, if it is
    one that the request accepts, else of a new one in its place.

    Raises :class:`InvalidRequestException` without a hint, and :class:`LoginRequiredException` for a user who is
    unknown, locked, or may do what takes a password.
    """
    user = _user(sandbox, request.login_hint)
    session = find_session(sandbox, secret)
    is_good = session is not None and session.subject == user.subject
    if (
        secret is not None
        and session is not None
        and is_good
        and request.accepts(session, clock.now(sandbox))
    ):
        return secret
    return open_session(sandbox, user, stored_session(sandbox, secret))


def _user(sandbox: Sandbox, username: str) -> SeedUser:
    if not username:
        raise InvalidRequestException("With emulator_login=auto the parameter login_hint names the user.")
    entry = accounts.find_user(sandbox, username.casefold())
    user = None if entry is None else users.known(sandbox, entry)
    if user is None:
        raise LoginRequiredException("The user of login_hint is unknown or locked.")
    is_reserved = not {*RESERVED_SCOPES}.isdisjoint(user.scopes)
    if is_reserved and user.username not in accounts.documented_passwords(sandbox):
        raise LoginRequiredException("The user of login_hint may do what takes a password: log in with it.")
    return user
