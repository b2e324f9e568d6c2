"""No secret that was sent, or answered, is in any row."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest

from services.emulation import disclosure, secret_text
from tests.conftest import all_items
from tests.support import identity, tenants
from tests.support.gateway import Gateway, open_session
from tests.support.journal import Journal
from tests.support.user_agent import CALLBACK, FORM, VERIFIER, Form, UserAgent, authorize, sent_back
from tests.unit.identity.conftest import BASIC, Client
from utils.strict_json import dump

PASSWORD = "another-Passw0rd of mine"


class Secrets:
    """What was sent or answered that nobody is to read."""

    def __init__(self) -> None:
        self.all: set[str] = {identity.PASSWORD, identity.SECRET, PASSWORD, VERIFIER, identity.VERIFIER}

    def __call__(self, *secrets: str) -> None:
        """Note ``secrets``."""
        self.all.update(secrets)

    def of(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Note the tokens and secrets of an answer; it."""
        names = ("access_token", "refresh_token", "id_token", "client_secret", "registration_access_token")
        self.all.update(answer[name] for name in names if name in answer)
        return answer

    def spelled(self) -> set[str]:
        """Each as it may be written, and how it begins and ends."""
        whole = {
            way(secret)
            for secret in self.all
            for way in (str, quote, quote_plus, lambda one: quote(one, safe=""))
        }
        basic = {b64encode(f"{client}:{quote_plus(secret)}".encode()).decode() for client, secret in [BASIC]}
        parts = {secret[:20] for secret in self.all if len(secret) > 40 and not secret.startswith("eyJ")}
        return whole | basic | parts | {secret.rpartition(".")[2] for secret in self.all if "." in secret}


@pytest.fixture
def secrets(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Secrets:
    """The secrets of an identity provider."""
    tenants.provide(monkeypatch)
    return Secrets()


def test_no_row_has_one(journal: Journal, secrets: Secrets) -> None:
    _log_in(secrets)
    _use_a_browser(secrets)
    _register(secrets)
    _err(secrets)
    _require_none(journal, secrets)
    rows = journal.all()
    assert len({row["route"] for row in rows}) >= 14
    codes = [row["response"]["headers"].get("location", "") for row in rows]
    assert any(location.startswith(f"{CALLBACK}?code=[masked]&state=state-1") for location in codes)


def _require_none(journal: Journal, secrets: Secrets) -> None:
    items = [item["row"] for item in all_items() if "row" in item]
    assert len(items) == len(journal.all())
    for secret in secrets.spelled():
        assert [row for row in items if secret in row] == [], secret


def _log_in(secrets: Secrets) -> None:
    client = Client()
    client.login(password=PASSWORD)
    first = secrets.of(client.tokens())
    second = secrets.of(client.refresh(first["refresh_token"]).json())
    client.userinfo(second["access_token"])
    client.form("/auth/userinfo", {"access_token": second["access_token"]})
    client.get(f"/auth/userinfo?access_token={second['access_token']}")
    granted = client.granted(
        "password", username=identity.USERNAME, password=identity.PASSWORD, scope="openid"
    )
    secrets.of(granted)
    in_body = {
        "client_id": identity.BACKEND,
        "client_secret": identity.SECRET,
        "grant_type": "client_credentials",
    }
    secrets.of(client.form("/auth/token", in_body).json())
    code = client.code()
    secrets(code)
    secrets.of(client.redeem(code).json())
    client.post("/auth/token", {"grant_type": "authorization_code", "code": code})
    for path in ("/auth/introspect", "/auth/revoke"):
        for token in (granted["refresh_token"], granted["access_token"]):
            client.form(path, {"token": token, "token_type_hint": "refresh_token"}, basic=BASIC)


def _use_a_browser(secrets: Secrets) -> None:
    agent = UserAgent()
    page = agent.get(authorize(prompt="login"))
    secrets(Form(page.text).fields["csrf"])
    page = agent.login(page, password=PASSWORD)
    page = agent.follow(agent.login(page))
    back = sent_back(agent.follow(agent.submit(page, decision="allow")))
    secrets(back["code"])
    secrets(*agent.cookies.values())
    redemption = {
        "grant_type": "authorization_code",
        "code": back["code"],
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
        "client_id": "app",
    }
    tokens = secrets.of(Client().form("/auth/token", redemption).json())
    Gateway().get(f"/trophies?code={back['code']}", headers={"referer": f"{CALLBACK}?code={back['code']}"})
    agent.get(f"/auth/logout?id_token_hint={tokens['id_token']}")


def _register(secrets: Secrets) -> None:
    initial = secrets.of(Client().tokens(scope="emulator:admin"))["access_token"]
    metadata = {"grant_types": ["client_credentials"]}
    bearer = {"authorization": f"Bearer {initial}"}
    told = secrets.of(Client().post("/auth/register", metadata, headers=bearer).json())
    headers = {"authorization": f"Bearer {told['registration_access_token']}"}
    path = f"/auth/register/{told['client_id']}"
    Gateway().get(path, headers=headers)
    changed = {"client_id": told["client_id"], "client_secret": told["client_secret"], **metadata}
    secrets.of(Gateway().put(path, changed, headers=headers).json())
    Gateway().delete(path, headers=headers)


def _err(secrets: Secrets) -> None:
    """Send secrets where they do not belong."""
    tokens = secrets.of(Client().tokens())
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    login = f'{{"username": "testuser", "password": "{PASSWORD}"}}'
    for raw, headers in (
        (login, FORM),
        (login, {"content-type": "text/plain"}),
        (login[:-2], {"content-type": "application/json"}),
        (f"username=testuser&password={quote(PASSWORD)}", {"content-type": "application/json"}),
        (f"refresh={refresh}&state={access}", FORM),
        (access, FORM),
        (f'{{"Password": {{"is": "{PASSWORD}"}}, "oldPasswd": ["{PASSWORD}"], "accessToken": 7}}', {}),
        (f'{{"note": "my token is {access}", "{access}": 1, "list": ["{refresh}"]}}', {}),
    ):
        Gateway().post("/auth/token", raw=raw, headers=headers)
        Gateway().post("/trophies", raw=raw, headers=headers)
    Gateway().get(f"/trophies/{access}?{access}&x={refresh}", headers={"x-note": f"Bearer {refresh}"})
    Gateway().get("/trophies", headers={"cookie": f"a={refresh}", "proxy-authorization": f"Basic {refresh}"})
    _misplace(access, refresh)


def _misplace(access: str, refresh: str) -> None:
    """Send secrets as who and what a request is about."""
    api = Gateway(open_session())
    for token in (access, refresh):
        api.get(f"/players/{token}")
        Gateway().get(f"/trophies/{token.replace('.', '%2E')}")
        Gateway().get(f"/auth/register/{token}")
        Gateway().post("/auth/token", raw=f"grant_type=password&client_id={token}", headers=FORM)
        Gateway().get(f"/auth/authorize?client_id={token}")
        basic = b64encode(f"{token}:x".encode()).decode()
        headers = {**FORM, "authorization": f"Basic {basic}"}
        Gateway().post("/auth/token", raw="grant_type=client_credentials", headers=headers)
        claims = b64encode(f'{{"sub": "{token}", "client_id": "{token}"}}'.encode()).decode()
        Gateway().get("/auth/userinfo", headers={"authorization": f"Bearer e30.{claims.rstrip('=')}.x"})


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "New-Password",
        "client_secret",
        "id_token_hint",
        "token",
        "X-Api-Key",
        "clientSecret",
        "Cookie",
        "pass",
        "user_pass",
        "passphrase",
        "credentials",
        "tokens",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert secret_text.is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "username",
        "token_type",
        "token_type_hint",
        "client_secret_expires_at",
        "client_id",
        "jti",
        "bypass",
        "access-control-allow-credentials",
    ],
)
def test_names_of_what_is_none(name: str) -> None:
    assert not secret_text.is_secret(name)


