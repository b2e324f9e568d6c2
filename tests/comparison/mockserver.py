"""MockServer 7, by its REST API: expectations, rate limits, captures, templates, its clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.comparison import application
from tests.comparison.application import Job, Noted, Partner
from tests.comparison.process import Running, started
from tests.comparison.scenarios import JOBS
from tests.support import java
from tests.support.checkout import free_port

NAME = "MockServer"
JARS = Path(__file__).with_name("jars") / "mockserver"

_READ = {"method": "GET", "path": "/players"}
_CREATE = {"method": "POST", "path": "/players"}
_PLAYERS = {"statusCode": 200, "body": {"data": []}}
_ONE_PLAYER = {"statusCode": 200, "body": {"data": [{"player_id": "player-1"}]}}
_CREATED = {"statusCode": 201, "body": {"data": {"player_id": "player-1"}}}
_UNAUTHORIZED = {"statusCode": 401}
_ONCE = {"remainingTimes": 1, "unlimited": False}
_HOUR = {"timeUnit": "HOURS", "timeToLive": 1, "unlimited": False}
_AN_HOUR_LATER = {"action": "advance", "durationMillis": 3_600_000}
_MADE = """#set($key = $request.headers['Idempotency-Key'][0])
    #if(!$scenario.matches('first', $key)) $scenario.set('second', 'made') #end
    {"statusCode": 201, "body": {"data": {"player_id": "$key"}}}"""
_LISTED = """{"statusCode": 200, "body": {"data": [1 #if($scenario.matches('second', 'made')), 2 #end]}}"""


@contextmanager
def running() -> Iterator[Running]:
    """MockServer while the block runs."""
    libraries = java.libraries(JARS)
    port = free_port()
    options = ["-serverPort", str(port), "-logLevel", "WARN"]
    local = "-Dmockserver.localBoundIP=127.0.0.1"
    command = [str(java.launcher()), local, "-cp", f"{libraries}/*", "org.mockserver.cli.Main", *options]
    with started(command, port, "/mockserver/ready") as server:
        yield server


def put(url: str, what: str, body: object = None) -> httpx.Response:
    """Sends a command to MockServer."""
    return httpx.put(f"{url}/mockserver/{what}", json=body, timeout=60).raise_for_status()


def reset(url: str) -> None:
    """Takes away all expectations, states and recorded requests."""
    put(url, "reset")
    put(url, "clock", {"action": "reset"})


def expect(url: str, request: dict[str, Any], *responses: dict[str, Any], **more: Any) -> None:
    """Has requests answered, with the ``responses`` in turn; ``more`` are members of the expectation."""
    put(url, "expectation", {"httpRequest": request, "httpResponses": responses, **more})


def partner(url: str, *tokens: str) -> Partner:
    """The application's configuration, with a token endpoint that gives the ``tokens`` in turn."""
    answers = [{"statusCode": 200, "body": {"access_token": token}} for token in tokens or ["token"]]
    expect(url, {"method": "POST", "path": "/token"}, *answers)
    return Partner(f"{url}/token", f"{url}/players")


def expired_token(url: str) -> list[Noted]:
    """What opens the API for the first token lives an hour, and the test advances the clock by it. The token does
    not: it is a fixed text, for the tokens of MockServer's own OIDC provider do not follow its clock, and stay
    active. The clock is the whole server's."""
    for token, life in {"first": _HOUR, "second": {"unlimited": True}}.items():
        bearing = _READ | {"headers": {"Authorization": [f"Bearer {token}"]}}
        expect(url, bearing, _PLAYERS, priority=1, timeToLive=life)
    expect(url, _READ, _UNAUTHORIZED)
    configured = partner(url, "first", "second")
    return application.expired_token(configured, lambda: put(url, "clock", _AN_HOUR_LATER))


def unavailable_twice(url: str) -> list[Noted]:
    """An answer that recovers after some failures."""
    expect(url, _READ, _PLAYERS | {"recoverAfter": {"failTimes": 2}})
    return application.unavailable_twice(partner(url))


def rate_limited(url: str) -> list[Noted]:
    """A limit by a window or a bucket of tokens, for all callers of the expectation together. The `Retry-After` that
    it works out itself is rounded down, so that a client who keeps to it is refused once more; here it is given."""
    expect(url, _READ, _PLAYERS, rateLimit={"limit": 2, "windowMillis": 2000, "retryAfter": "2"})
    return application.rate_limited(partner(url))


def lost_response(url: str) -> list[Noted]:
    """The key of the first request is captured, and templates tell by it how many players there are. It is
    idempotency written by the test's author: for one key, without a comparison of bodies, and without what is
    written."""

    def begin() -> Partner:
        reset(url)
        key = {"source": "header", "expression": "Idempotency-Key", "into": "first"}
        expect(url, _CREATE, {"statusCode": 504}, times=_ONCE, priority=1, capture=key)
        for request, template in ((_CREATE, _MADE), (_READ, _LISTED)):
            answer = {"templateType": "VELOCITY", "template": template}
            put(url, "expectation", {"httpRequest": request, "httpResponseTemplate": answer})
        return partner(url)

    return application.lost_response(begin)


def slow_partner(url: str) -> list[Noted]:
    """A delay of the answer: fixed, uniform, log-normal or normal."""
    slow = _PLAYERS | {"delay": {"timeUnit": "SECONDS", "value": 3}}
    expect(url, _READ, slow, times=_ONCE, priority=1)
    expect(url, _READ, _PLAYERS)
    return application.slow(partner(url))


def parallel_jobs(url: str) -> dict[str, bool]:
    """Every job has expectations under a path of its own for a token of its own. Data and tokens are scripts: there is
    one OIDC provider a server, namespaces need a header that the application does not send, and the CRUD store answers
    in a form of its own. The clock is the whole server's: an hour that passes for one job passes for all. A process for
    each job keeps apart as well."""
    expect(url, {"path": "/.*/players"}, _UNAUTHORIZED, priority=-1)
    return application.parallel([_job(url, f"job-{number}") for number in range(JOBS)])


def _job(url: str, name: str) -> Job:
    token = {"statusCode": 200, "body": {"access_token": name}}
    expect(url, {"method": "POST", "path": f"/{name}/token"}, token)
    request = {"path": f"/{name}/players", "headers": {"Authorization": [f"Bearer {name}"]}}
    reading, creating = request | {"method": "GET"}, request | {"method": "POST"}
    expect(url, reading, _PLAYERS, scenarioName=name, scenarioState="Started")
    expect(url, reading, _ONE_PLAYER, scenarioName=name, scenarioState="created", timeToLive=_HOUR)
    expect(url, creating, _CREATED, scenarioName=name, newScenarioState="created")
    return Job(
        Partner(f"{url}/{name}/token", f"{url}/{name}/players"),
        lambda: expect(url, reading, {"statusCode": 503}, times=_ONCE, priority=1),
        lambda: put(url, "clock", _AN_HOUR_LATER),
    )
