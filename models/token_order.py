"""A token that is made to order, and the order."""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from models.examples import Examples

YEAR: Final = 365 * 86400
"""Seconds."""
MISSING_CLAIM: Final = "missing_claim:"

_SCOPE_TOKEN: Final = r"[!#-\[\]-~]+"  # noqa: S105 - the name that RFC 6749 section 3.3 gives it
_DEFECTS: Final = "bad_signature|wrong_aud|wrong_iss|unknown_kid|alg_none|expired|not_yet"

type TokenKind = Literal["access_token", "id_token"]
type AccountName = Annotated[str, StringConstraints(min_length=1, max_length=255)]
type OrderedScope = Annotated[
    str, StringConstraints(max_length=1000, pattern=rf"^({_SCOPE_TOKEN}( {_SCOPE_TOKEN})*)?$")
]
type TokenDefect = Annotated[str, StringConstraints(pattern=rf"^({_DEFECTS}|{MISSING_CLAIM}[a-z_]+)$")]


class TokenOrder(BaseModel):
    """The body of ``POST /_emulator/tokens``.

    The token is for the user ``sub`` or ``username`` by the client ``client_id``, by default the emulator's own; with
    a ``client_id`` alone it is the client's own. ``scope`` is separated by spaces, and may hold what the API does not
    know; by default it is what a login that names none is granted. ``claims`` are added to what such a token holds.
    ``expires_in`` and ``not_before`` are in seconds from now.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    sub: AccountName | None = None
    username: AccountName | None = None
    client_id: AccountName | None = None
    kind: TokenKind = "access_token"
    claims: dict[str, JsonValue] = {}
    aud: AccountName | Annotated[list[AccountName], Field(min_length=1, max_length=16)] | None = None
    scope: OrderedScope | None = None
    expires_in: Annotated[int, Field(ge=1, le=YEAR)] | None = None
    not_before: Annotated[int, Field(ge=-YEAR, lt=YEAR)] = 0
    defect: TokenDefect | None = None

    @model_validator(mode="after")
    def _for_one(self) -> Self:
        if self.sub is not None and self.username is not None:
            raise PydanticCustomError("subject", "Only one of sub and username can be given")
        if self.sub is None and self.username is None and self.client_id is None:
            raise PydanticCustomError("subject", "One of sub, username and client_id has to be given")
        return self


@dataclass(frozen=True, slots=True)
class OrderedToken:
    """The token of an order, by its kind; the other one is ``None``. ``expires_in`` is in seconds, 0 for a token that
    has expired; ``claims`` are those in the token."""

    access_token: str | None
    id_token: str | None
    expires_in: int
    claims: dict[str, Any]


def examples() -> Examples:
    """See ``models.examples``."""
    jwt = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5YzU4OGY2ZCJ9.c2lnbmF0dXJl"
    claims = {"iss": "https://api.example", "sub": "9c588f6d-700d-473d-879c-c547c665f9e8", "tier": "gold"}
    return {
        TokenOrder: {
            "An honest one": {
                "username": "testuser",
                "scope": "openid players:read game:play",
                "claims": {"tier": "gold"},
                "expires_in": 600,
            },
            "One that has expired": {"username": "testuser", "defect": "expired"},
        },
        OrderedToken: {"A token": OrderedToken(jwt, None, 600, claims)},
    }
