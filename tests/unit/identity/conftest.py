"""An identity provider with one key, the default user and three clients, and one who sends it requests."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from services import clock
from services.identity import passwords
from services.identity.authorization_codes import Authorization, issue_code
from services.identity.grant_basis import basis_of_grant
from services.identity.seed import seed
from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.user_agent import app
from utils.sandbox import DEFAULT

BASIC = (identity.BACKEND, identity.SECRET)
SERVICE = (identity.SERVICE, identity.SECRET)

_HASHER = passwords.HASHER


class Client:
    """Logs in, refreshes and asks who it is, as the default user unless told otherwise."""

    def __init__(self) -> None:
        self._gateway = Gateway()

    def move_to(self, address: str) -> None:
        """Send what comes next from this IP address."""
        self._gateway.address = address

    def login(self, **changes: Any) -> Answer:
        """``POST /auth/token`` with ``changes`` to the right body; ``...`` takes a member away."""
        body = {"username": identity.USERNAME, "password": identity.PASSWORD, **changes}
        return self.post("/auth/token", {name: value for name, value in body.items() if value is not ...})

    def refresh(self, refresh_token: Any) -> Answer:
        """``POST /auth/refresh``."""
        return self.post("/auth/refresh", {"refresh_token": refresh_token})

    def userinfo(self, access_token: str) -> Answer:
        """``GET /auth/userinfo`` with the token as bearer."""
        return self.get("/auth/userinfo", {"authorization": f"Bearer {access_token}"})

    def tokens(self, **changes: Any) -> dict[str, Any]:
        """The answer to a login that succeeds."""
        answer = self.login(**changes)
        assert answer.status == 200
        tokens: dict[str, Any] = answer.json()
        return tokens

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """``GET path``."""
        return self._gateway.get(path, headers=headers)

    def form(
        self, path: str, parameters: Mapping[str, str], *, basic: tuple[str, str] | None = None
    ) -> Answer:
        """``POST path`` with a form; ``basic`` are the id and the secret of the client, sent as RFC 6749 says."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        if basic is not None:
            joined = ":".join(quote_plus(part) for part in basic)
            headers["authorization"] = f"Basic {b64encode(joined.encode()).decode()}"
        return self.post(path, raw=urlencode(parameters), headers=headers)

    def grant(self, grant_type: str, *, basic: tuple[str, str] | None = BASIC, **parameters: str) -> Answer:
        """A grant at the token endpoint, by the client that may use every one unless told otherwise."""
        return self.form("/auth/token", {"grant_type": grant_type, **parameters}, basic=basic)

    def granted(
        self, grant_type: str, *, basic: tuple[str, str] | None = BASIC, **parameters: str
    ) -> dict[str, Any]:
        """The answer to a grant that succeeds."""
        answer = self.grant(grant_type, basic=basic, **parameters)
        assert answer.status == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens

    def code(self, client_id: str = identity.BACKEND, **changes: Any) -> str:
        """A code that the default user let a client have, with ``changes`` to its authorization."""
        self.tokens()
        authorization = Authorization(
            client_id=client_id,
            redirect_uri=identity.REDIRECT_URI,
            subject=identity.SUBJECT,
            scope="openid players:read",
            nonce="n-0S6_WzA2Mj",
            code_challenge=identity.encode(sha256(identity.VERIFIER.encode()).digest()),
            auth_time=clock.seconds(DEFAULT) - 30,
            basis=basis_of_grant(seed().subjects[identity.SUBJECT], seed().clients[client_id]),
        )
        return issue_code(DEFAULT, replace(authorization, **changes))

    def redeem(self, code: str, *, basic: tuple[str, str] | None = BASIC, **changes: str) -> Answer:
        """The redemption of a code, with ``changes`` to the right parameters."""
        right = {"code": code, "redirect_uri": identity.REDIRECT_URI, "code_verifier": identity.VERIFIER}
        return self.grant("authorization_code", basic=basic, **right | changes)

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """``POST path``."""
        return self._gateway.post(path, body, **options)


@pytest.fixture
def provider(the_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity provider with one key, the default user, three clients and ``app``."""
    identity.publish(monkeypatch, identity.KEY)
    identity.store_keys(identity.KEY)
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app()])


@pytest.fixture
def real_hashes(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """What hashing costs a deployed function, in the seed too: for tests of that cost."""
    monkeypatch.setattr(passwords, "HASHER", _HASHER)
    secret_hash = _HASHER.hash(identity.SECRET)
    registered = [
        entry if entry["secret_hash"] is None else {**entry, "secret_hash": secret_hash}
        for entry in identity.clients()
    ]
    user = identity.seed_entry(password_hash=_HASHER.hash(identity.PASSWORD))
    identity.store_seed(user, registered=registered)


@pytest.fixture
def client(provider: None) -> Client:
    """A client of the identity provider."""
    return Client()
