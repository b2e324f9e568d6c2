"""A sandbox's rate limit: counted per client in windows of real time, and told by every answer."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

import routes
from services.emulation import callers, limits
from services.identity.seed import CONSOLE_CLIENT
from services.sandboxes.opening import opened
from tests.support import identity
from tests.support.gateway import Answer, Gateway, open_session
from tests.support.tenants import provide
from utils.aws import calls
from utils.sandbox import Sandbox

APPLIED = "x-emulator-fault-applied"
LIMITS = "/_emulator/limits"


@dataclass
class Clock:
    """Real time as the windows have it, in seconds."""

    now: float

    def time(self) -> float:
        return self.now

    def time_ns(self) -> int:
        return int(self.now * 1_000_000_000)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that goes when it is told to."""
    clock = Clock(time.time())
    monkeypatch.setattr(limits, "time", clock)
    return clock


def another(ci: Sandbox, client_id: str) -> Gateway:
    """A caller of the sandbox with the tokens of another client."""
    return Gateway({**open_session(ci), "client_id": client_id})


def test_what_is_over_the_limit_is_refused_until_the_window_ends(caller: Gateway, clock: Clock) -> None:
    told = caller.put(LIMITS, {"requests": 2, "window": "PT30S"}).data
    assert told == {"requests": 2, "window": "PT30S", "headers": "draft"} == caller.get(LIMITS).data
    clock.now += 0.5
    left = [caller.get("/players").headers["ratelimit"] for _ in range(2)]
    assert left == ['"default";r=1;t=30', '"default";r=0;t=30']
    clock.now += 10
    answer = caller.get("/players")
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "throttled", "20")
    assert answer.headers["ratelimit"] == '"default";r=0;t=20'
    assert answer.headers["ratelimit-policy"] == '"default";q=2;w=30'
    assert answer.headers[APPLIED] == "limit"
    clock.now += 20
    answer = caller.get("/players")
    assert (answer.status, answer.headers["ratelimit"]) == (200, '"default";r=1;t=30')
    assert APPLIED not in answer.headers


def test_the_older_headers_tell_the_same(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1, "headers": "legacy"})
    for status in (200, 429):
        headers = caller.get("/players").headers
        told = {name: headers[name] for name in headers if name.startswith("ratelimit")}
        assert told == {"ratelimit-limit": "1", "ratelimit-remaining": "0", "ratelimit-reset": "60"}, status


def test_each_client_has_its_own_count_and_each_sandbox_its_own_limit(
    caller: Gateway, ci: Sandbox, clock: Clock
) -> None:
    caller.put(LIMITS, {"requests": 1})
    assert [caller.get("/players").status for _ in range(2)] == [200, 429]
    assert another(ci, "another").get("/players").status == 200
    other = Gateway(open_session(opened("ci-8")))
    assert ["ratelimit" in other.get("/players").headers for _ in range(2)] == [False, False]


def test_who_names_no_client_is_counted_by_address(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1})
    unknown = "/s/ci-7/trophies"
    assert [Gateway(address="192.0.2.7").get(unknown).status for _ in range(2)] == [404, 429]
    assert Gateway(address="192.0.2.8").get(unknown).status == 404


def test_a_client_is_counted_at_the_identity_provider_too(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1})
    form = {"content-type": "application/x-www-form-urlencoded"}
    statuses = [
        Gateway(address=address)
        .send("POST", "/s/ci-7/auth/token", raw=f"client_id={client_id}", headers=form)
        .status
        for address, client_id in (
            ("192.0.2.7", "demo-web"),
            ("192.0.2.7", "demo-web"),
            ("192.0.2.7", "another"),
            ("192.0.2.8", "demo-web"),
        )
    ]
    assert statuses == [400, 429, 400, 400]


def test_nobody_uses_up_the_limit_of_a_client_by_naming_it(
    caller: Gateway, ci: Sandbox, clock: Clock
) -> None:
    caller.put(LIMITS, {"requests": 1})
    forged = {"authorization": f"Bearer {identity.good_token(client_id=open_session(ci)['client_id'])}"}
    for path in ("/s/ci-7/trophies", "/s/ci-7/auth/userinfo"):
        Gateway(address="192.0.2.7").get(path, headers=forged)
    assert caller.get("/players").status == 200


FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}
type Sent = tuple[str, str, dict[str, str], str]
"""Method, path, headers and body."""
OPERATORS: list[Sent] = [
    ("POST", "/auth/token", JSON, '{"username": "admin", "password": "x", "scope": "openid emulator:admin"}'),
    ("POST", "/auth/token", FORM, "grant_type=authorization_code&client_id=psn-emulator-console&code=x"),
    ("POST", "/auth/token", FORM, "grant_type=client_credentials&client_id=x&scope=emulator%3Aadmin"),
    ("POST", "/auth/token", FORM | {"authorization": "Basic cHNuLWVtdWxhdG9yLWNvbnNvbGU6"}, "grant_type=x"),
    ("GET", "/auth/authorize?client_id=psn-emulator-console", {}, ""),
    ("GET", "/auth/authorize?client_id=x&scope=emulator:admin+openid", {}, ""),
    ("POST", "/auth/authorize?client_id=psn-emulator-console", FORM, "decision=sign-in&username=admin"),
    ("POST", "/auth/authorize", FORM, "client_id=x&scope=emulator%3Aadmin"),
]


