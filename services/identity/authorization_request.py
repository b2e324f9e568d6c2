"""Reading an authorization request (OpenID Connect Core section 3.1.2.1, RFC 6749 section 4.1.1).

PKCE (RFC 7636) is required of every client.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from routes import RESERVED_SCOPES, SCOPES
from services.identity import accounts, authentication_context, claims
from services.identity.authorization_errors import (
    RegistrationNotSupportedException,
    RequestNotSupportedException,
    RequestURINotSupportedException,
    UnsupportedResponseTypeException,
)
from services.identity.browser_sessions import BrowserSession
from services.identity.id_token_hint import read_hint
from services.identity.registration import unregistered
from services.identity.resources import audience_of
from services.identity.scopes import asked, granted
from services.identity.seed import Client
from utils.oauth_errors import InvalidRequestException, OAuthException, UnauthorizedClientException
from utils.sandbox import Sandbox
from utils.settings import settings

GRANT: Final = "authorization_code"
RESPONSE_TYPE: Final = "code"
RESPONSE_MODE: Final = "query"
CHALLENGE_METHOD: Final = "S256"
PROMPTS: Final = ("none", "login", "consent", "select_account")

AUTOMATIC: Final = "emulator_login"
PARAMETERS: Final = frozenset(
    {
        *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state"),
        *(
            "nonce",
            "display",
            "prompt",
            "max_age",
            "ui_locales",
            "claims_locales",
            "id_token_hint",
            "login_hint",
        ),
        *("acr_values", "claims", "request", "request_uri", "registration"),
        *("code_challenge", "code_challenge_method", "resource", "dpop_jkt", "sandbox", AUTOMATIC),
    }
)
"""What a request may have, read or not: RFC 6749 section 4.1.1, OpenID Connect Core sections 3.1.2.1 and 5.5 to 7.2.1,
RFC 7636, RFC 8707, RFC 9449, and ours."""

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 digest in base64url (RFC 7636 section 4.2)."""

_REPEATABLE: Final = "resource"
"""The one parameter that may be repeated (RFC 8707 section 2)."""

_SECONDS: Final = re.compile(r"\d{1,9}", re.ASCII)
_UNSUPPORTED: Final[Mapping[str, type[OAuthException]]] = {
    "request": RequestNotSupportedException,
    "request_uri": RequestURINotSupportedException,
    "registration": RegistrationNotSupportedException,
}


