"""Runs other programs with a time limit, and keeps the last lines of their output for error messages."""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infrastructure.tools import disk

_QUOTED_LINES = 15
_NO_SPACE = ("no space left on device", "disk quota exceeded")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit code of a program and the last lines of its output.

    ``code`` is ``None`` when it could not start or was killed at its time limit.
    """

    code: int | None
    output: str

    @property
    def ok(self) -> bool:
        """Whether the exit code is 0."""
        return self.code == 0

    @property
    def last_line(self) -> str:
        """The last line that is not empty, usually the cause of a failure; else the exit code in words."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


def run(
    argv: Sequence[str | Path],
    *,
    limit: float,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
) -> Outcome:
    """Runs a program to its end; kills it and its children after ``limit`` seconds.

    ``environment`` is added to this process's variables, ``on_line`` called with every line of output. The outcome has
    the last 15 lines, of standard output and standard error together. Raises ``DeployError`` when the program failed
    because of a full disk.
    """
    words = [str(word) for word in argv]
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        return Outcome(None, f"{words[0]} does not start: {error.strerror}")
    return _wait(process, words[0], limit, on_line)


def _wait(
    process: subprocess.Popen[str], name: str, limit: float, on_line: Callable[[str], None] | None
) -> Outcome:
    late = threading.Event()

    def stop() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(limit, stop)
    timer.start()
    tail: deque[str] = deque(maxlen=_QUOTED_LINES)
    try:
        for line in process.stdout or ():
            tail.append(line.rstrip())
            if on_line:
                on_line(tail[-1])
        code = process.wait()
    except BaseException:
        _kill(process)
        raise
    finally:
        timer.cancel()
        if process.stdout:
            process.stdout.close()
    output = "\n".join(tail)
    if late.is_set():
        return Outcome(None, f"{output}\n{name} did not finish within {limit:.0f} s".strip())
    if code and any(sign in output.lower() for sign in _NO_SPACE):
        raise disk.disk_full_error(Path.cwd())
    return Outcome(code, output)


def _kill(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