def test_what_is_no_secret_is_told_as_it_is() -> None:
    problem = {
        "code": "not_found",
        "email": "atreus@example.com",
        "grant_type": "refresh_token",
        "n": [1, None],
    }
    assert disclosure.body(
        str(problem).replace("'", '"').replace("None", "null"), "application/json", codes=False
    ) == (
        problem,
        None,
    )
    assert disclosure.headers({"Location": "https://a.example/b?state=x%20y#part"}) == {
        "location": "https://a.example/b?state=x%20y#part"
    }


def test_a_code_is_secret_whatever_it_looks_like_and_one_of_an_error_is_not() -> None:
    hidden = {"code": "[masked]"}
    assert disclosure.query("code=7") == hidden
    assert disclosure.body("code=7", "application/x-www-form-urlencoded", codes=False) == (hidden, None)
    assert disclosure.body('{"code": "7"}', "application/json", codes=True) == (hidden, None)
    assert disclosure.body('{"code": "7"}', "application/json", codes=False) == ({"code": "7"}, None)
    for part in "?#":
        [location] = disclosure.headers({"Location": f"https://a.example/b{part}state=1&code=7"}).values()
        assert location == f"https://a.example/b{part}state=1&code=[masked]"


FORM_TYPE = "application/x-www-form-urlencoded"
JSON_TYPE = "application/json"


