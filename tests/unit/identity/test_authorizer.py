"""The authorizer's answers to good tokens, its own health, and what it may not load."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import authorizer
from services.identity import access_token_verifier
from services.identity.access_token_verifier import Verifier
from tests.conftest import ENVIRONMENT
from tests.support import identity
from tests.support.gateway import Context
from utils.settings import settings

EVENT = identity.authorizer_event(f"Bearer {identity.good_token()}")
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
LOADED = """
import json, sys
import authorizer
allowed, denied = json.loads(sys.argv[1])
answers, modules = [authorizer.handler(allowed, None)], sorted(sys.modules)
answers.append(authorizer.handler(denied, None))
print(json.dumps({"answers": answers, "modules": modules, "modules_of_a_denial": sorted(sys.modules)}))
"""
ONLY_WHERE_NEEDED = {
    "cryptography.hazmat.primitives.serialization.ssh",
    "dataclasses",
    "inspect",
    "services.identity.public_keys",
    "utils.aws",
    "utils.metrics",
    "utils.secrets",
}
"""What a first decision that allows does not load: each costs every first caller some milliseconds."""


@pytest.fixture(autouse=True)
def _deployment(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authorizer's environment."""
    identity.publish(monkeypatch, identity.KEY)


def test_a_good_token_is_allowed_and_passed_on_as_strings() -> None:
    assert authorizer.handler(EVENT, Context()) == {
        "isAuthorized": True,
        "context": {
            "iss": "https://partner.test",
            "sub": identity.SUBJECT,
            "client_id": "psn-emulator",
            "scope": "players:read players:write",
            "sandbox": "default",
            "jti": "family.1",
            "exp": "2000000300",
            "nbf": "2000000000",
        },
    }


@pytest.mark.parametrize(
    ("route_key", "allowed"),
    [
        ("HEAD /players", True),
        ("HEAD /players/{player_id}", True),
        ("HEAD /healthz", False),
        ("HEAD /nothing", False),
    ],
)
def test_head_is_decided_on_as_get_is(route_key: str, allowed: bool) -> None:
    bearer = f"Bearer {identity.good_token(scope='players:read')}"
    assert (
        authorizer.handler(identity.authorizer_event(bearer, route_key), Context())["isAuthorized"] is allowed
    )
    without = f"Bearer {identity.good_token(scope='players:write')}"
    event = identity.authorizer_event(without, route_key)
    assert not authorizer.handler(event, Context())["isAuthorized"]


def test_an_allowed_request_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    authorizer.handler(EVENT, Context())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "token",
    [
        identity.good_token(exp=1, nbf=0, iat=0),
        identity.good_token(exp=2**35, nbf=2**35, iat=2**35),
        identity.good_token(exp=0, nbf=253402300799),
    ],
)
def test_whether_a_token_is_alive_is_not_asked(token: str) -> None:
    assert authorizer.handler(identity.authorizer_event(f"Bearer {token}"), Context())["isAuthorized"]


@pytest.mark.parametrize(
    "token",
    [
        identity.compact(identity.header(typ="application/at+jwt"), identity.claims()),
        identity.good_token(aud=["another", identity.AUDIENCE]),
        identity.good_token(scope="players:read"),
        identity.good_token(filler="x" * 5500),
    ],
)
def test_other_forms_that_the_rfcs_allow_are_accepted(token: str) -> None:
    assert authorizer.handler(identity.authorizer_event(f"Bearer {token}"), Context())["isAuthorized"]


def test_every_published_key_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    identity.publish(monkeypatch, identity.new_key("key-2"), identity.KEY)
    assert authorizer.handler(EVENT, Context())["isAuthorized"]
    identity.publish(monkeypatch, identity.new_key("key-2"))
    assert not authorizer.handler(EVENT, Context())["isAuthorized"]


