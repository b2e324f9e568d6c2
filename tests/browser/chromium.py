"""A Chromium for the tests: one of this machine, else one that is fetched.

Tried in this order: what is on PATH or where installers put it, what Playwright fetched before, Playwright's download,
and for root on Debian and Ubuntu the system's own package.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import disk, docker_daemon, paths, processes

COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)

_DOWNLOAD_SECONDS = 600
_WHY = "the pages are tested in it"


def ensure(playwrights_own: Path) -> Path:
    """The executable of a Chromium that starts here; ``playwrights_own`` is where Playwright's would be.

    Raises ``DeployError`` when there is none to be had.
    """
    with disk.lock_file(paths.cache() / "chromium.lock", "fetching Chromium"):
        found = next(filter(_starts, [*_installed(), playwrights_own]), None)
        return found or _fetched(playwrights_own)


def _fetched(playwrights_own: Path) -> Path:
    with display.progress("Fetching Chromium", _WHY):
        fetch = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
        outcome = processes.run(fetch, limit=_DOWNLOAD_SECONDS)
    if _starts(playwrights_own):
        return playwrights_own
    if not (docker_daemon.is_root() and docker_daemon.can_install()):
        cause = "it does not start here" if outcome.ok else outcome.last_line
        raise DeployError(
            f"There is no Chromium, and Playwright's is not to be had: {cause}",
            "Install Chromium or Chrome, then run this again.",
        )
    with display.progress("Installing Chromium", _WHY):
        docker_daemon.apt_install("chromium")
    if found := next(filter(_starts, _installed()), None):
        return found
    raise DeployError("The package chromium was installed, but does not start.", "Run: chromium --version")


def _installed() -> Iterator[Path]:
    for command in COMMANDS:
        if path := shutil.which(command):
            yield Path(path)
    yield from map(Path, APPLICATIONS)


def _starts(path: Path) -> bool:
    return path.exists() and processes.run([path, "--version"], limit=60).ok
