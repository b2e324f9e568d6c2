"""A tool as a process of this machine: started on a free port of the loopback, and stopped by its id."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

_START_SECONDS = 60
_STOP_SECONDS = 20


@dataclass(frozen=True)
class Running:
    """A tool that answers at ``url``, ``started_in`` seconds after it was started, of which it had a processor for
    ``processor`` seconds where that is known; ``memory`` is how many bytes it holds when asked."""

    url: str
    started_in: float
    memory: Callable[[], int]
    processor: float | None = None


def resident_bytes(pid: int) -> int:
    """How much memory a process holds (RSS)."""
    kibibytes = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(kibibytes.stdout) * 1024


def _processor_seconds(pid: int) -> float | None:
    """The processor time that a process has had (proc(5): utime and stime); none where there is no ``/proc``."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return None
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(
    command: list[str], port: int, health: str, environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The tool while the block runs, from the time on at which ``GET`` of the path ``health`` answers 200.

    Raises ``RuntimeError`` where it ends, or does not answer within a minute.
    """
    url = f"http://127.0.0.1:{port}"
    start = time.perf_counter()
    with (
        TemporaryDirectory() as folder,  # MockServer writes its certificate where it is started
        subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | (environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            while not _answers(url + health):
                if process.poll() is not None or time.perf_counter() - start > _START_SECONDS:
                    raise RuntimeError(f"does not start: {' '.join(command)}")
                time.sleep(0.02)
            started_in = time.perf_counter() - start
            memory = partial(resident_bytes, process.pid)
            yield Running(url, started_in, memory, _processor_seconds(process.pid))
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
            process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.TransportError:
        return False
