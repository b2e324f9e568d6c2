"""The forms of the endpoints for tokens: for the API's description, and read by nothing that serves.

A form's further fields are ignored, and one without a value counts as left out (RFC 6749 section 3.2).
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.auth_body import (
    ClientCredentialsBody,
    CodeBody,
    LoginBody,
    RefreshBody,
    SandboxName,
    Secret,
)
from models.examples import Examples


class _Client(BaseModel):
    model_config = ConfigDict(extra="ignore")

    client_id: str | None = None
    client_secret: Secret | Literal[""] | None = None


class PasswordGrant(LoginBody, _Client):
    """A login by password (RFC 6749 section 4.3.2)."""

    grant_type: Literal["password"]


class RefreshGrant(RefreshBody, _Client):
    """A refresh (RFC 6749 section 6)."""

    grant_type: Literal["refresh_token"]


class CodeGrant(CodeBody, _Client):
    """The redemption of an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5)."""

    grant_type: Literal["authorization_code"]


class ClientCredentialsGrant(ClientCredentialsBody, _Client):
    """A client's request on its own behalf (RFC 6749 section 4.4.2)."""

    grant_type: Literal["client_credentials"]


TokenRequest = PasswordGrant | RefreshGrant | CodeGrant | ClientCredentialsGrant
"""The grants that a form may ask for."""


class TokenForm(_Client):
    """A token that a client revokes (RFC 7009 section 2.1) or asks about (RFC 7662 section 2.1)."""

    token: Annotated[str, Field(min_length=1)]
    token_type_hint: str | None = None
    sandbox: SandboxName | None = None


class UserInfoForm(BaseModel):
    """The access token, where it is not in the header (RFC 6750 section 2.2)."""

    model_config = ConfigDict(extra="ignore")

    access_token: Annotated[str, Field(min_length=1)] | None = None
    sandbox: SandboxName | None = None


def examples() -> Examples:
    """See ``models.examples``."""
    jwt = "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiI5YzU4OGY2ZCJ9.c2lnbmF0dXJl"
    return {
        TokenRequest: {
            "A password": {
                "grant_type": "password",
                "client_id": "demo-backend",
                "client_secret": "demo-backend-secret",
                "username": "testuser",
                "password": "password123",
            },
            "A code": {
                "grant_type": "authorization_code",
                "client_id": "demo-web",
                "code": "SplxlOBeZQQYbYS6WxSbIA",
                "redirect_uri": "http://localhost:8080/callback",
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            },
            "A refresh token": {
                "grant_type": "refresh_token",
                "client_id": "demo-web",
                "refresh_token": "kq3cH8mJ5fVZ0yTb7nXw2A.2dWk9sQeR1uYtIoP4aSdFgHjKlZxCvBnM7qWeRtYuIo",
            },
            "A client of its own": {
                "grant_type": "client_credentials",
                "client_id": "demo-service",
                "client_secret": "demo-service-secret",
                "scope": "players:read",
            },
        },
        TokenForm: {"An access token": {"token": jwt}},
        UserInfoForm: {"An access token": {"access_token": jwt}},
    }
