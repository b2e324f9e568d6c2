"""What the pages for browsers take and answer: for the API's description, and read by nothing that serves."""

from typing import Annotated, Any, Literal, NewType

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from models.examples import Examples

Page = NewType("Page", str)
"""A page in HTML."""

File = NewType("File", str)
"""A file that a page is made of."""


_SANDBOX = "The sandbox, where the URL does not name it."


class AuthorizationQuery(BaseModel):
    """A client's request for an authorization code (RFC 6749 section 4.1.1, RFC 7636 section 4.3, OpenID Connect Core
    section 3.1.2.1)."""

    client_id: str = Field(description="The client.", examples=["demo-web"])
    redirect_uri: str = Field(
        description="One of the client's, to the letter; on the loopback interface with any port.",
        examples=["http://localhost:8080/callback"],
    )
    response_type: Literal["code"] = Field(description="What comes back.", examples=["code"])
    code_challenge: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")] = Field(
        "",
        description="The SHA-256 of the `code_verifier` in base64url (RFC 7636); a public client has to send it.",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    )
    code_challenge_method: Literal["S256"] = Field("S256", description="How it was made.", examples=["S256"])
    scope: str = Field("", description="The scopes, separated by spaces; all that may be had when left out.")
    state: str = Field("", description="What the client wants back.")
    nonce: str = Field("", description="What the ID token is to hold.")
    prompt: str = Field(
        "", description="`none`, or some of `login`, `consent` and `select_account`, separated by spaces."
    )
    max_age: Annotated[int, Ge(0)] = Field(0, description="Seconds since the login, at the most.")
    login_hint: str = Field("", description="The username to begin with.")
    emulator_login: Literal["", "auto"] = Field(
        "",
        description="`auto` signs in the user of `login_hint` without a page, where the stack lets it.",
    )
    id_token_hint: str = Field("", description="An ID token of the user who is expected.")
    sandbox: str = Field("", description=_SANDBOX)


_TEXTS: dict[str, Any] = {
    name: (str, Field("", description=told.description))
    for name, told in AuthorizationQuery.model_fields.items()
}
AuthorizationFormQuery = create_model("AuthorizationFormQuery", **_TEXTS)
"""The same beside a form, where whatever it holds is read with the form."""


class LogoutQuery(BaseModel):
    """A client's request to log its user out (OpenID Connect RP-Initiated Logout 1.0 section 2)."""

    id_token_hint: str = Field("", description="An ID token of the user, who is then not asked.")
    client_id: str = Field("", description="The client.")
    post_logout_redirect_uri: str = Field("", description="One of the client's, to the letter.")
    state: str = Field("", description="What the client wants back.")
    sandbox: str = Field("", description=_SANDBOX)


class PageForm(BaseModel):
    """One of our own pages' forms, or a client's request as a form."""

    model_config = ConfigDict(extra="allow")

    csrf: str | None = None
    decision: str | None = None


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        Page: {"A page": Page("<!doctype html>…")},
        File: {"A style sheet": File("header { color: #fff; }")},
        PageForm: {"A decision": {"csrf": "3f2a", "decision": "allow"}},
    }
