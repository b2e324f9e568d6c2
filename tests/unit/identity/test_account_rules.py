"""Users registered, deleted and logged in in any order and in two sandboxes, against a model; many changes at once; and
what the control routes' rows allow."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routes import ROUTES
from services.identity import users
from services.sandboxes.opening import opened
from tests.conftest import MayDo
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Gateway
from tests.unit.identity.test_client_accounts import BODY as CLIENT
from tests.unit.identity.test_user_accounts import BODY, admin, players
from utils import table
from utils.sandbox import DEFAULT, sandbox_key

NARROW, WIDE = ("openid", "players:read"), ("openid", "players:read", "players:write")
_numbers = count()

pytestmark = pytest.mark.usefixtures("provider")


@dataclass
class Model:
    """Who exists in two sandboxes, and which tokens are good."""

    names: tuple[str, str]
    users: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    tokens: list[tuple[tuple[str, str], Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        seeded = identity.PASSWORD, tuple(identity.SCOPES)
        self.users = {(name, identity.USERNAME): seeded for name in self.names}

    def end(self, user: tuple[str, str]) -> None:
        """What the user has been given is good no more."""
        self.tokens = [(owner, None if owner == user else tokens) for owner, tokens in self.tokens]


steps = st.tuples(
    st.sampled_from(["put", "delete", "login"]),
    st.integers(0, 1),
    st.sampled_from([identity.USERNAME, "TestUser", "kratos", "KRATOS"]),
    st.sampled_from([identity.PASSWORD, "another"]),
    st.sampled_from([NARROW, WIDE, (*WIDE, *identity.SCOPES)]),
)


@pytest.mark.usefixtures("each_store")
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=3, max_size=12))
def test_any_order_of_changes_and_logins_keeps_to_the_model(
    monkeypatch: pytest.MonkeyPatch, sequence: list[Any]
) -> None:
    cheap = replace(users.UNKNOWN_USER, password_hash=HASHER.hash("nobody's"))
    monkeypatch.setattr(users, "UNKNOWN_USER", cheap)
    number = next(_numbers)
    model = Model((f"a-{number}", f"b-{number}"))
    issued: list[tuple[int, str, Any]] = []
    for action, which, username, password, scopes in sequence:
        name = model.names[which]
        user, prefix = (name, username.casefold()), f"/s/{name}"
        before = model.users.get(user)
        path = f"{prefix}/_emulator/users/{username}"
        if action == "put":
            body = BODY | {"password": password, "scopes": list(scopes)}
            assert admin(opened(name)).put(path, body).status == (200 if before else 201)
            if before is None or before[0] != password or not set(before[1]) <= set(scopes):
                model.end(user)
            model.users[user] = password, scopes
        elif action == "delete":
            assert admin(opened(name)).delete(path).status == (204 if before else 404)
            model.users.pop(user, None)
            model.end(user)
        else:
            gateway = Gateway(address=f"192.0.2.{len(issued) % 250}")
            answer = gateway.post(
                f"{prefix}/auth/token",
                {"username": username, "password": password, "scope": "players:read"},
            )
            issued.append((answer.status, name, None))
            assert answer.status == (200 if before and before[0] == password else 400)
            if answer.status == 200:
                model.tokens.append((user, answer.json()))
                issued[-1] = (200, name, answer.json())
        shown = admin(opened(name)).get(path)
        assert shown.status == (200 if user in model.users else 404)
    alive = [(owner[0], tokens) for owner, tokens in model.tokens if tokens]
    for _, name, tokens in issued:
        if tokens:
            assert players(tokens, f"/s/{name}") == (200 if (name, tokens) in alive else 401)


def test_changes_at_once_are_all_made_and_counted() -> None:
    gateway = admin()

    def register(number: int) -> int:
        return gateway.put(f"/_emulator/clients/c{number % 6}", CLIENT).status

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(register, range(12)))
    assert sorted(statuses) == [200] * 6 + [201] * 6
    assert (table.get(sandbox_key(DEFAULT.name)) or {})["accounts"] == 6


def test_each_row_allows_what_it_does(may_do: MayDo) -> None:
    gateway = admin()
    client = CLIENT | {"id_token_signed_response_alg": "ES256"}
    for noun, name, body in (("users", "kratos", BODY), ("clients", "scores", client)):
        for action, method, path, sent in (
            ("put", "PUT", f"/{name}", body),
            ("put", "PUT", f"/{name}", body),
            ("get", "GET", f"/{name}", None),
            ("list", "GET", "", None),
            ("delete", "DELETE", f"/{name}", None),
        ):
            row = next(route for route in ROUTES if route.name == f"emulator-{noun}-{action}")
            identity.forget()
            may_do(row.table, row.secrets)
            assert gateway.send(method, f"/_emulator/{noun}{path}", body=sent).status < 300
