"""Users and clients of a sandbox as its control routes tell of them: never a password, a secret or a hash."""

from typing import Literal, NotRequired, TypedDict

from models.auth import Address
from models.examples import Examples

Origin = Literal["registered", "seed"]
"""Whether it was registered in the sandbox, or is of the stack's seed."""


class UserAccount(TypedDict):
    """A user. ``updated_at`` is in seconds since 1970, as the claim is."""

    username: str
    subject: str
    email: str
    email_verified: bool
    name: str
    scopes: list[str]
    origin: Origin
    given_name: NotRequired[str]
    family_name: NotRequired[str]
    middle_name: NotRequired[str]
    nickname: NotRequired[str]
    profile: NotRequired[str]
    picture: NotRequired[str]
    website: NotRequired[str]
    gender: NotRequired[str]
    birthdate: NotRequired[str]
    zoneinfo: NotRequired[str]
    locale: NotRequired[str]
    updated_at: NotRequired[int]
    address: NotRequired[Address]
    phone_number: NotRequired[str]
    phone_number_verified: NotRequired[bool]


class ClientAccount(TypedDict):
    """A client; ``is_public`` says that it has no secret."""

    client_id: str
    name: str
    is_public: bool
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    grant_types: list[str]
    scopes: list[str]
    consent: bool
    require_pkce: bool
    any_localhost_port: bool
    id_token_signed_response_alg: str | None
    resources: list[str]
    origin: Origin


def examples() -> Examples:
    """See ``models.examples``."""
    user: UserAccount = {
        "username": "kratos",
        "subject": "9c588f6d-700d-473d-879c-c547c665f9e8",
        "email": "kratos@example.com",
        "email_verified": True,
        "name": "Kratos",
        "scopes": ["openid", "profile", "players:read"],
        "origin": "registered",
    }
    client: ClientAccount = {
        "client_id": "companion",
        "name": "Companion app",
        "is_public": True,
        "redirect_uris": ["http://localhost:3000/callback"],
        "post_logout_redirect_uris": [],
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "profile", "players:read"],
        "consent": True,
        "require_pkce": False,
        "any_localhost_port": False,
        "id_token_signed_response_alg": None,
        "resources": [],
        "origin": "registered",
    }
    return {UserAccount: {"A user": user}, ClientAccount: {"A client": client}}