@pytest.mark.parametrize(
    "long",
    [
        "eyJ",
        "eyJ.",
        "a" * 22 + ".",
        "ci-7~",
        "bearer ",
        "a.",
        "a=",
        "a",
        "=",
        ";a",
        ";a=",
        "password=;",
        "://",
        "://a@",
        "'password':",
        "'password':'",
        "'a",
        "%25",
        "{",
    ],
)
def test_a_long_text_is_masked_in_no_time(long: str) -> None:
    value = long * (disclosure.READABLE // len(long) - 4)
    shown, left = disclosure.body(f'["{value}"]', JSON_TYPE, codes=False)
    assert left in {"too_large", None}
    assert len(dump(shown)) <= 2 * disclosure.LONGEST


def test_a_long_form_is_read_in_no_time() -> None:
    count = disclosure.READABLE // 2
    shown, left = disclosure.body(b"a&" * count, FORM_TYPE, codes=False)
    assert left == "too_large"
    assert shown == ('{"a":[' + '"",' * count)[: disclosure.LONGEST]


def test_a_body_that_its_route_does_not_take_is_not_read() -> None:
    assert disclosure.body('["abcd"]', JSON_TYPE, codes=False, readable=8) == (["abcd"], None)
    assert disclosure.body('["abcde"]', JSON_TYPE, codes=False, readable=8) == (None, "too_large")


def test_a_secret_that_the_end_of_what_is_read_cuts_is_not_told() -> None:
    secret = f"{'A' * 22}.{'b' * 43}"
    for spaces in range(32 * 1024 - 70, 32 * 1024, 7):
        assert "AAAA" not in secret_text.text(f"{'eyJ' * 5000}.a.b{' ' * (spaces - 15_004)}{secret}")


SECRET = "S3cret of-mine/1"
TOKEN = f"{'A' * 22}.{'b' * 43}"
IN_JSON = dump({"password": SECRET, "n": 1})
ENCODED = quote(SECRET, safe="")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (f"/trophies/{TOKEN.replace('.', '%2E')}", "/trophies/[masked]"),
        (f"/trophies/{TOKEN.replace('.', '%252E')}", "/trophies/[masked]"),
        (
            f"https://a.example/?x=1&password={ENCODED}&y=2#z",
            "https://a.example/?x=1&password=[masked]&y=2#z",
        ),
        (f"see /cb?a=1;password={ENCODED};b=2", "see /cb?a=1;password=[masked];b=2"),
        (f"0;url=/?code={ENCODED}", "0;url=/?code=[masked]"),
        (f"<https://a.example/?access_token={ENCODED}>", "<https://a.example/?access_token=[masked]>"),
        (f"/a?next=%2Fb%3Fpass%3D{quote(ENCODED)}%26c%3D1", "/a?next=/b?pass=[masked]&c=1"),
        (f"/a?p%61ssword={ENCODED}", "/a?password=[masked]"),
        (f"https://kratos:{ENCODED}@a.example/b", "https://[masked]@a.example/b"),
        (IN_JSON, '{"password":"[masked]","n":1}'),
        (dump([IN_JSON]), dump([dump({"password": "[masked]", "n": 1})])),
        (quote(IN_JSON), '{"password":"[masked]","n":1}'),
        (f"sent {IN_JSON}", 'sent {"password":"[masked]","n":1}'),
        (f"sent {dump(IN_JSON)}", 'sent "{\\"password\\":"[masked]",\\"n\\":1}"'),
        (f"sent {IN_JSON[:20]}", 'sent {"password":"[masked]"'),
        (f"{{'password': '{SECRET}', 'n': 1}}", "{'password': \"[masked]\", 'n': 1}"),
        (f'{{"credentials": {{"is": "{SECRET}"}}', '{"credentials": "[masked]"'),
        ('{"secret": 7, "n": 1', '{"secret": "[masked]", "n": 1'),
    ],
)
def test_secrets_in_a_text(sent: str, told: str) -> None:
    assert secret_text.text(sent) == told


@pytest.mark.parametrize(
    "text",
    [
        "/players?username=a%20b&limit=5",
        '{"n": 1,  "list": [1.50]}',
        "mailto:kratos@mail.example",
        "https://a.example/@kratos?x=y",
        "12:30, 'a': b=c",
        "100%",
        "%7B%22n%22%3A1%7D",
    ],
)
def test_a_text_without_secrets_is_told_as_it_is(text: str) -> None:
    assert secret_text.text(text) == text


def test_secrets_in_any_header_and_in_any_member() -> None:
    url = f"/auth/token?password={ENCODED}"
    for name in ("X-Forwarded-Uri", "Refresh", "Referer", "X-Original-Url", "Link"):
        assert [*disclosure.headers({name: url}).values()] == ["/auth/token?password=[masked]"]
    body = dump({"url": url, "raw": IN_JSON, "pass": SECRET})
    for raw, media_type in ((body, JSON_TYPE), (urlencode({"url": url, "raw": IN_JSON}), FORM_TYPE)):
        assert SECRET not in str(disclosure.body(raw, media_type, codes=False))
    assert disclosure.body(dump(SECRET), JSON_TYPE, codes=False) == ("[masked]", None)
    assert disclosure.query(f"a=1;password={ENCODED}") == {"a": "1;password=[masked]"}
