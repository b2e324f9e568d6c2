"""What the identity routes take in their simple, JSON form."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

type Secret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class LoginBody(BaseModel):
    """The body of ``POST /auth/token``: the simple form of the password grant (RFC 6749 section 4.3).

    ``scope`` separates its names by spaces; without it the user gets all but ``emulator:admin``.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    username: Annotated[str, Field(min_length=1, max_length=128)]
    password: Secret
    scope: Annotated[str, Field(max_length=1024)] | None = None


class RefreshBody(BaseModel):
    """The body of ``POST /auth/refresh``: the simple form of the refresh grant (RFC 6749 section 6)."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    refresh_token: Secret
