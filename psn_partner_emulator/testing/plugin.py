"""The plugin of pytest: the fixtures ``emulator`` and ``sandbox``."""

import os
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from . import sharing
from .emulator import Emulator
from .sandbox import Sandbox
from .server import Server, ServerError

_URL = pytest.StashKey[Callable[[], str]]()
_HOST = pytest.StashKey[sharing.Host]()
_SERVER = pytest.StashKey[Server]()
_TTL = "PT2H"
"""How long a sandbox lives whose test was killed before it deleted it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options of the command line and of the configuration file."""
    parser.getgroup("psn-partner-emulator").addoption(
        "--emulator-url",
        metavar="URL",
        help="use the emulator that runs there; by default PSN_EMULATOR_URL, else one is started for the run",
    )
    parser.addini(
        "emulator_arguments", "what `psn-partner-emulator serve` is started with besides", "args", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Knows where the emulator is, or how one is started; none is as long as no test asks for it."""
    config.addinivalue_line(
        "markers",
        "sandbox(seed=..., seed_number=..., strict=...): what the sandbox of the test holds at first",
    )
    given = config.getoption("--emulator-url") or os.environ.get("PSN_EMULATOR_URL")
    place = getattr(config, "workerinput", {}).get("emulator")
    if given:
        config.stash[_URL] = lambda: given
    elif place is not None:
        config.stash[_URL] = lambda: sharing.url(place)
    else:
        server = config.stash[_SERVER] = Server(config.getini("emulator_arguments"))
        config.stash[_URL] = server.url


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells a test process of pytest-xdist where to ask for the emulator that all of them share."""
    server = node.config.stash.get(_SERVER, None)
    if server is None:
        return
    if _HOST not in node.config.stash:
        node.config.stash[_HOST] = sharing.Host(server)
    node.workerinput["emulator"] = node.config.stash[_HOST].place


def pytest_unconfigure(config: pytest.Config) -> None:
    """Ends the emulator that was started for the run."""
    host, server = config.stash.get(_HOST, None), config.stash.get(_SERVER, None)
    if host is not None:
        host.close()
    if server is not None:
        server.stop()


@pytest.fixture(scope="session")
def emulator(request: pytest.FixtureRequest) -> Emulator:
    """The emulator that all tests share; ``url`` is its base URL, ``sandbox(name)`` one of its sandboxes."""
    try:
        return Emulator(request.config.stash[_URL]())
    except ServerError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture
def sandbox(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A sandbox of this test's own: ``base_url``, ``token()``, ``faults``, ``clock``, ``requests`` and more; it is
    deleted when the test has ended. ``@pytest.mark.sandbox(seed=...)`` says what it holds at first."""
    marker = request.node.get_closest_marker("sandbox")
    fresh = emulator.fresh(request.node.name)
    fresh.declare(**{"ttl": _TTL, **(marker.kwargs if marker else {})})
    yield fresh
    fresh.delete()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows of a test that failed which requests its sandbox has had."""
    report = yield
    used = getattr(item, "funcargs", {}).get("sandbox")
    if report.when == "call" and report.failed and isinstance(used, Sandbox):
        report.sections.append((f"requests of {used.base_url}", _shown(used)))
    return report


def _shown(sandbox: Sandbox) -> str:
    """The last requests, a line each."""
    try:
        rows = sandbox.requests.all(order="desc", limit=20)
    except Exception as error:
        return f"not known: {error}"
    lines = [
        f"{row['received_at']} {row['method']} {row['path']} → {row['response']['status']}"
        + (f" ({row['fault']})" if row["fault"] else "")
        for row in reversed(rows)
    ]
    return "\n".join(lines) or "none"
