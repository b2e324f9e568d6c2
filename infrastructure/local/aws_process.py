"""The local AWS as a process of this machine, in the background, in a session of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infrastructure.tools import disk, paths, processes

_APPLICATION = "infrastructure.local.aws_server:app"
_KEPT = (
    *(
        "HOME",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
    ),
    *("TZ", "USER", "XDG_RUNTIME_DIR"),
)
"""What it takes from the environment: nothing that AWS tools, ministack or a proxy would act on."""

_LOG_BYTES = 8 << 20
_ORDERLY_SECONDS = 120
_POLL_SECONDS = 0.2


def start(folder: Path, addresses: tuple[str, ...], settings: Mapping[str, str]) -> int:
    """Starts the local AWS in ``folder``, listening on ``addresses`` (``host:port``); its process id.

    Returns at once. The log is appended to ``log``, the one before it kept as ``log.1``.
    """
    with disk.room_left(folder):
        for name in ("state", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        log = log_file(folder)
        if log.exists() and log.stat().st_size > _LOG_BYTES:
            log.replace(log.with_suffix(".1"))
        binds = [word for address in addresses for word in ("--bind", address)]
        with log.open("a") as output:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "hypercorn",
                    _APPLICATION,
                    "--workers",
                    "0",
                    "--keep-alive",
                    "75",
                    "--pid",
                    str(pid_file(folder)),
                    *binds,
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=paths.ROOT,
                env=environment(folder, settings),
                start_new_session=True,
            )
    return process.pid


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """All that the process sees of the environment."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"STATE_DIR": str(folder / "state"), "TMPDIR": str(folder / "tmp"), **settings}


def log_file(folder: Path) -> Path:
    """Where it writes what it does."""
    return folder / "log"


def pid_file(folder: Path) -> Path:
    """Where it writes its process id."""
    return folder / "pid"


def running(folder: Path) -> int | None:
    """The id of the process that serves ``folder``, whether or not it answers; ``None`` when there is none."""
    try:
        pid = int(pid_file(folder).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if gone(pid):
        return None
    command = processes.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], limit=10).output
    return pid if _APPLICATION in command and str(pid_file(folder)) in command else None


def was_killed(folder: Path) -> bool:
    """Whether the process that served ``folder`` last ended without writing its state; not while it runs.

    In an orderly end it removes its process id's file.
    """
    return pid_file(folder).exists() and running(folder) is None


def starting(folder: Path, pid: int) -> bool:
    """Whether the process that was started in ``folder`` is alive; one that ended has served nothing to lose."""
    if gone(pid):
        pid_file(folder).unlink(missing_ok=True)
        return False
    return True


def gone(pid: int) -> bool:
    """Whether the process has ended, even where its parent has yet to take note."""
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        state = processes.run(["ps", "-o", "state=", "-p", str(pid)], limit=10).output.strip()
        return not state or state.startswith("Z")


def stop(pid: int) -> bool:
    """Ends the process in order, so that it writes its state; whether it did, or had to be killed."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _ORDERLY_SECONDS
    while not gone(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(_POLL_SECONDS)
    return True
