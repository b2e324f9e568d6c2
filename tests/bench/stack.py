"""A deployed stack for a benchmark, changed and deployed, and the engine alone to compare with."""

import itertools
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.checkout import Checkout, checkout_in

ENGINE_ALONE = Path(__file__).with_name("engine_alone.py")
_HANDLER = "handlers/health.py"
_NAME = '"PSN Partner Emulator'
_ANSWER_SECONDS = 60


class Stack:
    """A deployed stack and its checkout; a class because each change must differ from all before."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.api_url = str(checkout.json("outputs")["api_url"])
        self._numbers = itertools.count()

    def change(self) -> str:
        """Changes one line of a handler; the name that ``GET /`` answers once it is deployed."""
        name = f"PSN Partner Emulator {next(self._numbers)}"
        handler = self.checkout.folder / _HANDLER
        before, _, rest = handler.read_text().partition(_NAME)
        handler.write_text(f'{before}"{name}"{rest.partition('"')[2]}')
        return name

    def wait_for(self, name: str) -> None:
        """Returns as soon as ``GET /`` answers ``name``."""
        deadline = time.monotonic() + _ANSWER_SECONDS
        with httpx.Client(base_url=self.api_url, timeout=_ANSWER_SECONDS) as client:
            while (answer := client.get("/")).json()["data"]["name"] != name:
                assert time.monotonic() < deadline, f"GET / goes on answering {answer.text}"

    def engine_alone(self, *arguments: str) -> None:
        """One ``up`` of the stack's program by the Automation API, in a process of its own."""
        folder = self.checkout.folder
        done(
            folder,
            [str(folder / ".venv/bin/python"), str(ENGINE_ALONE), *arguments],
            self.checkout.environment,
        )


def done(folder: Path, command: list[str], environment: dict[str, str] | None = None) -> str:
    """Runs a command that has to succeed; what it prints."""
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}: {result.stdout[-3000:]}\n{result.stderr[-9000:]}"
    return result.stdout


@contextmanager
def deployed(change: Callable[[Checkout], None] | None = None) -> Iterator[Stack]:
    """A stack of its own, deployed after ``change`` to its checkout; all of it is gone at the end."""
    with tempfile.TemporaryDirectory(prefix="psn-emulator-bench-") as folder:
        checkout = checkout_in(Path(folder), "local-bench")
        checkout.be_patient(smoke_at_once=4)
        checkout.environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if change:
            change(checkout)
        try:
            checkout.done("deploy")
            yield Stack(checkout)
        finally:
            checkout.make("clean")
