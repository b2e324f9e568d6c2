"""A login without a page: ``emulator_login=auto`` signs in the user of ``login_hint``, where the stack lets it.

It takes no password, so it gives nobody what a stranger could not have: only a user is signed in whose password is
documented, and without the scopes that take one. Any page may send a browser here, so no session of a browser ends by
it but one that it has opened itself, for the same user: else the user is asked to log in.
"""

from services import clock
from services.identity import accounts, users
from services.identity.authorization_errors import LoginRequiredException
from services.identity.authorization_request import AuthorizationRequest
from services.identity.browser_sessions import find_session, open_session, stored_session
from services.identity.seed import SeedUser
from utils.oauth_errors import InvalidRequestException
from utils.sandbox import Sandbox


def signed_in(
    sandbox: Sandbox, request: AuthorizationRequest, secret: str | None
) -> tuple[AuthorizationRequest, str | None]:
    """The rest of ``request`` and the secret of the session to answer it in: that of the browser's cookie, ``secret``,
    if there is a session, else, or in place of an automatic one that is not accepted, a new one.

    The rest asks for a login on the page, where that session is none to answer it in. Raises
    :class:`InvalidRequestException` without a hint, and :class:`LoginRequiredException` for a user who is unknown,
    locked, or has a password that is not documented, and where no page may be shown.
    """
    user = _user(sandbox, request.login_hint)
    session = find_session(sandbox, secret)
    is_own = session is not None and session.subject == user.subject
    if session is not None and is_own and request.accepts(session, clock.now(sandbox)):
        return request.after_login(), secret
    if request.takes_password or (session is not None and not (is_own and session.is_automatic)):
        if request.is_silent:
            raise LoginRequiredException("The user has to log in with the password.")
        return request.by_page(), secret
    opened = open_session(sandbox, user, stored_session(sandbox, secret), is_automatic=True)
    return request.after_login(), opened


def _user(sandbox: Sandbox, username: str) -> SeedUser:
    if not username:
        raise InvalidRequestException("With emulator_login=auto the parameter login_hint names the user.")
    entry = accounts.find_user(sandbox, username.casefold())
    user = None if entry is None else users.known(sandbox, entry)
    if user is None:
        raise LoginRequiredException("The user of login_hint is unknown or locked.")
    if not accounts.has_documented_password(user):
        raise LoginRequiredException(
            "The password of the user of login_hint is not documented: log in with it."
        )
    return user
