"""WireMock standalone, by its admin API: stubs, scenarios (its state machines), priorities and the request
journal."""

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

NAME = "WireMock"
JARS = Path(__file__).with_name("jars") / "wiremock"

_LOG_IN = {"method": "POST", "urlPath": "/token"}
_READ = {"method": "GET", "urlPath": "/players"}
_CREATE = {"method": "POST", "urlPath": "/players"}
_PLAYERS: dict[str, Any] = {"status": 200, "jsonBody": {"data": []}}
_CREATED = {"status": 201, "jsonBody": {"data": {"player_id": "player-1"}}}


@contextmanager
def running() -> Iterator[Running]:
    """WireMock while the block runs."""
    libraries = java.libraries(JARS)
    port = free_port()
    options = ["--port", str(port), "--bind-address", "127.0.0.1", "--disable-banner"]
    command = [str(java.launcher()), "-cp", f"{libraries}/*", "wiremock.Run", *options]
    with started(command, port, "/__admin/health") as server:
        yield server


def reset(url: str) -> None:
    """Takes away all stubs, states and recorded requests."""
    httpx.post(f"{url}/__admin/reset").raise_for_status()


def stub(url: str, request: dict[str, Any], response: dict[str, Any], **more: Any) -> None:
    """Has requests answered; ``more`` are members of the mapping."""
    mapping = {"request": request, "response": response, **more}
    httpx.post(f"{url}/__admin/mappings", json=mapping).raise_for_status()


def token_response(token: str) -> dict[str, Any]:
    """The answer of a token endpoint."""
    return {"status": 200, "jsonBody": {"access_token": token, "token_type": "Bearer"}}


def partner(url: str, *tokens: str) -> Partner:
    """The application's configuration, with a token endpoint that gives the ``tokens`` in turn."""
    stub_in_turn(url, _LOG_IN, *(token_response(token) for token in tokens or ["token"]))
    return Partner(f"{url}/token", f"{url}/players")


def stub_in_turn(url: str, request: dict[str, Any], *responses: dict[str, Any]) -> None:
    """Has one response after the other given, the last one from then on."""
    names = ["Started", *map(str, range(1, len(responses)))]
    for name, following, response in zip(names, [*names[1:], names[-1]], responses, strict=True):
        state = {"requiredScenarioState": name, "newScenarioState": following}
        stub(url, request, response, scenarioName=str(request), **state)


def bearing(token: str, path: str = "/players", method: str = "GET") -> dict[str, Any]:
    """Requests that carry a token."""
    return {
        "method": method,
        "urlPath": path,
        "headers": {"Authorization": {"equalTo": f"Bearer {token}"}},
    }


def expired_token(url: str) -> list[Noted]:
    """The test ends the token by hand. It is a fixed text, without a signature, a lifetime or a clock that it could
    end by. (An extension makes signed tokens.)"""
    configured = partner(url, "first", "second")
    for state, response in (("Started", _PLAYERS), ("expired", {"status": 401})):
        stub(url, bearing("first"), response, scenarioName="token", requiredScenarioState=state)
    stub(url, bearing("second"), _PLAYERS)
    token = f"{url}/__admin/scenarios/token/state"
    return application.expired_token(configured, lambda: httpx.put(token, json={"state": "expired"}))


def unavailable_twice(url: str) -> list[Noted]:
    """A state machine with a stub for each answer."""
    stub_in_turn(url, _READ, {"status": 503}, {"status": 503}, _PLAYERS)
    return application.unavailable_twice(partner(url))


def rate_limited(url: str) -> list[Noted]:
    """The answers are a script: nothing counts requests or knows a window, so a client that does not wait is answered
    200 too."""
    limited = {"status": 429, "headers": {"Retry-After": "1"}}
    stub_in_turn(url, _READ, _PLAYERS, _PLAYERS, limited, _PLAYERS)
    return application.rate_limited(partner(url))


def lost_response(url: str) -> list[Noted]:
    """The answers are a script, and nothing is written. That a retry had another key shows in the request journal
    only, and only to a test that looks; the careless client is answered as the careful one. (An extension keeps
    state.)"""

    def begin() -> Partner:
        reset(url)
        stub_in_turn(url, _CREATE, {"status": 504}, _CREATED)
        return partner(url)

    def effects(_partner: Partner) -> int:
        found = httpx.post(f"{url}/__admin/requests/find", json=_CREATE)
        return len({request["headers"]["Idempotency-Key"] for request in found.json()["requests"]})

    return application.lost_response(begin, effects)


def slow_partner(url: str) -> list[Noted]:
    """A delay by the stub: fixed, uniform or log-normal."""
    stub_in_turn(url, _READ, _PLAYERS | {"fixedDelayMilliseconds": 3000}, _PLAYERS)
    return application.slow(partner(url))


def parallel_jobs(url: str) -> dict[str, bool]:
    """Every job registers all of its stubs under a path of its own; that nothing crosses is the care of whoever writes
    them. Data and tokens are scripts. There is no clock; the end of a token can be scripted as above. A process for
    each job keeps apart as well."""
    stub(url, {"method": "ANY", "urlPathPattern": ".*/players"}, {"status": 401}, priority=10)
    return application.parallel([_job(url, f"job-{number}") for number in range(JOBS)])


def _job(url: str, name: str) -> Job:
    path = f"/{name}/players"
    stub(url, {"method": "POST", "urlPath": f"/{name}/token"}, token_response(name))
    stub(url, bearing(name, path), _PLAYERS)
    stub(url, bearing(name, path, "POST"), _CREATED, scenarioName=name, newScenarioState="created")
    one = {"status": 200, "jsonBody": {"data": [{"player_id": "player-1"}]}}
    stub(url, bearing(name, path), one, scenarioName=name, requiredScenarioState="created")

    def be_unavailable() -> None:
        state = {"requiredScenarioState": "Started", "newScenarioState": "over"}
        stub(url, bearing(name, path), {"status": 503}, scenarioName=f"{name} 503", **state)

    return Job(Partner(f"{url}/{name}/token", f"{url}{path}"), be_unavailable, None)
