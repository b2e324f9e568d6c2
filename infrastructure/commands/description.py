"""The API's description, ``handlers/openapi.json``: held to the route table before a release is made of the tree.

It is made by ``python -m openapi`` in a process of its own, as the program reads the application's tables and nothing
else of it.
"""

import subprocess
import sys

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import paths

_FILE = paths.ROOT / "handlers" / "openapi.json"
_STALE = "handlers/openapi.json is not that of the tree"


def write() -> bool:
    """Whether the description had to be written anew. Raises ``DeployError`` where a row of the route table cannot be
    described, or names what is not there."""
    before = _FILE.read_bytes() if _FILE.exists() else b""
    _require_none(_faults())
    changed = _FILE.read_bytes() != before
    if changed:
        display.say("Wrote handlers/openapi.json anew: the API's description has changed")
    return changed


def check() -> None:
    """Says where the description is not that of the tree, and writes nothing. Raises what :func:`write` raises."""
    faults = _faults("--check")
    if faults and faults[0].startswith(_STALE):
        display.say(f"{_STALE}: make deploy, or make openapi, writes it anew")
        return
    _require_none(faults)


def _faults(*arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "openapi", *arguments],
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode and not done.stdout:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        return [f"the API cannot be described: {last[0]}"]
    return done.stdout.splitlines()


def _require_none(faults: list[str]) -> None:
    if faults:
        raise DeployError(
            f"{'; '.join(faults)}.", "Correct it, then run this again; CONTRIBUTING.md tells of rows."
        )
