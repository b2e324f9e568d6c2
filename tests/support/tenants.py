"""Who calls the API of one sandbox at its base URL: in process, with what the authorizer says of tokens, or else."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.user_agent import FORM, app

BACKEND = (identity.BACKEND, identity.SECRET)
SERVICE = (identity.SERVICE, identity.SECRET)


def provide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an identity provider with one key, the default user and four clients."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app()])


def context_of(access_token: str) -> dict[str, Any]:
    """What the authorizer passes on of an authentic token, however long ago it decided."""
    claims = identity.payload(access_token)
    passed = ("iss", "sub", "client_id", "scope", "sandbox", "generation", "jti", "exp", "nbf")
    return {name: str(claims[name]) for name in passed if name in claims}


def basic(client_id: str, secret: str) -> dict[str, str]:
    """The header by which a client authenticates."""
    joined = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return {"authorization": f"Basic {b64encode(joined.encode()).decode()}"}


def in_process(token: str) -> Gateway:
    """The gateway in process, as the bearer of ``token`` meets it, ``""`` for none."""
    return Gateway(context_of(token) if token else {})


@dataclass
class Tenant:
    """Calls the API of the sandbox ``name``, by default at its base URL and as the default user."""

    name: str = "default"
    base: str | None = None
    tokens: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request."""
    gateway: Callable[[str], Gateway] = in_process
    """The gateway for the bearer of a token, ``""`` for none."""

    def __post_init__(self) -> None:
        if self.base is None:
            self.base = "" if self.name == "default" else f"/s/{self.name}"

    def ask(self, method: str, path: str, body: Any = None, *, token: str = "", **options: Any) -> Answer:
        """Send a request with the ``token``, by default the last one there was."""
        access_token = token or self.tokens.get("access_token", "")
        headers = {**self.headers, **options.pop("headers", {})}
        return self.gateway(access_token).send(
            method, f"{self.base}{path}", body=body, headers=headers, **options
        )

    def login(self, **changes: Any) -> dict[str, Any]:
        """Log in by the simple form; the tokens, which are kept."""
        body = {"username": identity.USERNAME, "password": identity.PASSWORD, **changes}
        answer = self.gateway("").post(f"{self.base}/auth/token", body, headers=self.headers)
        assert answer.status == 200, answer.text
        self.tokens = answer.json()
        return self.tokens

    def refresh(self, refresh_token: str = "", **changes: Any) -> Answer:
        """Refresh by the simple form."""
        sent = refresh_token or self.tokens["refresh_token"]
        sending = {"refresh_token": sent, **changes}
        return self.gateway("").post(f"{self.base}/auth/refresh", sending, headers=self.headers)

    def form(self, path: str, fields: Mapping[str, str], client: tuple[str, str] = BACKEND) -> Answer:
        """``POST`` a form as a confidential client."""
        headers = {**self.headers, **FORM, **basic(*client)}
        return self.gateway("").post(f"{self.base}{path}", raw=urlencode(fields), headers=headers)

    def introspected(self, token: str) -> dict[str, Any]:
        """What introspection says of ``token``."""
        answer = self.form("/auth/introspect", {"token": token}, SERVICE)
        assert answer.status == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def userinfo(self, token: str) -> Answer:
        """Ask who the bearer is."""
        return self.gateway("").get(
            f"{self.base}/auth/userinfo", headers={**self.headers, "authorization": f"Bearer {token}"}
        )

    def set_clock(self, admin_token: str = "", **change: Any) -> dict[str, Any]:
        """Change the clock as an administrator, of this sandbox unless the token is another's."""
        answer = self.ask("PUT", "/_emulator/clock", change, token=admin_token)
        assert answer.status == 200, answer.text
        told: dict[str, Any] = answer.data
        return told
