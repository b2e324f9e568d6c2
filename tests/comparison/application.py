"""The application under test: a client of a partner's API as an integrator writes it, the same whatever stands in for
the partner. It does what each scenario asks and tells what came of it."""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import httpx

_LOG = logging.getLogger(__name__)
PATIENCE = 1.0
"""After how many seconds it gives a request up."""
_BUSY = 120.0
"""And where many run at once on one machine."""
TRIES = 4
ERROR = "error"
"""What is noted of a request that was answered by a gateway's error, or not at all."""
TIMEOUT = "timeout"

type Noted = int | str
"""A status, a number of players, or ``ERROR`` or ``TIMEOUT``."""


@dataclass(frozen=True)
class Partner:
    """Where a partner is and who the application is there: all of its configuration."""

    token_url: str
    players_url: str
    client_id: str = "demo-backend"
    client_secret: str = "demo-backend-secret"


@dataclass
class Application:
    """A client that holds one access token and renews it when it is refused; ``noted`` is what it met, in order."""

    partner: Partner
    noted: list[Noted] = field(default_factory=list)
    token: str | None = None
    patience: float = PATIENCE

    def log_in(self) -> str:
        """Gets a new access token, which it goes on with."""
        answer = httpx.post(
            self.partner.token_url,
            data={"grant_type": "client_credentials"},
            auth=(self.partner.client_id, self.partner.client_secret),
            timeout=_BUSY,
        )
        token: str = answer.raise_for_status().json()["access_token"]
        self.token = token
        return token

    def send(self, method: str, json: object = None, **headers: str) -> httpx.Response | None:
        """Sends one request for the players and notes its outcome; ``None`` where there is no answer."""
        headers["Authorization"] = f"Bearer {self.token or self.log_in()}"
        try:
            answer = httpx.request(
                method, self.partner.players_url, json=json, headers=headers, timeout=self.patience
            )
        except httpx.TimeoutException:
            self.noted.append(TIMEOUT)
        except httpx.TransportError:
            self.noted.append(ERROR)
        else:
            self.noted.append(ERROR if answer.status_code in {502, 504} else answer.status_code)
            return answer
        return None

    def read(self) -> httpx.Response | None:
        """Asks for the players; renews the token, waits and repeats where that may help."""
        answer = None
        for attempt in range(TRIES):
            answer = self.send("GET")
            if answer is not None and answer.status_code == 401:
                self.token = None
            elif answer is None or answer.status_code in {429, 503}:
                time.sleep(_seconds_to_wait(answer, attempt))
            else:
                break
        return answer

    def create(
        self, username: str, *, careless: bool = False, before_retry: Callable[[], None] | None = None
    ) -> None:
        """Makes a player and repeats that after an error: with the same Idempotency-Key unless it is ``careless``."""
        key = str(uuid4())
        for _ in range(TRIES):
            player = {"username": username, "email": f"{username.lower()}@example.com", "country": "GR"}
            answer = self.send("POST", player, **{"Idempotency-Key": key})
            if answer is not None and answer.status_code not in {502, 503, 504}:
                break
            if before_retry:
                before_retry()
            if careless:
                key, username = str(uuid4()), f"{username}2"


def _seconds_to_wait(answer: httpx.Response | None, attempt: int) -> float:
    """What the partner asks for, else a little longer each time."""
    asked = answer.headers.get("Retry-After") if answer is not None else None
    return float(asked) if asked else 0.05 * 2.0**attempt


def expired_token(partner: Partner, expire: Callable[[], object]) -> list[Noted]:
    """Reads, and reads again after ``expire`` has let the time of its token pass; at last with the old token once
    more."""
    application = Application(partner)
    application.read()
    old = application.token
    expire()
    application.read()
    application.token = old
    application.send("GET")
    return application.noted


def unavailable_twice(partner: Partner) -> list[Noted]:
    """Reads once, with its retries."""
    application = Application(partner)
    application.read()
    return application.noted


def rate_limited(partner: Partner, limit: Callable[[], object] = lambda: None) -> list[Noted]:
    """Reads three times from the time on at which ``limit`` is in force, and waits as it is told; then, impatient,
    three times more without waiting."""
    application = Application(partner)
    application.log_in()
    limit()
    for _ in range(3):
        application.read()
    for _ in range(3):
        application.send("GET")
    return application.noted


def listed(partner: Partner) -> int:
    """How many players the partner lists."""
    answer = Application(partner, patience=_BUSY).read()
    assert answer is not None
    return len(answer.json()["data"])


def _note(noted: list[Noted], effects: Callable[[Partner], int], partner: Partner) -> None:
    noted.append(effects(partner))


def lost_response(begin: Callable[[], Partner], effects: Callable[[Partner], int] = listed) -> list[Noted]:
    """Makes a player whose first answer is lost, and then, careless, another at the partner that ``begin`` gives
    anew; notes ``effects``, how many players the partner has made, before each retry and after it."""
    noted: list[Noted] = []
    for careless in (False, True):
        partner = begin()
        application = Application(partner, noted)
        application.create("Kratos", careless=careless, before_retry=partial(_note, noted, effects, partner))
        noted.append(effects(partner))
    return noted


def slow(partner: Partner) -> list[Noted]:
    """Reads once of a partner that is slower than its patience, and again."""
    application = Application(partner)
    application.read()
    return application.noted


@dataclass(frozen=True)
class Job:
    """A job's partner, and what its test can do to it while the job runs."""

    partner: Partner
    be_unavailable: Callable[[], object]
    """Has the next request fail with 503."""
    pass_an_hour: Callable[[], object] | None
    """Moves its clock, past the end of its tokens; none where the tool has no clock."""


def parallel(jobs: Sequence[Job]) -> dict[str, bool]:
    """What is each job's own when all run at once: data, tokens, faults, and the time at which tokens expire."""
    applications = [Application(job.partner, patience=_BUSY) for job in jobs]

    def work(application: Application) -> list[Noted]:
        application.create("Kratos")
        answer = application.read()
        players = answer.json().get("data") if answer is not None and answer.status_code == 200 else None
        return [*application.noted, len(players) if isinstance(players, list) else "no players"]

    def statuses() -> list[Noted]:
        for application in applications:
            application.send("GET")
        return [application.noted[-1] for application in applications]

    with ThreadPoolExecutor(len(jobs)) as pool:
        worked = list(pool.map(work, applications))
    tokens = [application.token for application in (*applications[1:], applications[0])]
    strangers = [
        Application(job.partner, token=token, patience=_BUSY) for job, token in zip(jobs, tokens, strict=True)
    ]
    for stranger in strangers:
        stranger.send("GET")
    refused = [stranger.noted[0] for stranger in strangers]
    own = statuses()
    jobs[0].be_unavailable()
    failing = statuses()
    if jobs[1].pass_an_hour:
        jobs[1].pass_an_hour()
    expired = statuses()
    _LOG.info("worked %s, refused %s, own %s, failing %s, expired %s", worked, refused, own, failing, expired)
    return {
        "data": all(noted == [201, 200, 1] for noted in worked),
        "tokens": set(own) == {200} and set(refused) <= {400, 401, 403},
        "faults": failing == [503, *[200] * (len(jobs) - 1)],
        "clock": expired == [200, 401, *[200] * (len(jobs) - 2)],
    }
