"""A browser without a screen: keeps cookies, fills in forms, follows redirects as far as the issuer goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support import identity
from tests.support.gateway import Answer, Gateway
from utils.settings import settings

CALLBACK = "https://app.test/callback"
GOODBYE = "https://app.test/goodbye"
FORM = {"content-type": "application/x-www-form-urlencoded"}
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636 appendix B."""


@dataclass
class Form(HTMLParser):
    """The form of a page: where it goes, and what it goes with if nothing is typed."""

    page: str
    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes forms and inputs."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found["action"]
        elif tag == "input":
            self.fields[found["name"]] = found.get("value", "")


@dataclass
class UserAgent:
    """One browser, with cookies of its own."""

    cookies: dict[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def get(self, target: str) -> Answer:
        """``GET target``."""
        return self._keep(Gateway().get(target, cookies=self.cookies, headers=self.headers))

    def post(self, target: str, parameters: Mapping[str, str] | list[tuple[str, str]]) -> Answer:
        """``POST target`` with a form."""
        sent = {**self.headers, **FORM}
        raw = urlencode(parameters)
        return self._keep(Gateway().post(target, raw=raw, headers=sent, cookies=self.cookies))

    def submit(self, page: Answer, **typed: str) -> Answer:
        """Submit the form of ``page`` with what is ``typed``, to the path that its query belongs to."""
        form = Form(page.text)
        path = "/auth/logout" if typed.get("decision") == "sign-out" else "/auth/authorize"
        return self.post(f"{path}{form.action}", form.fields | typed)

    def login(self, page: Answer, **changes: str) -> Answer:
        """Submit the login form of ``page`` as the default user, with ``changes``."""
        typed = {"username": identity.USERNAME, "password": identity.PASSWORD, "decision": "sign-in"}
        return self.submit(page, **{**typed, **changes})

    def follow(self, answer: Answer) -> Answer:
        """Get where ``answer`` sends the browser, which is a URL of the issuer."""
        location = answer.headers["location"]
        assert location.startswith(settings().issuer), location
        return self.get(location.removeprefix(settings().issuer))

    def logged_in(self, **changes: Any) -> Answer:
        """Log in for an authorization request with ``changes``; the answer to what comes after."""
        return self.follow(self.login(self.get(authorize(**changes))))

    def _keep(self, answer: Answer) -> Answer:
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            value = rest.partition(";")[0]
            if "Max-Age=0" in cookie:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


def app(**changes: Any) -> dict[str, Any]:
    """The entry in the seed of a public client ``app`` of codes, with ``changes``."""
    own = {
        "name": "App",
        "secret_hash": None,
        "redirect_uris": [CALLBACK],
        "post_logout_redirect_uris": [GOODBYE],
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": identity.SCOPES,
        **changes,
    }
    return identity.client_entry(**{"client_id": "app", **own})


def authorize(**changes: Any) -> str:
    """An authorization request of the client ``app`` with ``changes``; ``...`` takes a parameter away."""
    good = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "scope": "openid profile players:read",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    query = urlencode({name: value for name, value in good.items() if value is not ...})
    return f"/auth/authorize?{query}"


def sent_back(answer: Answer, uri: str = CALLBACK) -> dict[str, str]:
    """The parameters that ``answer`` sends the browser back to the client with."""
    assert answer.status == 303, answer.text
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == uri
    return dict(parse_qsl(parts.query, strict_parsing=True))
