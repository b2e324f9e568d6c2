"""A handler is saved: until the new code answers, against uvicorn's ``--reload`` of a FastAPI app of as many routes."""

import itertools
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from routes import ROUTES
from tests.bench.measure import Contestants
from tests.support import served
from tests.support.checkout import free_port
from tests.support.served import serving

_FOLDERS = ("handlers", "infrastructure/seeds", "models", "seeding", "serve", "services", "utils")
_NAME = '"PSN Partner Emulator"'
_HEAD = "from fastapi import FastAPI\nfrom pydantic import BaseModel\n\napp = FastAPI()\n"
_ROUTE = '''

class Answer{number}(BaseModel):
    """What is answered."""

    name: str
    number: int


@app.{method}("{path}")
def route_{number}() -> Answer{number}:
    """A route."""
    return Answer{number}(name={name}, number={number})
'''
_SECONDS = 30
_SETTLED_SECONDS = 1.0
"""Between one save and the next: what changes while uvicorn begins anew, it does not see."""


@contextmanager
def contestants() -> Iterator[Contestants]:
    """A name in the answer of ``/`` is another each time."""
    names = map("name {}".format, itertools.count())
    with TemporaryDirectory() as ours, TemporaryDirectory() as theirs:
        copy(Path(ours))
        with serving("--watch", folder=Path(ours)) as server, _reloading(Path(theirs)) as url:
            yield (
                lambda: saved(Path(ours, "handlers/health.py"), "Root(", next(names), server.url),
                lambda: saved(Path(theirs, "app.py"), "name=", next(names), url),
            )


def copy(folder: Path) -> None:
    """The application, for it is changed."""
    for name in _FOLDERS:
        shutil.copytree(served.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in served.ROOT.glob("*.py"):
        shutil.copy(file, folder)


@contextmanager
def _reloading(folder: Path) -> Iterator[str]:
    """The URL of an app of as many routes as ours, served by ``uvicorn --reload``."""
    routes = [
        _ROUTE.format(number=number, method=route.method.lower(), path=route.path, name=_NAME)
        for number, route in enumerate(ROUTES)
    ]
    (folder / "app.py").write_text(_HEAD + "".join(routes))
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--reload", "--port", str(port), "app:app"]
    with subprocess.Popen(
        command, cwd=folder, env=served.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(lambda: _name(url) != "")
            yield url
        finally:
            process.terminate()


def saved(file: Path, before: str, name: str, url: str) -> float:
    """Seconds from the time at which ``file`` is saved, with ``name`` after ``before``, to the answer that has it."""
    time.sleep(_SETTLED_SECONDS)
    file.write_text(re.sub(rf'{re.escape(before)}"[^"]*"', f'{before}"{name}"', file.read_text(), count=1))
    began = time.perf_counter()
    _wait(lambda: _name(url) == name)
    return time.perf_counter() - began


def _wait(until: Callable[[], bool]) -> None:
    latest = time.monotonic() + _SECONDS
    while not until():
        assert time.monotonic() < latest, "the new code does not answer"
        time.sleep(0.005)


def _name(url: str) -> str:
    """The name that the answer has, empty while there is none."""
    try:
        answer = httpx.get(url, timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return ""
    name: str = answer.get("data", answer).get("name", "")
    return name
