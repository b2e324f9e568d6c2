"""A rotation of the signing keys, while clients log in and call all the while. The tests run in this order."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import httpx
import pytest

from tests.e2e.deployed import deployment
from tests.e2e.registered import register_rs256_client
from tests.support.checkout import Checkout, checkout_in
from tests.support.identity import decode

SECONDS = 60
ONE_KEY = (
    (
        "seeding/signing_keys.py",
        "return [new_key(algorithm), new_id_token_key(algorithm)]",
        "return [new_key(algorithm)]",
    ),
    (
        "infrastructure/commands/deploy.py",
        "added = bool(log.changes) and rotate_keys.add_missing_key(stack)",
        "added = False",
    ),
)
LOGIN = {"username": "testuser", "password": "password123"}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A deployed checkout whose tokens and browser sessions live a minute, with one key as a release has made it that
    knew of no other."""
    made = checkout_in(tmp_path_factory.mktemp("rotation"), "local-keys")
    made.keep_routes(
        "root", "healthz", "auth-token", "auth-refresh", "auth-userinfo", "jwks", "stack-keys", "players-list"
    )
    settings = made.folder / "infrastructure" / "Pulumi.local.yaml"
    lifetimes = (
        f"  psn-emulator:{name}_seconds: {SECONDS}\n" for name in ("access_token", "browser_session")
    )
    settings.write_text(settings.read_text() + "".join(lifetimes))
    register_rs256_client(made)
    for place in ONE_KEY:
        made.replace(*place)
    with deployment(made):
        for file, now, before in ONE_KEY:
            made.replace(file, before, now)
        yield made


@pytest.fixture(scope="module")
def api(checkout: Checkout) -> Iterator[httpx.Client]:
    """A client of the deployed API, with no token."""
    with httpx.Client(base_url=checkout.json("outputs")["api_url"], timeout=30) as client:
        yield client


class Load:
    """Clients that go on until they are stopped; ``failures`` is what they were refused, and when."""

    def __init__(self, api_url: str) -> None:
        self.failures: list[str] = []
        self.signers: dict[str, int] = {}
        self._stop = Event()
        self._api_url = api_url
        self._threads = [Thread(target=self._run, args=(client,)) for client in (self._visitor, self._holder)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, client: Callable[[httpx.Client], None]) -> None:
        with httpx.Client(base_url=self._api_url, timeout=30) as http:
            while not self._stop.is_set():
                client(http)

    def _visitor(self, http: httpx.Client) -> None:
        """Logs in, calls, refreshes, calls again: each time with a new token."""
        first = self._expect(http.post("/auth/token", json=LOGIN))
        self._call(http, first["access_token"])
        second = self._expect(http.post("/auth/refresh", json={"refresh_token": first["refresh_token"]}))
        self._call(http, second["access_token"])

    def _holder(self, http: httpx.Client) -> None:
        """Calls with one token for nearly as long as it lives."""
        until = time.monotonic() + SECONDS - 10
        token = self._expect(http.post("/auth/token", json=LOGIN))["access_token"]
        while time.monotonic() < until and not self._stop.is_set():
            self._call(http, token)

    def _call(self, http: httpx.Client, token: str) -> None:
        self.signers[kid(token)] = self.signers.get(kid(token), 0) + 1
        for path in ("/players", "/auth/userinfo"):
            self._expect(http.get(path, headers={"Authorization": f"Bearer {token}"}))

    def _expect(self, answer: httpx.Response) -> dict[str, str]:
        if answer.status_code != 200:
            self.failures.append(
                f"{time.strftime('%X')} {answer.request.url.path} {answer.status_code} {answer.text}"
            )
            return {"access_token": "none.", "refresh_token": "none"}
        values: dict[str, str] = answer.json()
        return values


def kid(token: str) -> str:
    """The key that signed ``token``."""
    text = decode(token.partition(".")[0])
    return str(json.loads(text)["kid"]) if text.startswith(b"{") else "none"


