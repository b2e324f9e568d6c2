"""The identity provider's routes for browsers, which answer with pages and redirects."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict, StringConstraints

from handlers.browser import StaleFormException
from handlers.openapi.operation import Answer, Body, Operation, Parameter
from services.identity.authorization_request import CHALLENGE_METHOD, RESPONSE_TYPE
from utils.errors import PayloadTooLargeException, UnsupportedMediaTypeException
from utils.http import FORM_TYPE, HTML_TYPE
from utils.oauth_errors import InvalidGrantException, InvalidRequestException

_PAGE: Final = Answer("A page.", str, "<!doctype html>…", (HTML_TYPE,))


def _query(name: str, description: str, model: Any = str, *, example: Any = None) -> Parameter:
    """A parameter, which is required if it has an example."""
    return Parameter(name, "query", description, model, example, required=example is not None)


_REQUEST: Final = (
    _query("client_id", "The client.", example="demo-web"),
    _query("redirect_uri", "One of the client's, to the letter.", example="http://localhost:8080/callback"),
    _query("response_type", "What comes back.", Literal["code"], example=RESPONSE_TYPE),
    _query(
        "code_challenge",
        "The SHA-256 of the `code_verifier` in base64url (RFC 7636).",
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")],
        example="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    ),
    _query("code_challenge_method", "How it was made.", Literal["S256"], example=CHALLENGE_METHOD),
    _query("scope", "The scopes, separated by spaces; all that may be had when left out."),
    _query("state", "What the client wants back."),
    _query("nonce", "What the ID token is to hold."),
    _query("prompt", "`none`, or some of `login`, `consent` and `select_account`, separated by spaces."),
    _query("max_age", "Seconds since the login, at the most.", Annotated[int, Ge(0)]),
    _query("login_hint", "The username to begin with."),
    _query("id_token_hint", "An ID token of the user who is expected."),
)
_LOGOUT: Final = (
    _query("id_token_hint", "An ID token of the user, who is then not asked."),
    _query("client_id", "The client."),
    _query("post_logout_redirect_uri", "One of the client's, to the letter."),
    _query("state", "What the client wants back."),
)
_BACK: Final = Answer("Back to the client, with what came of it in the query.", headers=("Location",))


class PageForm(BaseModel):
    """One of our own pages' forms, or a client's request as a form."""

    model_config = ConfigDict(extra="allow")

    csrf: str | None = None
    decision: str | None = None


_FORM: Final = (Body(PageForm, {"A decision": {"csrf": "3f2a", "decision": "allow"}}, FORM_TYPE),)
_FORM_ERRORS: Final = (
    InvalidRequestException,
    StaleFormException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "auth-authorize": Operation(
        tag="Pages",
        summary="Log in and consent",
        description="Where a client sends the user's browser for an authorization code (RFC 6749, OpenID Connect).",
        parameters=_REQUEST,
        answers={200: _PAGE, 303: _BACK},
        errors=(InvalidRequestException,),
        refusals="page",
    ),
    "auth-authorize-form": Operation(
        tag="Pages",
        summary="The form of the login and consent pages",
        description="A client's request may come as a form too, and is then redirected to be a `GET`.",
        parameters=tuple(Parameter(one.name, one.place, one.description) for one in _REQUEST),
        bodies=_FORM,
        answers={200: _PAGE, 303: _BACK},
        errors=(*_FORM_ERRORS, InvalidGrantException),
        refusals="page",
    ),
    "auth-logout": Operation(
        tag="Pages",
        summary="Log out",
        description="Where a client sends the user's browser (OpenID Connect RP-Initiated Logout 1.0).",
        parameters=_LOGOUT,
        answers={200: _PAGE, 303: _BACK},
        errors=(InvalidRequestException,),
        refusals="page",
    ),
    "auth-logout-form": Operation(
        tag="Pages",
        summary="The form of the logout page",
        parameters=_LOGOUT,
        bodies=_FORM,
        answers={200: _PAGE, 303: _BACK},
        errors=_FORM_ERRORS,
        refusals="page",
    ),
}
