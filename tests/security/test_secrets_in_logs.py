"""Whatever a caller sends, wherever it gets into a line of a log, no secret is there to be read."""

import json
from typing import Any

import pytest

import authorizer
import routes
from handlers.dispatch import Endpoint, entry_point
from tests.conftest import Log
from tests.support import identity
from tests.support.gateway import Context
from utils import table
from utils.http import Request, Response
from utils.logger import logger

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
SECRETS = (JWT, "hunter2-password", "jo@mail.example", "opaque-refresh-token", "the-client-secret")
FORM = f"username=jo@mail.example&password={SECRETS[1]}&refresh_token={SECRETS[3]}&client_secret={SECRETS[4]}"
BODY = {"email": SECRETS[2], "password": SECRETS[1], "refresh_token": SECRETS[3], "client_secret": SECRETS[4]}
TEXTS = (
    FORM,
    json.dumps(BODY),
    repr(BODY),
    f"Authorization: Bearer {JWT}",
    f"Basic {SECRETS[3]}",
    f"\n{JWT}",
)

ROOT = next(route for route in routes.ROUTES if route.name == "root")


def event(text: str) -> dict[str, Any]:
    """A request that has ``text`` wherever a line of the log may take it from."""
    return {
        "rawPath": f"/{text}",
        "rawQueryString": text,
        "headers": {"x-correlation-id": text, "traceparent": text, "authorization": text, "user-agent": text},
        "body": text,
        "requestContext": {
            "requestId": "r-1",
            "http": {"method": text, "path": text},
            "authorizer": {"lambda": {"sandbox": text}},
        },
    }


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_request_and_of_a_bug_that_repeats_it(text: str, log: Log) -> None:
    def broken(request: Request) -> Response:
        raise RuntimeError(text)

    entry_point(Endpoint(ROOT, broken))(event(text), Context())
    bug, answered = log.lines()
    assert (bug["message"], answered["message"]) == ("a bug", "answered")
    assert not [secret for secret in SECRETS if secret in log.text]


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_health_check_that_fails(text: str, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    from handlers import health

    def failing() -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(table, "probe", failing)
    health.healthz(Request.from_event(event(text)))
    assert log.lines()
    assert not [secret for secret in SECRETS if secret in log.text]


@pytest.mark.parametrize("text", TEXTS)
def test_of_what_is_logged_beside_a_message(text: str, log: Log) -> None:
    logger.warning(text, extra={"family": text, "cause": [text], "sent": BODY})
    assert not [secret for secret in SECRETS if secret in log.text]


@pytest.mark.parametrize("text", TEXTS)
def test_of_a_denial_of_the_authorizer(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise RuntimeError(text)

    denied = {**event(text), "routeKey": text, "identitySource": [text, text]}
    authorizer.handler(denied, Context())
    monkeypatch.setattr(authorizer, "_verified", failing)
    authorizer.handler({**identity.authorizer_event(text), "headers": denied["headers"]}, Context())
    written = capsys.readouterr().out
    assert len([json.loads(line) for line in written.splitlines()]) == 2
    assert not [secret for secret in SECRETS if secret in written]