def new_token(api: httpx.Client) -> str:
    """What a login gives."""
    return str(api.post("/auth/token", json=LOGIN).json()["access_token"])


def signer(api: httpx.Client, login: dict[str, str]) -> str:
    """What signs the ID token of a client that asks for RS256."""
    answer = api.post("/auth/token", data=login, auth=("rs256-backend", "demo-backend-secret"))
    return str(json.loads(decode(answer.json()["id_token"].partition(".")[0]))["alg"])


def published(api: httpx.Client) -> dict[str, str]:
    """The keys in the JWK Set: their algorithms by their ids."""
    return {key["kid"]: key["alg"] for key in api.get("/.well-known/jwks.json").json()["keys"]}


def other_resource_servers_ask(api: httpx.Client) -> None:
    """Fetch the JWK Set at once, as often as there are functions that will when the new key signs: starting that
    many containers in that moment takes a busy machine longer than they wait."""
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: published(api), range(12)))


def until(condition: Callable[[], bool], seconds: float) -> None:
    """Asks until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        Event().wait(0.5)


def status(api: httpx.Client, token: str) -> int:
    """What a player route answers to ``token``."""
    return api.get("/players", headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.fixture(scope="module")
def old_token(api: httpx.Client) -> str:
    """A token from before the rotation, which the gateway has not seen and so remembers no answer for."""
    return new_token(api)


def test_no_client_sees_a_rotation(checkout: Checkout, api: httpx.Client, old_token: str) -> None:
    old, in_use = kid(old_token), new_token(api)
    assert published(api).keys() == {old}
    with Load(str(api.base_url)) as load:
        assert "a new key would sign" in checkout.done("rotate-keys", DRY_RUN="1")
        checkout.done("rotate-keys", NOW="1")
        assert status(api, in_use) == 200
        until(lambda: len(published(api)) == 2, 60)
        other_resource_servers_ask(api)
        assert kid(new_token(api)) == old
        until(lambda: kid(new_token(api)) != old, 120)
        new = kid(new_token(api))
        assert published(api).keys() == {old, new}
        until(lambda: published(api).keys() == {new}, 180)
    assert load.failures == [], checkout.done("logs", FN="authorizer", SINCE="10m")
    assert load.signers.keys() == {old, new}
    assert min(load.signers.values()) > 10


def test_the_next_deploy_tells_the_functions_and_changes_nothing_else(
    checkout: Checkout, api: httpx.Client, old_token: str
) -> None:
    changes = checkout.json("preview", REFRESH="1")["changes"]
    assert {change["type"] for change in changes} == {
        "aws:lambda/function:Function",
        "aws:lambda/invocation:Invocation",
        "aws:lambda/alias:Alias",
    }
    told = {item["path"] for change in changes for item in change["properties"]}
    assert any(path.startswith("environment.variables.PUBLIC_JWKS") for path in told)
    before = kid(new_token(api))
    checkout.done("deploy")
    assert kid(new_token(api)) == before
    assert status(api, new_token(api)) == 200
    assert status(api, old_token) == 403


def test_that_deploy_has_added_the_key_that_an_older_release_did_not_make(
    checkout: Checkout, api: httpx.Client
) -> None:
    assert sorted(published(api).values()) == ["ES256", "RS256"]
    login = {"grant_type": "password", "scope": "openid", **LOGIN}
    until(lambda: signer(api, login) == "RS256", 60)
    checkout.done("deploy")
    assert checkout.json("preview")["changes"] == []


def test_the_key_that_went_is_removed_by_the_next_rotation(checkout: Checkout, api: httpx.Client) -> None:
    until(lambda: "would be removed" in checkout.done("rotate-keys", DRY_RUN="1"), 120)
    assert "was removed" in checkout.done("rotate-keys")
    assert "was removed" not in checkout.done("rotate-keys")
    assert "rotate-keys" in checkout.json("history")[0]["message"]
