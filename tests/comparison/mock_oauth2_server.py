"""mock-oauth2-server, the standalone one: configured at its start, an issuer for each first segment of a path. It has
no API; what takes its tokens is its own userinfo."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never

from tests.comparison import application
from tests.comparison.application import Job, Noted, Partner
from tests.comparison.process import Running, started
from tests.comparison.scenarios import JOBS, CannotError
from tests.support import java
from tests.support.checkout import free_port

NAME = "mock-oauth2-server"
JARS = Path(__file__).with_name("jars") / "mock-oauth2-server"

_LEEWAY = 60
"""For how many seconds after its end its own check lets a token pass."""
_LIFE = 5
SHORT_LIVED: dict[str, Any] = {
    "issuerId": "partner",
    "tokenExpiry": _LIFE - _LEEWAY,
    "requestMappings": [{"requestParam": "grant_type", "match": "*", "claims": {"sub": "me"}}],
}


@contextmanager
def running() -> Iterator[Running]:
    """mock-oauth2-server while the block runs."""
    libraries = java.libraries(JARS)
    port = free_port()
    main = "no.nav.security.mock.oauth2.StandaloneMockOAuth2ServerKt"
    configuration = {"httpServer": "NettyWrapper", "tokenCallbacks": [SHORT_LIVED]}
    environment = {
        "SERVER_HOSTNAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "JSON_CONFIG": json.dumps(configuration),
    }
    command = [str(java.launcher()), "-cp", f"{libraries}/*", main]
    with started(command, port, "/isalive", environment) as server:
        yield server


def reset(url: str) -> None:
    """It keeps nothing that a scenario could leave behind."""


def partner(url: str, issuer: str) -> Partner:
    """The application's configuration, with userinfo in the place of an API."""
    return Partner(f"{url}/{issuer}/token", f"{url}/{issuer}/userinfo")


def expired_token(url: str) -> list[Noted]:
    """Its tokens are signed and end by their `exp`, at introspection too. Their life is set at the start of the
    process and passes in real time, to which its own check adds a minute; so the test waits, here for 6 s by a life
    that ends before it begins. (A test in the same JVM can give it another clock.)"""
    configured = partner(url, SHORT_LIVED["issuerId"])
    return application.expired_token(configured, lambda: time.sleep(_LIFE + 1))


def unavailable_twice(_url: str) -> Never:
    """No API, and no faults at the endpoints that it has."""
    raise CannotError


def rate_limited(_url: str) -> Never:
    """No API, and no limits at the endpoints that it has."""
    raise CannotError


def lost_response(_url: str) -> Never:
    """No API, so nothing to write."""
    raise CannotError


def slow_partner(_url: str) -> Never:
    """No API, and no delays at the endpoints that it has."""
    raise CannotError


def parallel_jobs(url: str) -> dict[str, bool]:
    """Every first segment of a path is an issuer, with nothing to set up: a token of one is refused by the others.
    Beside tokens it has nothing to keep apart."""
    jobs = [Job(partner(url, f"job-{number}"), lambda: None, None) for number in range(JOBS)]
    return application.parallel(jobs)