@dataclass(frozen=True, slots=True)
class ClientRedirect:
    """Where the browser is sent in the end: a registered redirect URI of the client, with the client's ``state`` and
    the ``issuer`` that it asked."""

    client: Client
    redirect_uri: str
    state: str | None
    issuer: str


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asks for.

    ``scope`` is limited to what the client may have, whatever the user may give; ``subject`` is the user of the
    ``id_token_hint`` or of the claim ``sub``; ``max_age`` is how long ago the user may have logged in. ``audience``,
    ``claims`` and ``acr`` are a token family's (``services.identity.token_families``). One that ``is_automatic`` wants
    the user of ``login_hint`` signed in, and let have consented, without a page.
    """

    scope: str | None
    code_challenge: str | None
    nonce: str | None
    prompts: frozenset[str]
    max_age: timedelta | None
    login_hint: str
    subject: str | None
    audience: tuple[str, ...]
    claims: Mapping[str, Any]
    acr: str | None
    is_automatic: bool = False

    @property
    def is_silent(self) -> bool:
        """Whether no page may be shown to the user (``prompt=none``)."""
        return "none" in self.prompts

    @property
    def takes_password(self) -> bool:
        """Whether it names a scope that no login without a password gives."""
        return not {*RESERVED_SCOPES}.isdisjoint((self.scope or "").split(" "))

    def by_page(self) -> "AuthorizationRequest":
        """The request with a login that the user makes."""
        return replace(self, prompts=self.prompts | {"login"}, is_automatic=False)

    def after_login(self) -> "AuthorizationRequest":
        """The request without what asks for another login."""
        return replace(self, prompts=self.prompts - {"login", "select_account"}, max_age=None)

    def accepts(self, session: BrowserSession, now: datetime) -> bool:
        """Whether the login of ``session`` is good enough, so that the user need not log in again.

        One without a password is not for a scope that takes one.
        """
        if session.is_automatic and self.takes_password:
            return False
        if not self.prompts.isdisjoint({"login", "select_account"}):
            return False
        return self.max_age is None or now - session.authenticated_at < self.max_age


def read_client_redirect(sandbox: Sandbox, pairs: Sequence[tuple[str, str]]) -> ClientRedirect:
    """The client and its redirect URI in a request's parameters.

    Raises :class:`InvalidRequestException` when the client is unknown or has not registered this URI; the user has to
    be told then, for nobody else can be (RFC 6749 section 4.1.2.1).
    """
    parameters = _unrepeated(pairs)
    client = accounts.find_client(sandbox, parameters.get("client_id", ""))
    if client is None:
        raise unregistered("client_id", parameters.get("client_id", ""), accounts.client_ids(sandbox))
    redirect_uri = parameters.get("redirect_uri", "")
    if not client.may_redirect_to(redirect_uri):
        raise unregistered("redirect_uri", redirect_uri, client.redirect_uris)
    return ClientRedirect(client, redirect_uri, parameters.get("state"), sandbox.issuer)


def read_request(sandbox: Sandbox, pairs: Sequence[tuple[str, str]], client: Client) -> AuthorizationRequest:
    """The request of ``client`` in these parameters; raises the :class:`OAuthException` to send back to the client."""
    parameters = _unrepeated(pairs)
    if len(parameters) != len([name for name, _ in pairs if name != _REPEATABLE or name in parameters]):
        raise InvalidRequestException("A parameter is repeated.")
    for name, error in _UNSUPPORTED.items():
        if name in parameters:
            raise error(f"The parameter {name} is not supported.")
    _require_code_flow(parameters, client)
    requested = claims.read_request(parameters.get("claims"))
    return AuthorizationRequest(
        scope=_scope(parameters.get("scope"), client),
        code_challenge=_code_challenge(parameters, client),
        nonce=parameters.get("nonce"),
        prompts=_prompts(parameters.get("prompt")),
        max_age=_max_age(parameters.get("max_age")),
        login_hint=parameters.get("login_hint", ""),
        subject=_expected_subject(sandbox, parameters.get("id_token_hint"), requested),
        audience=tuple(audience_of(sandbox, [value for name, value in pairs if name == _REPEATABLE], client)),
        claims=requested,
        acr=authentication_context.chosen(
            parameters.get("acr_values"), requested.get("id_token", {}).get("acr")
        ),
        is_automatic=settings().automatic_login and _is_automatic(parameters.get(AUTOMATIC)),
    )


def _unrepeated(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    counts = Counter(name for name, _ in pairs)
    return {name: value for name, value in pairs if counts[name] == 1}


def _require_code_flow(parameters: Mapping[str, str], client: Client) -> None:
    if "response_type" not in parameters:
        raise InvalidRequestException("The parameter response_type is missing.")
    if parameters["response_type"] != RESPONSE_TYPE:
        raise UnsupportedResponseTypeException("The only response_type is code.")
    if parameters.get("response_mode", RESPONSE_MODE) != RESPONSE_MODE:
        raise InvalidRequestException("The only response_mode is query.")
    if GRANT not in client.grant_types:
        raise UnauthorizedClientException


def _code_challenge(parameters: Mapping[str, str], client: Client) -> str | None:
    """The challenge of the method S256, which a client needs not send that may do without (``Client.needs_pkce``)."""
    challenge, method = parameters.get("code_challenge"), parameters.get("code_challenge_method")
    if challenge is None and method is None and not client.needs_pkce:
        return None
    if method != CHALLENGE_METHOD or not _CHALLENGE.fullmatch(challenge or ""):
        raise InvalidRequestException("A code_challenge with the code_challenge_method S256 is needed.")
    return challenge


def _scope(requested: str | None, client: Client) -> str | None:
    scope = asked(requested)
    return None if scope is None else granted(scope, client.allowed(SCOPES))


def _prompts(text: str | None) -> frozenset[str]:
    prompts = frozenset((text or "").split(" ")) - {""}
    if not prompts <= set(PROMPTS) or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequestException(
            "The parameter prompt is none, or some of login, consent, select_account."
        )
    return prompts


def _max_age(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise InvalidRequestException("The parameter max_age is a number of seconds.")
    return timedelta(seconds=int(text))


def _is_automatic(text: str | None) -> bool:
    if text not in {None, "auto"}:
        raise InvalidRequestException(f"The only {AUTOMATIC} is auto.")
    return text is not None


def _expected_subject(
    sandbox: Sandbox, id_token_hint: str | None, requested: Mapping[str, Any]
) -> str | None:
    """The user whom the request is about, by its hint or else by the value of the claim ``sub`` (section 5.5.1)."""
    if id_token_hint is None:
        values = [names["sub"].get("value") for names in requested.values() if "sub" in names]
        return next((str(value) for value in values if value is not None), None)
    hint = read_hint(sandbox, id_token_hint)
    if hint is None:
        raise InvalidRequestException("The parameter id_token_hint is no id token of this issuer.")
    return hint.subject