def send(sent: Sent, **more: str) -> Answer:
    """What ``ci-7`` answers."""
    method, path, headers, raw = sent
    return Gateway().send(method, f"/s/ci-7{path}", raw=raw, headers=headers | more)


@pytest.fixture
def shut(caller: Gateway, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule for every request, and a limit that the first one uses up."""
    provide(monkeypatch)
    caller.put(LIMITS, {"requests": 1})
    caller.post("/_emulator/faults", {"faults": [{"status": 418}]})


@pytest.mark.parametrize("sent", OPERATORS)
def test_who_logs_in_to_operate_the_emulator_meets_no_limit_and_no_rule(shut: None, sent: Sent) -> None:
    for _ in range(2):
        answer = send(sent)
        assert answer.status not in {418, 429}
        assert not {APPLIED, "ratelimit"} & set(answer.headers)
    asked = send(sent, **{"x-emulator-fault": "status=503"})
    assert (asked.status, asked.headers[APPLIED]) == (503, "header")


@pytest.mark.parametrize(
    "sent",
    [
        ("POST", "/auth/token", JSON, '{"username": "testuser", "password": "x", "scope": "emulator:adm"}'),
        ("GET", "/auth/authorize?client_id=x&scope=openid", {}, ""),
        ("GET", "/trophies?client_id=psn-emulator-console&scope=emulator:admin", {}, ""),
    ],
)
def test_others_do(shut: None, sent: Sent) -> None:
    assert [send(sent).status for _ in range(2)] == [418, 429]


def test_the_console_is_the_client_of_that_name() -> None:
    assert callers.CONSOLE == CONSOLE_CLIENT


def test_no_two_requests_are_counted_as_one(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 20})
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: caller.get("/s/ci-7/trophies"), range(50)))
    assert sorted(answer.status for answer in answers) == [404] * 20 + [429] * 30
    left = sorted(answer.headers["ratelimit"].split(";")[1] for answer in answers if answer.status == 404)
    assert left == sorted(f"r={number}" for number in range(20))


def test_a_limit_that_is_set_anew_counts_anew_and_one_that_is_lifted_is_none(
    caller: Gateway, clock: Clock
) -> None:
    caller.put(LIMITS, {"requests": 1})
    assert [caller.get("/players").status for _ in range(2)] == [200, 429]
    clock.now += 0.001
    caller.put(LIMITS, {"requests": 1})
    assert [caller.get("/players").status for _ in range(2)] == [200, 429]
    assert [caller.delete(LIMITS).status for _ in range(2)] == [204, 204]
    assert "ratelimit" not in caller.get("/players").headers
    assert (caller.get(LIMITS).status, caller.get(LIMITS).code) == (404, "limit_not_found")


def test_a_reset_ends_it(caller: Gateway, ci: Sandbox, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1})
    admin = Gateway(open_session())
    assert admin.post(f"/_emulator/sandboxes/{ci.name}/reset").status == 200
    renewed = opened(ci.name)
    assert renewed.limit is None
    assert Gateway(open_session(renewed)).get(LIMITS).status == 404


def test_what_operates_the_emulator_is_not_limited(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1})
    assert {caller.get(LIMITS).status for _ in range(3)} == {200}


def test_the_limit_comes_before_faults_and_faulted_answers_tell_of_it(caller: Gateway, clock: Clock) -> None:
    caller.put(LIMITS, {"requests": 1})
    asked = {"x-emulator-fault": "status=503"}
    first, second = (caller.get("/players", headers=asked) for _ in range(2))
    assert (first.status, first.headers[APPLIED]) == (503, "header")
    assert first.headers["ratelimit"] == '"default";r=0;t=60'
    assert (second.status, second.headers[APPLIED]) == (429, "limit")


def test_without_a_limit_a_request_asks_the_table_nothing_more(caller: Gateway, clock: Clock) -> None:
    caller.get("/players")
    calls.clear()
    caller.get("/players")
    before = len(calls)
    caller.put(LIMITS, {"requests": 100})
    calls.clear()
    caller.get("/players")
    assert len(calls) == before + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "requests"),
        ({"requests": 0}, "requests"),
        ({"requests": 1, "window": "PT0.5S"}, "window"),
        ({"requests": 1, "window": "PT1.5S"}, "window"),
        ({"requests": 1, "window": "P2D"}, "window"),
        ({"requests": 1, "headers": "new"}, "headers"),
    ],
)
def test_what_cannot_be_a_limit_is_refused(caller: Gateway, body: dict[str, object], field: str) -> None:
    answer = caller.put(LIMITS, body)
    assert answer.status == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_browsers_may_read_what_answers_tell_of_a_limit() -> None:
    for route in (*routes.ROUTES, routes.FALLBACK):
        assert (set(routes.LIMIT_HEADERS) <= route.answer_headers) is route.is_partners
