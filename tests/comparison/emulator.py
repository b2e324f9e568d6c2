"""This emulator, deployed as ``make deploy`` does it: a sandbox for each test, by its base URL, and the routes that
operate the emulator."""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx

from tests.comparison import application
from tests.comparison.application import Application, Job, Noted, Partner
from tests.comparison.process import Running, resident_bytes
from tests.comparison.scenarios import JOBS
from tests.support.checkout import Checkout, checkout_in

NAME = "This emulator"
JARS: Path | None = None

_UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


@contextmanager
def running() -> Iterator[Running]:
    """A stack of its own, deployed to this machine while the block runs."""
    with tempfile.TemporaryDirectory(prefix="psn-emulator-compare-") as folder:
        checkout = checkout_in(Path(folder), "local-compare")
        checkout.be_patient()
        try:
            start = time.perf_counter()
            checkout.done("deploy")
            started_in = time.perf_counter() - start
            url: str = checkout.json("outputs")["api_url"]
            _warm(url)
            yield Running(url, started_in, lambda: _memory(checkout))
        finally:
            checkout.make("clean")


def _warm(url: str) -> None:
    """Has each function that the application calls answer once, as it would have in any test but the first."""
    warm = Application(partner(f"{url}/s/warm"), patience=120)
    warm.create("Kratos")
    warm.read()
    operate(f"{url}/s/warm", "PUT", "clock", {"advance": "PT1S"})


def _memory(checkout: Checkout) -> int:
    """What the local AWS and the containers of its functions hold."""
    port = checkout.environment["LOCAL_AWS_PORT"]
    instance = httpx.get(f"http://localhost:{port}/_psn-emulator/instance", timeout=30).json()
    label = f"label=ministack.instance=psn-{instance['identity']}:{port}"
    containers = _docker("ps", "--quiet", "--filter", label).split()
    used = _docker("stats", "--no-stream", "--format", "{{.MemUsage}}", *containers)
    sizes = re.findall(r"^([\d.]+)(\w+) /", used, re.MULTILINE)
    return resident_bytes(instance["pid"]) + int(sum(float(size) * _UNITS[unit] for size, unit in sizes))


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout


def reset(url: str) -> None:
    """Each scenario has sandboxes of its own."""


def sandbox(url: str) -> str:
    """The base URL of a sandbox that nobody has used."""
    return f"{url}/s/{uuid4()}"


def partner(base: str) -> Partner:
    """The application's configuration for a base URL."""
    return Partner(f"{base}/auth/token", f"{base}/players")


def operate(base: str, method: str, what: str, body: object) -> None:
    """Operates the sandbox of a base URL, as its administrator."""
    admin = {"grant_type": "client_credentials", "scope": "emulator:admin"}
    login = httpx.post(
        f"{base}/auth/token", data=admin, auth=("demo-admin", "demo-admin-secret"), timeout=120
    )
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    answer = httpx.request(method, f"{base}/_emulator/{what}", json=body, headers=headers, timeout=120)
    answer.raise_for_status()


def fault(base: str, method: str, *faults: object) -> None:
    """Has the next requests for the players meet the ``faults`` in turn."""
    match = {"method": method, "path": "/players"}
    operate(base, "POST", "faults", {"match": match, "faults": faults, "then": "pass"})


def expired_token(url: str) -> list[Noted]:
    """The sandbox's clock is advanced, and its identity provider and API refuse the token from then on; other
    sandboxes notice nothing. A token that was never good is one request, `POST /_emulator/tokens`."""
    base = sandbox(url)
    hour = {"advance": "PT1H"}
    return application.expired_token(partner(base), lambda: operate(base, "PUT", "clock", hour))


def unavailable_twice(url: str) -> list[Noted]:
    """A rule with a sequence, or the header `X-Emulator-Fault` of one request."""
    base = sandbox(url)
    fault(base, "GET", {"status": 503}, {"status": 503})
    return application.unavailable_twice(partner(base))


def rate_limited(url: str) -> list[Noted]:
    """A limit for each client of the sandbox, which counts in real time, whatever the sandbox's clock says."""
    base = sandbox(url)
    limit = {"requests": 2, "window": "PT5S"}
    return application.rate_limited(partner(base), lambda: operate(base, "PUT", "limits", limit))


def lost_response(url: str) -> list[Noted]:
    """The handler runs and its answer is replaced by 504: what is written is written, and the API's own idempotency
    answers the retry. The connection is not cut: behind API Gateway that takes a proxy in front."""

    def begin() -> Partner:
        base = sandbox(url)
        fault(base, "POST", {"lost_response": True})
        return partner(base)

    return application.lost_response(begin)


def slow_partner(url: str) -> list[Noted]:
    """A delay by rule or header: fixed, uniform or normal, of the whole answer; no slow body."""
    base = sandbox(url)
    fault(base, "GET", {"delay_ms": 3000})
    return application.slow(partner(base))


def parallel_jobs(url: str) -> dict[str, bool]:
    """A sandbox for each job by nothing but its base URL: users, tokens, data, faults, limits and clock are its
    own."""
    bases = [sandbox(url) for _ in range(JOBS)]
    return application.parallel([_job(base) for base in bases])


def _job(base: str) -> Job:
    return Job(
        partner(base),
        lambda: fault(base, "GET", {"status": 503}),
        lambda: operate(base, "PUT", "clock", {"advance": "PT1H"}),
    )
