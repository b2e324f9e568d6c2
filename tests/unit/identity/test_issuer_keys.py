"""When an issuer is asked for its keys, and what is taken of its answer."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import authorizer
from services.identity import issuer_keys
from services.identity.access_token_verifier import TokenRefusedError, Verifier
from services.identity.issuer_keys import (
    ASK_AGAIN_AFTER_FAILURE_SECONDS,
    ASK_AGAIN_SECONDS,
    IssuerKeys,
    IssuerKeysError,
)
from tests.conftest import MayDo
from tests.support import identity, issuer
from tests.support.gateway import Context
from tests.support.issuer import Issuer

NEW = identity.new_key("key-2")
DEPLOYED = identity.public_jwks(identity.KEY)


class Monotonic:
    """The process's own time, which stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def passing(monkeypatch: pytest.MonkeyPatch) -> Monotonic:
    """The process's own time."""
    stopped = Monotonic()
    monkeypatch.setattr(issuer_keys, "monotonic", stopped)
    return stopped


@pytest.fixture
def rotated() -> Iterator[Issuer]:
    """An issuer that has a new key since the deploy."""
    with issuer.running() as running:
        running.body = identity.public_jwks(identity.KEY, NEW).encode()
        yield running


def reason(verifier: Verifier, token: str) -> str:
    """Why ``token`` is refused."""
    with pytest.raises(TokenRefusedError) as refused:
        verifier.verify(token)
    return refused.value.reason


def by_the_new_key(**changes: Any) -> str:
    """A token that the new key signed."""
    return identity.compact(identity.header(kid="key-2"), identity.claims(**changes), NEW)


def verifier_of(issuer: Issuer) -> Verifier:
    """What knows the deployed key, and where the issuer publishes newer ones."""
    return Verifier(DEPLOYED, issuer=identity.ISSUER, audience=identity.AUDIENCE, jwks_uri=issuer.uri)


def test_a_known_key_needs_nobody_to_ask(rotated: Issuer) -> None:
    assert verifier_of(rotated).verify(identity.good_token()).subject == identity.SUBJECT
    assert rotated.requests == 0


def test_a_key_that_is_new_since_the_deploy_is_found(rotated: Issuer) -> None:
    verifier = verifier_of(rotated)
    assert verifier.verify(by_the_new_key()).subject == identity.SUBJECT
    assert verifier.verify(identity.good_token()).subject == identity.SUBJECT
    assert rotated.requests == 1


def test_an_issuer_of_this_machine_publishes_in_a_file(tmp_path: Path) -> None:
    published = tmp_path / "public-keys.json"
    keys = IssuerKeys(DEPLOYED, f"file:{published}")
    with pytest.raises(IssuerKeysError):
        keys.find("key-2")
    published.write_text(identity.public_jwks(identity.KEY, NEW))
    found = IssuerKeys(DEPLOYED, f"file:{published}").find("key-2")
    assert found is not None
    assert found.algorithm == "ES256"


def test_random_key_ids_make_one_request_in_half_a_minute(rotated: Issuer, passing: Monotonic) -> None:
    verifier = verifier_of(rotated)
    for _ in range(2):
        for number in range(50):
            token = identity.compact(identity.header(kid=f"random-{number}"), identity.claims())
            assert reason(verifier, token) == "unknown_key"
        passing.seconds += ASK_AGAIN_SECONDS - 0.1
    assert rotated.requests == 1
    passing.seconds += 0.2
    assert reason(verifier, identity.compact(identity.header(kid="more"), identity.claims())) == "unknown_key"
    assert rotated.requests == 2


def test_a_key_that_the_issuer_took_back_is_refused_from_then_on(rotated: Issuer) -> None:
    verifier = verifier_of(rotated)
    rotated.body = identity.public_jwks(NEW).encode()
    verifier.verify(by_the_new_key())
    assert reason(verifier, identity.good_token()) == "unknown_key"


def test_an_issuer_that_fails_is_a_refusal_and_not_asked_at_once_again(
    rotated: Issuer, passing: Monotonic
) -> None:
    verifier = verifier_of(rotated)
    rotated.status = 500
    assert reason(verifier, by_the_new_key()) == "issuer_keys"
    rotated.status = 200
    assert reason(verifier, by_the_new_key()) == "unknown_key"
    assert verifier.verify(identity.good_token()).subject == identity.SUBJECT
    assert rotated.requests == 1
    passing.seconds += ASK_AGAIN_AFTER_FAILURE_SECONDS
    assert verifier.verify(by_the_new_key()).subject == identity.SUBJECT


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"keys":{}}',
        b'{"keys":[]}',
        b'{"keys":["key-2"]}',
        b'{"keys":[{"kid":"key-2"}]}',
        b'{"keys":[],"keys":[]}',
        b" " * 70_000 + identity.public_jwks(NEW).encode(),
        json.dumps({"keys": [NEW.as_dict(private=True)]}).encode(),
        json.dumps({"keys": [{**NEW.as_dict(private=False), "alg": "ES384"}]}).encode(),
        json.dumps({"keys": [{**NEW.as_dict(private=False), "use": "enc"}]}).encode(),
        json.dumps({"keys": [{**NEW.as_dict(private=False), "x": "AAAA"}]}).encode(),
        json.dumps({"keys": [{**NEW.as_dict(private=False), "published_until": "soon"}]}).encode(),
        json.dumps({"keys": [{**NEW.as_dict(private=False), "kid": ["key-2"]}]}).encode(),
        json.dumps(
            {"keys": [{"kty": "oct", "k": "AAAA", "kid": "key-2", "alg": "HS256", "use": "sig"}]}
        ).encode(),
    ],
)
def test_what_is_no_set_with_a_key_for_us_is_a_failure(rotated: Issuer, body: bytes) -> None:
    rotated.body = body
    verifier = verifier_of(rotated)
    assert reason(verifier, by_the_new_key()) == "issuer_keys"
    assert verifier.verify(identity.good_token()).subject == identity.SUBJECT