def test_a_denial_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    event = identity.authorizer_event(f"Bearer {identity.good_token(iss='https://attacker.test')}")
    event["headers"] |= {"x-correlation-id": "build-7", "traceparent": TRACEPARENT}
    assert authorizer.handler(event, Context()) == {"isAuthorized": False, "context": {}}
    line = json.loads(capsys.readouterr().out)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.tzinfo == UTC
    [directive] = line.pop("_aws")["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "psn-emulator-local",
        "Dimensions": [["Reason"]],
        "Metrics": [{"Name": "Denials", "Unit": "Count"}],
    }
    assert line == {
        "Denials": 1,
        "Reason": "issuer",
        "level": "WARNING",
        "message": "denied",
        "reason": "issuer",
        "route_key": "GET /players",
        "request_id": "request-1",
        "correlation_id": "build-7",
        "traceparent": TRACEPARENT,
        "function_request_id": "lambda-request",
        "service": "psn-emulator",
        "image_tag": ENVIRONMENT["IMAGE_TAG"],
        "release": "0.1.0+0f3c9e1d2b4a",
    }


def test_a_denied_request_that_nobody_named_is_found_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    authorizer.handler({**EVENT, "identitySource": ["", "GET /players"]}, Context())
    line = json.loads(capsys.readouterr().out)
    assert line["correlation_id"] == line["request_id"] == "request-1"
    assert "traceparent" not in line


@pytest.mark.parametrize(
    "jwks",
    [
        "",
        "{",
        "{}",
        '{"keys":[]}',
        '{"keys":[{"kty":"EC"}]}',
        json.dumps({"keys": [identity.KEY.as_dict(private=True)]}),
        json.dumps({"keys": [{**identity.KEY.as_dict(private=False), "use": "enc"}]}),
        json.dumps({"keys": [{**identity.KEY.as_dict(private=False), "alg": "none"}]}),
        json.dumps({"keys": [{**identity.KEY.as_dict(private=False), "crv": "P-384"}]}),
        json.dumps({"keys": [{"kty": "oct", "k": "AAAA", "kid": "key-1", "alg": "HS256", "use": "sig"}]}),
    ],
)
class TestAWrongDeployment:
    def test_denies_every_request_and_logs_the_trace(
        self, jwks: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._deploy(jwks, monkeypatch)
        assert authorizer.handler(EVENT, Context()) == {"isAuthorized": False, "context": {}}
        line = json.loads(capsys.readouterr().out)
        assert (line["level"], line["reason"]) == ("ERROR", "error")
        assert "Traceback" in line["exception"]

    def test_fails_its_smoke_event(self, jwks: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._deploy(jwks, monkeypatch)
        with pytest.raises((ValueError, KeyError, RuntimeError)):
            authorizer.handler({"smoke": True}, Context())

    @staticmethod
    def _deploy(jwks: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PUBLIC_JWKS", jwks)
        settings.cache_clear()
        access_token_verifier.verifier.cache_clear()
        access_token_verifier.trusted_verifier.cache_clear()


def test_it_loads_no_aws_client_no_pydantic_and_nothing_that_a_decision_does_not_need(project: Path) -> None:
    events = json.dumps([EVENT, {}])
    run = [sys.executable, "-c", LOADED, events]
    done = subprocess.run(run, cwd=project, env=dict(os.environ), capture_output=True, text=True, check=True)
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert [answer.get("isAuthorized") for answer in loaded["answers"]] == [True, False]
    unwanted = {
        "aws_lambda_powertools",
        "boto3",
        "botocore",
        "cryptography.x509",
        "handlers",
        "models",
        "pydantic",
        "services.identity.seed",
        "services.identity.sessions",
        "services.players",
        "urllib.request",
        "urllib3",
        "utils.permissions",
    }
    assert unwanted.isdisjoint(loaded["modules_of_a_denial"])
    assert ONLY_WHERE_NEEDED.isdisjoint(loaded["modules"])


def test_a_verifier_of_another_issuer_is_a_setting_away() -> None:
    verifier = Verifier(identity.public_jwks(identity.KEY), issuer="https://another.test", audience="api")
    token = identity.good_token(iss="https://another.test", aud="api")
    assert verifier.verify(token).subject == identity.SUBJECT
