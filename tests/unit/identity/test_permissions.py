"""The rows of the route table allow what the identity routes do, and no more."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

import pytest

from routes import ROUTES
from services.identity.refresh_tokens import GRACE
from tests.conftest import Clock, permissions_of
from tests.support import identity
from tests.support.gateway import Answer, Gateway
from tests.support.interception import Call, Intercept
from tests.support.user_agent import Form, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import BASIC, Client
from utils import table
from utils.sandbox import sandbox_key
from utils.writes import Update

type Uses = dict[str, set[str]]

_ROUTES = {route.key: route for route in ROUTES if route.path.startswith(("/auth/", "/.well-known/"))}


@pytest.fixture
def uses(client: Client, intercept: Intercept, monkeypatch: pytest.MonkeyPatch) -> Uses:
    """What every route does from now on: actions on the table, secrets read. None remembers anything."""
    uses: Uses = defaultdict(set)
    key = ""
    send = Gateway.send

    def record(call: Call, operation: str, arguments: dict[str, Any]) -> Any:
        if operation not in {"CreateSecret", "PutSecretValue"}:
            uses[key].update(permissions_of(operation, arguments))
        return call(operation, arguments)

    def send_anew(gateway: Gateway, method: str, target: str, **options: Any) -> Answer:
        nonlocal key
        key = gateway.event(method, target)[1].key
        identity.forget()
        return send(gateway, method, target, **options)

    intercept(record, "dynamodb", "secretsmanager")
    monkeypatch.setattr(Gateway, "send", send_anew)
    return uses


def test_each_does_exactly_what_its_row_allows(client: Client, uses: Uses, stopped_clock: Clock) -> None:
    may_everything = identity.client_entry(identity.BACKEND)
    identity.store_seed(identity.seed_entry(), registered=[may_everything, app()])
    _use_tokens(client, stopped_clock)
    tokens = client.granted("password", username=identity.USERNAME, password=identity.PASSWORD)
    _use_a_browser(UserAgent(), tokens["id_token"])
    _take_away(client)
    _register(client)
    for route in _ROUTES.values():
        if route.path.startswith("/.well-known/"):
            client.get(route.path)
    allowed = {key: {*route.table, *route.secrets} for key, route in _ROUTES.items()}
    assert {key: uses[key] for key in _ROUTES} == allowed


def _use_tokens(client: Client, clock: Clock) -> None:
    client.login(password="wrong")
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    client.refresh(first["refresh_token"])
    client.userinfo(second["access_token"])
    client.form("/auth/userinfo", {"access_token": second["access_token"]})
    table.write(Update(sandbox_key("default"), assign={"accounts": 1, "serial": 1}))
    client.userinfo(second["access_token"])
    client.form("/auth/userinfo", {"access_token": second["access_token"]})
    clock.moment += GRACE + timedelta(seconds=1)
    client.refresh(first["refresh_token"])
    code = client.code()
    granted = client.redeem(code).json()
    client.grant("refresh_token", refresh_token=granted["refresh_token"])
    client.grant("client_credentials")
    client.redeem(code)
    for path in ("/auth/introspect", "/auth/revoke"):
        tokens = client.granted("password", username=identity.USERNAME, password=identity.PASSWORD)
        client.form(path, {"token": "x"}, basic=(identity.BACKEND, "wrong"))
        client.form(path, {"token": tokens["refresh_token"]}, basic=BASIC)
        client.form(path, {"token": tokens["access_token"]}, basic=BASIC)


def _use_a_browser(agent: UserAgent, id_token: str) -> None:
    page = agent.login(agent.get(authorize(id_token_hint=id_token)), password="wrong")
    agent.follow(agent.submit(agent.follow(agent.login(page)), decision="allow"))
    agent.login(agent.get(authorize(prompt="login")))
    assert "code" in sent_back(agent.get(authorize()))
    page = agent.get("/auth/logout")
    logout = f"/auth/logout?id_token_hint={id_token}"
    assert "You are signed out" in agent.post(logout, Form(page.text).fields).text
    assert "code" in sent_back(agent.logged_in())
    assert "You are signed out" in agent.get(logout).text


def _take_away(client: Client) -> None:
    """Have a scope taken away behind what was issued for it, and log in after a logout that was cut off."""
    cut_off, agent = UserAgent(), UserAgent()
    cut_off.logged_in()
    agent.logged_in()
    page = cut_off.get(authorize(prompt="login"))
    tokens = [client.tokens() for _ in range(3)]
    identity.store_seed(
        identity.seed_entry(scopes=["openid"]), registered=[identity.client_entry(identity.BACKEND), app()]
    )
    client.form("/auth/introspect", {"token": tokens[0]["access_token"]}, basic=BASIC)
    client.userinfo(tokens[1]["access_token"])
    client.form("/auth/userinfo", {"access_token": tokens[2]["access_token"]})
    agent.get(authorize())
    cut_off.get(authorize())
    cut_off.login(page)
    _sign_in_automatically()


def _sign_in_automatically() -> None:
    """Have a user signed in without a page, once more, and after a logout that was cut off."""
    clients = [identity.client_entry(identity.BACKEND), app()]
    user = identity.seed_entry(scopes=["openid", "players:read"], documented_password=identity.PASSWORD)
    identity.store_seed(user, registered=clients)
    agent = UserAgent()
    request = authorize(emulator_login="auto", login_hint=identity.USERNAME, scope="openid", prompt="login")
    for _ in range(2):
        assert "code" in sent_back(agent.get(request))
    identity.store_seed({**user, "scopes": ["openid"]}, registered=clients)
    assert "code" in sent_back(agent.get(request))


def _register(client: Client) -> None:
    """Have a client register itself with an initial access token, and manage it, there and where nothing is yet."""
    identity.store_seed(identity.seed_entry(), registered=[identity.client_entry(identity.BACKEND)])
    initial = client.tokens(scope="emulator:admin")["access_token"]
    metadata = {"grant_types": ["client_credentials"], "id_token_signed_response_alg": "ES256"}
    headers = {"authorization": f"Bearer {initial}"}
    told = client.post("/auth/register", metadata, headers=headers).json()
    headers = {"authorization": f"Bearer {told['registration_access_token']}"}
    path = f"/auth/register/{told['client_id']}"
    for method, body in (
        ("GET", None),
        ("PUT", {"client_id": told["client_id"], **metadata}),
        ("DELETE", None),
    ):
        assert Gateway().send(method, path, body=body, headers=headers).status < 300
        assert Gateway().send(method, f"/s/{method.lower()}{path}", body=body).status == 401
