"""One recorded event, answered in process: what a debugger starts in order to stop inside a handler.

::

    .venv/bin/python -m tests.support.invoke tests/support/gateway_events/players-get.json

The files in ``gateway_events`` are events as the local AWS's gateway sent them (AWS, "Create AWS Lambda proxy
integrations for HTTP APIs", payload format 2.0; ``authorizer.json`` is what it asks the authorizer). ``${TOKEN}`` in
one stands for an access token that is alive. The function has the environment and the secrets of a unit test, and a
table with the items in ``table.json``, all of it in memory: nothing needs to be deployed.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

import authorizer
import main
import routes
from tests.conftest import ENVIRONMENT, create_table
from tests.support import identity
from tests.support.gateway import Context
from utils.aws import client

AUTHORIZER = "authorizer"
TOKEN = "${TOKEN}"
SESSION = {"sub": identity.SUBJECT, "jti": "0f8d2c1e-5b7a-4c3d-9e6f-1a2b3c4d5e6f.1"}
"""The claims by which the recorded events and the token belong to the session in ``table.json``."""

_TABLE = Path(__file__).with_name("table.json")
_SCOPES = "openid profile email players:read players:write"
_NOT_OURS = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION")


def command(arguments: list[str] | None = None) -> None:
    """Prints what the function answers to the event in a file."""
    names = [AUTHORIZER, *(route.name for route in (*routes.ROUTES, routes.FALLBACK))]
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.invoke", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "event", type=Path, help="a file with an event, such as those in tests/support/gateway_events"
    )
    parser.add_argument(
        "--route", choices=names, metavar="NAME", help="the function; default: the event's own"
    )
    options = parser.parse_args(arguments)
    answer = invoke(options.event.read_text(encoding="utf-8"), options.route)
    sys.stdout.write(f"{json.dumps(answer, indent=2, ensure_ascii=False)}\n")


def invoke(event: str, name: str | None = None) -> dict[str, Any]:
    """What the function answers to ``event``, a JSON text: for the gateway, or as the authorizer.

    ``name`` is that of its row in the route table, or ``authorizer``; by default the function that the gateway would
    have called. A body that is JSON is shown as such. Raises ``ValueError`` when the event names no route.
    """
    with surroundings() as token:
        sent = json.loads(event.replace(TOKEN, token))
        answer = _function(name or function_of(sent))(sent, Context())
    try:
        return {**answer, "body": json.loads(answer["body"])}
    except (KeyError, ValueError):
        return answer


def function_of(event: dict[str, Any]) -> str:
    """The name of the function that the gateway calls with ``event``. Raises ``ValueError`` when it names no route."""
    if event.get("type") == "REQUEST":
        return AUTHORIZER
    names = {route.key: route.function_name for route in routes.ROUTES} | {
        routes.FALLBACK.path: routes.FALLBACK.name
    }
    try:
        return names[event["routeKey"]]
    except KeyError:
        raise ValueError(
            "The event has no routeKey that is in routes.py: name the function by --route."
        ) from None


@contextmanager
def surroundings() -> Iterator[str]:
    """The environment, secrets and table of a function while the block runs; yields an access token that is alive."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for variable in _NOT_OURS:
            patch.delenv(variable, raising=False)
        for variable, value in ENVIRONMENT.items():
            patch.setenv(variable, value)
        identity.publish(patch, identity.KEY)
        table = create_table()
        for item in json.loads(_TABLE.read_text(encoding="utf-8")):
            client("dynamodb").put_item(TableName=table, Item=item)
        identity.store_keys(identity.KEY)
        identity.store_seed(identity.seed_entry())
        now = int(time.time())
        yield identity.good_token(**SESSION, scope=_SCOPES, iat=now, nbf=now, exp=now + 300)
    identity.forget()


def _function(name: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    if name == AUTHORIZER:
        return authorizer.handler
    entry: Callable[[dict[str, Any], Any], dict[str, Any]] = getattr(main, name.replace("-", "_"))
    return entry


if __name__ == "__main__":
    command()
