"""How clients say who they are (RFC 6749 section 2.3), at each of the endpoints that ask."""

from base64 import b64encode
from typing import Any
from urllib.parse import quote_plus

import pytest
from argon2 import PasswordHasher

from services.identity import clients
from tests.support import identity
from tests.support.cheap_hashes import HASHER
from tests.support.gateway import Answer
from tests.unit.identity.conftest import BASIC, SERVICE, Client

FORM = {"content-type": "application/x-www-form-urlencoded"}
REFUSAL = {
    "error": "invalid_client",
    "error_description": "The client is unknown, or its authentication failed.",
}
ENDPOINTS = {
    "/auth/token": {"grant_type": "client_credentials"},
    "/auth/introspect": {"token": "x"},
    "/auth/revoke": {"token": "x"},
}

pytestmark = pytest.mark.parametrize("path", ENDPOINTS)


@pytest.fixture(autouse=True)
def _nothing_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has compared no secret yet."""
    monkeypatch.setattr(clients, "_verified_secrets", {})


@pytest.fixture(autouse=True)
def _confidential(client: Client) -> None:
    """Two confidential clients that may do everything, and a public one that may do what such a one may."""
    identity.store_seed(
        identity.seed_entry(),
        registered=[
            identity.client_entry(identity.BACKEND),
            identity.client_entry(identity.SERVICE),
            identity.client_entry(identity.WEB, secret_hash=None, scopes=["openid"]),
        ],
    )


def _refused(answer: Answer) -> bool:
    assert "www-authenticate" not in answer.headers or answer.status == 401
    return (
        (answer.status, answer.json()) == (401, REFUSAL)
        and answer.headers["www-authenticate"] == 'Basic realm="psn-emulator", charset="UTF-8"'
        and answer.headers["cache-control"] == "no-store"
    )


def _with(client: Client, path: str, authorization: str, **parameters: str) -> Answer:
    raw = "&".join(f"{name}={quote_plus(value)}" for name, value in {**ENDPOINTS[path], **parameters}.items())
    return client.post(path, raw=raw, headers={**FORM, "authorization": authorization})


def _basic(text: str | bytes) -> str:
    return f"Basic {b64encode(text if isinstance(text, bytes) else text.encode()).decode()}"


def test_by_basic(client: Client, path: str) -> None:
    assert client.form(path, ENDPOINTS[path], basic=BASIC).status == 200


def test_by_basic_with_its_id_repeated_in_the_form(client: Client, path: str) -> None:
    answer = client.form(path, {**ENDPOINTS[path], "client_id": identity.BACKEND}, basic=BASIC)
    assert answer.status == 200


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic "])
def test_by_basic_however_the_scheme_is_written(client: Client, path: str, scheme: str) -> None:
    credentials = _basic(":".join(map(quote_plus, BASIC))).removeprefix("Basic ")
    assert _with(client, path, f"{scheme} {credentials}").status == 200


def test_by_the_form(client: Client, path: str) -> None:
    credentials = {"client_id": identity.BACKEND, "client_secret": identity.SECRET}
    assert client.form(path, {**ENDPOINTS[path], **credentials}).status == 200


@pytest.mark.parametrize(
    ("basic", "parameters"),
    [
        ((identity.BACKEND, "wrong"), {}),
        ((identity.BACKEND, ""), {}),
        (("nobody", identity.SECRET), {}),
        (("", ""), {}),
        ((identity.WEB, "secret"), {}),
        (None, {}),
        (None, {"client_secret": identity.SECRET}),
        (None, {"client_id": identity.BACKEND}),
        (None, {"client_id": identity.BACKEND, "client_secret": ""}),
        (None, {"client_id": identity.BACKEND, "client_secret": "wrong"}),
        (None, {"client_id": "nobody"}),
        (None, {"client_id": "nobody", "client_secret": identity.SECRET}),
        (None, {"client_id": identity.WEB, "client_secret": "secret"}),
        (None, {"client_id": "Backend", "client_secret": identity.SECRET}),
        (None, {"client_id": "x" * 5000, "client_secret": "x" * 5000}),
    ],
)
def test_anything_else_is_refused_in_the_same_words(
    client: Client, path: str, basic: tuple[str, str] | None, parameters: dict[str, str]
) -> None:
    assert _refused(client.form(path, {**ENDPOINTS[path], **parameters}, basic=basic))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic YQ",
        "Basic é",
        _basic("backend"),
        _basic(b"\xff\xfe:secret"),
        _basic("backend:%ff"),
        _basic("%ff:secret"),
        _basic(f"backend:{identity.SECRET}") + ",",
        _basic("backend:secret") + ", " + _basic("backend:secret"),
        "Bearer token",
        'Digest username="backend"',
    ],
)
def test_a_header_that_holds_no_credentials_is_refused(client: Client, path: str, authorization: str) -> None:
    assert _refused(_with(client, path, authorization))


@pytest.mark.parametrize(
    ("parameters", "detail"),
    [
        ({"client_secret": identity.SECRET}, "The client authenticates twice."),
        (
            {"client_id": identity.BACKEND, "client_secret": identity.SECRET},
            "The client authenticates twice.",
        ),
        ({"client_id": identity.SERVICE}, "The form names another client."),
    ],
)
def test_two_ways_at_once_are_an_invalid_request(
    client: Client, path: str, parameters: dict[str, str], detail: str
) -> None:
    answer = client.form(path, {**ENDPOINTS[path], **parameters}, basic=BASIC)
    assert (answer.status, answer.json()) == (400, {"error": "invalid_request", "error_description": detail})


@pytest.mark.usefixtures("real_hashes")
@pytest.mark.parametrize("client_id", [identity.BACKEND, identity.WEB, "nobody"])
def test_the_same_work_is_done_for_known_public_and_unknown(
    client: Client, path: str, client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters, verify = [], PasswordHasher.verify

    def verified(self: PasswordHasher, password_hash: str, password: str) -> Any:
        parameters.append(password_hash.split("$")[1:4])
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    assert _refused(client.form(path, ENDPOINTS[path], basic=(client_id, "wrong")))
    assert parameters == [["argon2id", "v=19", "m=19456,t=2,p=1"]]


def test_a_secret_is_compared_once_and_a_wrong_one_always(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared, verify = [], PasswordHasher.verify

    def verified(self: PasswordHasher, password_hash: str, password: str) -> Any:
        compared.append(password)
        return verify(self, password_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", verified)
    for secret in (identity.SECRET, "wrong", identity.SECRET, "wrong"):
        client.form(path, ENDPOINTS[path], basic=(identity.BACKEND, secret))
    assert compared == [identity.SECRET, "wrong", "wrong"]


def test_a_secret_that_the_seed_no_longer_has_is_refused(client: Client, path: str) -> None:
    assert client.form(path, ENDPOINTS[path], basic=SERVICE).status == 200
    changed = identity.client_entry(identity.SERVICE, secret_hash=HASHER.hash("new"))
    identity.store_seed(identity.seed_entry(), registered=[changed])
    assert _refused(client.form(path, ENDPOINTS[path], basic=SERVICE))


def test_nothing_of_the_credentials_is_answered_or_logged(
    client: Client, path: str, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = client.form(path, ENDPOINTS[path], basic=("someone-private", "s3cr3t-typed"))
    printed = "".join(capfd.readouterr())
    assert "s3cr3t-typed" not in answer.text + printed
    assert "someone-private" not in answer.text + printed


@pytest.mark.parametrize(
    "options",
    [
        {"raw": "token=a&token=b&grant_type=client_credentials", "headers": FORM},
        {"raw": "grant_type=client_credentials&grant_type=client_credentials&token=a", "headers": FORM},
        {"raw": "token=x&grant_type=client_credentials&scope=a&scope=b", "headers": FORM},
        {"raw": b"token=\xff", "headers": FORM},
        {"raw": "token=%ff", "headers": FORM},
        {"raw": "token=" + "x" * 65536, "headers": FORM},
        {"raw": "&".join(f"p{number}=1" for number in range(101)), "headers": FORM},
        {"raw": "token=x", "headers": {"content-type": "text/plain"}},
        {"raw": "token=x", "headers": {"content-type": f"{FORM['content-type']}; charset=utf-16"}},
        {"raw": "", "headers": FORM},
        {"headers": FORM},
        {},
    ],
)
def test_what_is_no_such_form_is_an_invalid_request(
    client: Client, path: str, options: dict[str, Any]
) -> None:
    headers = {**options.get("headers", {}), "authorization": _basic(":".join(map(quote_plus, BASIC)))}
    answer = client.post(path, **{**options, "headers": headers})
    assert (answer.status, answer.json()["error"]) == (400, "invalid_request")
