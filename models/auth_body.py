"""The bodies of the token endpoints: of the simple form as JSON, of RFC 6749's grants as form fields."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from models.examples import Examples
from models.sandbox_name import PATTERN

type Secret = Annotated[SecretStr, Field(min_length=1, max_length=1024)]
type Scope = Annotated[str, Field(max_length=1024)]


type SandboxName = Annotated[str, Field(pattern=f"^{PATTERN}$")]
"""A sandbox by its name, which may also be in the URL, in ``X-Sandbox``, or in ``scope`` after ``sandbox:``."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    sandbox: SandboxName | None = None


class LoginBody(_Body):
    """A login by password (RFC 6749 section 4.3.2), and the body of ``POST /auth/token`` in its simple form.

    ``scope`` separates its names by spaces; without it the user gets all but ``emulator:admin``.
    """

    username: Annotated[str, Field(min_length=1, max_length=128)]
    password: Secret
    scope: Scope | None = None


class RefreshBody(_Body):
    """A refresh (RFC 6749 section 6), and the body of ``POST /auth/refresh``; ``scope`` may ask for less."""

    refresh_token: Secret
    scope: Scope | None = None


class CodeBody(_Body):
    """The redemption of an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5); the ``code_verifier`` is
    left out where the request for the code had no ``code_challenge``."""

    code: Secret
    redirect_uri: Annotated[str, Field(min_length=1, max_length=2048)]
    code_verifier: Secret | None = None


class ClientCredentialsBody(_Body):
    """A client's request on its own behalf (RFC 6749 section 4.4.2)."""

    scope: Scope | None = None


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        LoginBody: {"The simple form": {"username": "testuser", "password": "password123"}},
        RefreshBody: {
            "A refresh token": {
                "refresh_token": "kq3cH8mJ5fVZ0yTb7nXw2A.2dWk9sQeR1uYtIoP4aSdFgHjKlZxCvBnM7qWeRtYuIo"
            }
        },
    }