@pytest.mark.filterwarnings("ignore:Key size should be")
def test_keys_for_other_purposes_are_passed_over(rotated: Issuer) -> None:
    weak = {"kty": "RSA", "n": identity.encode(b"\xff" * 128), "e": "AQAB", "alg": "RS256"}
    others: list[dict[str, Any]] = [
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "a", "alg": "EdDSA", "use": "sig"},
        {**weak, "kid": "weak", "use": "sig"},
        {**NEW.as_dict(private=False), "kid": "for encryption", "use": "enc"},
    ]
    rotated.body = json.dumps({"keys": [*others, NEW.as_dict(private=False)]}).encode()
    keys = IssuerKeys(None, rotated.uri)
    assert keys.find("key-2") is not None
    assert [keys.find(other["kid"]) for other in others] == [None, None, None]


def test_an_answer_that_comes_too_slowly_is_given_up(
    rotated: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([1000.0, 1000.0, 1000.0, 1006.5, 1006.5])
    monkeypatch.setattr(issuer_keys, "monotonic", lambda: next(moments))
    with pytest.raises(IssuerKeysError):
        IssuerKeys(DEPLOYED, rotated.uri).find("key-2")


def test_an_issuer_that_is_not_there_is_a_refusal(rotated: Issuer) -> None:
    rotated.uri = "http://127.0.0.1:9/jwks.json"
    assert reason(verifier_of(rotated), by_the_new_key()) == "issuer_keys"


@pytest.mark.parametrize("uri", ["ftp://issuer.test/keys", "data:,keys", "issuer.test", ""])
def test_an_address_that_is_neither_of_the_web_nor_a_file_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="neither https nor http, nor a file"):
        IssuerKeys(DEPLOYED, uri)


def test_without_an_address_nobody_is_asked() -> None:
    assert IssuerKeys(DEPLOYED, None).find("key-2") is None


def test_a_key_past_its_time_is_not_taken_from_the_deploy() -> None:
    over = {**identity.KEY.as_dict(private=False), "published_until": time.time() - 1}
    still = {**NEW.as_dict(private=False), "published_until": time.time() + 60}
    keys = IssuerKeys(json.dumps({"keys": [over, still]}), None)
    assert keys.find("key-1") is None
    assert keys.find("key-2") is not None


class TestAnotherIssuer:
    """The deployment trusts an issuer that is not its own."""

    @pytest.fixture(autouse=True)
    def _trusted(self, rotated: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
        rotated.body = identity.public_jwks(NEW).encode()
        monkeypatch.setenv("TRUSTED_ISSUER", "https://another.test/")
        monkeypatch.setenv("TRUSTED_JWKS_URI", rotated.uri)
        identity.publish(monkeypatch, identity.KEY)

    @staticmethod
    def _decision(token: str) -> dict[str, Any]:
        return authorizer.handler(identity.authorizer_event(f"Bearer {token}"), Context())

    def test_opens_routes_with_its_tokens(self) -> None:
        decision = self._decision(by_the_new_key(iss="https://another.test"))
        assert decision["isAuthorized"]
        assert decision["context"]["iss"] == "https://another.test"

    def test_need_not_know_of_sandboxes_nor_write_what_rfc_9068_leaves_open(self) -> None:
        decision = self._decision(by_the_new_key(iss="https://another.test", sandbox=..., nbf=...))
        assert (decision["context"]["sandbox"], decision["context"]["nbf"]) == ("default", "0")

    def test_leaves_our_own_tokens_outside(self) -> None:
        assert not self._decision(identity.good_token())["isAuthorized"]
        ours = identity.compact(identity.header(), identity.claims(iss="https://another.test"))
        assert not self._decision(ours)["isAuthorized"]

    def test_is_asked_for_its_keys_by_the_smoke_event(self, rotated: Issuer, may_do: MayDo) -> None:
        may_do()
        assert authorizer.handler({"smoke": True}, Context())["status"] == "ok"
        assert rotated.requests == 1
        assert authorizer.handler({"smoke": True}, Context())["status"] == "ok"
        assert rotated.requests == 1

    def test_without_keys_fails_the_smoke_event_each_time(self, rotated: Issuer) -> None:
        rotated.status = 404
        for _ in range(2):
            with pytest.raises(IssuerKeysError):
                authorizer.handler({"smoke": True}, Context())
