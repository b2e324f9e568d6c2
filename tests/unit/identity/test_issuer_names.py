"""One emulator under several names: the issuer, and every absolute URL, follow the host that a request is sent to."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

import authorizer
from services.emulation.fault_control import is_own_location
from tests.support import identity
from tests.support.gateway import Context, Gateway
from tests.support.user_agent import CALLBACK, GOODBYE, VERIFIER, UserAgent, app, authorize, sent_back
from tests.unit.identity.conftest import Client

HOST = "emulator:4566"
INSIDE = f"http://{HOST}/_aws/execute-api/psn-local/$default"
"""What the API is called in a compose network."""
OVER_TLS = INSIDE.replace("http:", "https:")
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture(autouse=True)
def _named(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment that goes by a second host, by http and https."""
    monkeypatch.setenv("ISSUERS", f"{identity.ISSUER} {INSIDE} {OVER_TLS}")
    identity.store_seed(identity.seed_entry(), registered=[*identity.clients(), app(consent=False)])


def issuer_for(path: str = DISCOVERY, **headers: str) -> str:
    """The issuer that the metadata name, whose every URL is its own."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    document = Gateway().get(path, headers=sent).json()
    issuer: str = document["issuer"]
    for name, url in document.items():
        if name.endswith(("_endpoint", "_uri")):
            assert url.startswith(f"{issuer}/")
    return issuer


@pytest.mark.parametrize(
    ("headers", "issuer"),
    [
        ({}, identity.ISSUER),
        ({"host": HOST}, INSIDE),
        ({"host": HOST.upper()}, INSIDE),
        ({"host": HOST, "x_forwarded_proto": "http"}, INSIDE),
        ({"host": HOST, "x_forwarded_proto": "https"}, OVER_TLS),
        ({"host": HOST, "x_forwarded_proto": "https, http"}, OVER_TLS),
        ({"host": HOST, "x_forwarded_proto": "gopher"}, INSIDE),
        ({"host": "partner.test"}, identity.ISSUER),
        ({"host": "partner.test", "x_forwarded_proto": "http"}, identity.ISSUER),
        ({"host": "attacker.test"}, identity.ISSUER),
        ({"host": f"{HOST}.attacker.test"}, identity.ISSUER),
        ({"host": f"attacker.test@{HOST}"}, identity.ISSUER),
        ({"host": "partner.test", "x_forwarded_host": HOST}, identity.ISSUER),
        ({"host": "emulator"}, identity.ISSUER),
    ],
)
def test_the_issuer_follows_a_host_that_is_listed_and_no_other(headers: dict[str, str], issuer: str) -> None:
    assert issuer_for(**headers) == issuer


def test_a_sandboxs_issuer_follows_too() -> None:
    for path in (f"/s/blue{DISCOVERY}", f"{DISCOVERY}/s/blue"):
        assert issuer_for(path, host=HOST) == f"{INSIDE}/s/blue"


def login(host: str | None = HOST, redeemed_at: str | None = HOST) -> dict[str, Any]:
    """The tokens of a login of the default user by code at ``host``."""
    agent = UserAgent(headers={"host": host} if host else {})
    back = sent_back(follow(agent, agent.login(agent.get(authorize()))))
    assert back["iss"] == (INSIDE if host else identity.ISSUER)
    redeeming = UserAgent(headers={"host": redeemed_at} if redeemed_at else {})
    answer = redeeming.post(
        "/auth/token",
        {
            "grant_type": "authorization_code",
            "code": back["code"],
            "redirect_uri": CALLBACK,
            "client_id": "app",
            "code_verifier": VERIFIER,
        },
    )
    tokens: dict[str, Any] = answer.json()
    return tokens


def follow(agent: UserAgent, answer: Any) -> Any:
    """Get where ``answer`` sends the browser, which is a URL of the host that it asked."""
    location = answer.headers["location"]
    base = INSIDE if "host" in agent.headers else identity.ISSUER
    assert location.startswith(base), location
    return agent.get(location.removeprefix(base))


def claims(token: str) -> dict[str, Any]:
    """The claims of a token."""
    parsed: dict[str, Any] = json.loads(identity.decode(token.split(".")[1]))
    return parsed


def decision(token: str, route_key: str = "GET /players") -> dict[str, Any]:
    """What the authorizer says of a token on a route."""
    return authorizer.handler(identity.authorizer_event(f"Bearer {token}", route_key), Context())


def in_sandbox(host: str | None = HOST) -> dict[str, Any]:
    """The tokens of a login of the default user in the sandbox ``blue`` at ``host``."""
    body = {"username": identity.USERNAME, "password": identity.PASSWORD}
    tokens: dict[str, Any] = (
        Gateway().post("/s/blue/auth/token", body, headers={"host": host} if host else {}).json()
    )
    return tokens


@pytest.mark.parametrize(("log_in", "base"), [(login, ""), (in_sandbox, "/s/blue")])
def test_tokens_of_each_name_open_the_api_by_every_name(
    log_in: Callable[[str | None], dict[str, Any]], base: str
) -> None:
    for host, issuer in ((None, identity.ISSUER), (HOST, INSIDE)):
        tokens = log_in(host)
        for name in ("access_token", "id_token"):
            assert claims(tokens[name])["iss"] == issuer + base
        bearer = {"authorization": f"Bearer {tokens['access_token']}"}
        allowed = decision(tokens["access_token"])
        assert allowed["isAuthorized"]
        for headers in ({}, {"host": HOST}):
            assert Gateway(allowed["context"]).get("/players", headers=headers).status == 200
            assert Gateway().get(f"{base}/auth/userinfo", headers={**bearer, **headers}).status == 200


@pytest.mark.parametrize(("host", "issuer"), [(None, identity.ISSUER), (HOST, INSIDE)])
def test_what_began_under_one_name_keeps_it_under_another(
    client: Client, monkeypatch: pytest.MonkeyPatch, host: str | None, issuer: str
) -> None:
    other = {} if host else {"host": HOST}
    refresh = {"grant_type": "refresh_token", "client_id": "app"}
    tokens = login(host, redeemed_at=other.get("host"))
    for _ in range(2):
        for name in ("access_token", "id_token"):
            assert claims(tokens[name])["iss"] == issuer
        form = {**refresh, "refresh_token": tokens["refresh_token"]}
        tokens = UserAgent(headers=other).post("/auth/token", form).json()
    monkeypatch.setenv("ISSUERS", identity.ISSUER)
    identity.forget()
    renamed = client.form("/auth/token", {**refresh, "refresh_token": tokens["refresh_token"]})
    assert claims(renamed.json()["access_token"])["iss"] == identity.ISSUER


@pytest.mark.parametrize("path", [DISCOVERY, "/openapi.json", "/players"])
def test_caches_are_told_that_answers_follow_the_name(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def told() -> str | None:
        return Gateway(decision(identity.good_token())["context"]).get(path).headers.get("vary")

    assert told() == (None if path == "/players" else "Host, X-Forwarded-Proto")
    monkeypatch.setenv("ISSUERS", identity.ISSUER)
    identity.forget()
    assert told() is None


def test_tokens_of_a_name_that_is_not_listed_open_nothing() -> None:
    for issuer in ("http://attacker.test", f"{INSIDE}/", f"http://{HOST}", f"{INSIDE}/s/other", 4566, None):
        assert not decision(identity.good_token(iss=issuer))["isAuthorized"]
    assert decision(identity.good_token(iss=OVER_TLS))["isAuthorized"]
    assert decision(identity.good_token(iss=f"{INSIDE}/s/default"))["isAuthorized"]


def test_a_revoked_token_is_dead_by_every_name(client: Client) -> None:
    tokens = login()
    context = decision(tokens["access_token"])["context"]
    client.form("/auth/revoke", {"client_id": "app", "token": tokens["refresh_token"]})
    assert Gateway(context).get("/players", headers={"host": HOST}).code == "invalid_token"


def test_a_hint_of_one_name_is_believed_by_the_other() -> None:
    id_token = login()["id_token"]
    agent = UserAgent()
    agent.login(agent.get(authorize()))
    out = f"/auth/logout?id_token_hint={id_token}&post_logout_redirect_uri={GOODBYE}"
    assert agent.get(out).headers["location"] == GOODBYE
    in_sandbox = Gateway().get(f"/s/blue{out}")
    assert "id_token_hint is no ID token of this issuer" in in_sandbox.text


def test_cookies_are_those_of_the_host() -> None:
    def first(**headers: str) -> str:
        [cookie] = Gateway().get(authorize(), headers=headers).cookies
        return cookie

    assert first(host=HOST).startswith("psn-browser=")
    assert "Path=/_aws/execute-api/psn-local/$default;" in first(host=HOST)
    assert "Secure" not in first(host=HOST)
    assert first(host=HOST, **{"x-forwarded-proto": "https"}).startswith("__Secure-psn-browser=")
    assert first().startswith("__Host-psn-browser=")


def test_what_a_client_is_told_of_where_things_are_follows() -> None:
    context = decision(login()["access_token"])["context"]
    body = {"username": "kratos", "email": "kratos@mail.example"}
    made = Gateway(context).post("/players", body, headers={"host": HOST})
    assert made.headers["location"].startswith(f"{INSIDE}/players/")
    Gateway(context).post("/players", {"username": "freya", "email": "freya@mail.example"})
    for headers, base in (({}, identity.ISSUER), ({"host": HOST}, INSIDE)):
        page = Gateway(context).get("/players?limit=1", headers=headers)
        assert f"<{base}/players?" in page.headers["link"]
    metadata = {"client_name": "App", "redirect_uris": ["http://localhost:8080/callback"]}
    registered = Gateway().post("/auth/register", metadata, headers={"host": HOST}).json()
    assert registered["registration_client_uri"].startswith(f"{INSIDE}/auth/register/")


def test_a_fault_may_lead_to_each_of_its_names_and_nowhere_else() -> None:
    for location in (f"{identity.ISSUER}/players", f"http://{HOST}/elsewhere", f"https://{HOST}"):
        assert is_own_location(location)
    assert not is_own_location(f"http://{HOST}.attacker.test/")


def test_a_sandbox_is_described_by_the_name_that_was_asked() -> None:
    login_as_operator = {
        "username": identity.USERNAME,
        "password": identity.PASSWORD,
        "scope": "emulator:admin",
    }
    token = Gateway().post("/auth/token", login_as_operator).json()["access_token"]
    operator = Gateway(decision(token, "GET /_emulator/sandboxes/{name}")["context"])
    for headers, base in (({}, identity.ISSUER), ({"host": HOST}, INSIDE)):
        assert operator.get("/_emulator/sandboxes/default", headers=headers).data["base_url"] == base


def test_the_pages_follow() -> None:
    headers = {"host": HOST}
    described = Gateway().get("/openapi.json", headers=headers).json()
    assert described["servers"][0]["url"] == INSIDE
    flow = described["components"]["securitySchemes"]["oauth"]["flows"]["authorizationCode"]
    assert flow["authorizationUrl"] == f"{INSIDE}/auth/authorize"
    assert f"{INSIDE}/docs/oauth2-redirect.html" in Gateway().get("/docs", headers=headers).text
    console = Gateway().get("/_emulator", headers=headers)
    assert f"{INSIDE}/_emulator" in console.text
    origin = urlsplit(INSIDE)
    assert (
        f"connect-src 'self' {origin.scheme}://{origin.netloc};" in console.headers["content-security-policy"]
    )
    assert Gateway().get("/docs/", headers=headers).headers["location"] == f"{INSIDE}/docs"


def test_the_api_is_a_resource_by_each_of_its_names() -> None:
    for resource in (INSIDE, identity.ISSUER):
        agent = UserAgent(headers={"host": HOST})
        assert "code" in sent_back(follow(agent, agent.login(agent.get(authorize(resource=resource)))))
