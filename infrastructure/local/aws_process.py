"""The local AWS as a background process of this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.local import faults
from infrastructure.tools import disk, paths, private, processes

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
"""The environment variables that it inherits: none on which AWS tools, ministack or a proxy act."""

_LOG_BYTES = 8 << 20
_ORDERLY_SECONDS = 120
_POLL_SECONDS = 0.2


def start(folder: Path, addresses: tuple[str, ...], settings: Mapping[str, str]) -> int:
    """Starts the local AWS in ``folder``, listening on ``addresses`` (``host:port``); the process id.

    Returns before it answers. A log of more than 8 MiB is kept as ``log.1``, else it is appended to.
    """
    with disk.reporting_errors(folder):
        for name in ("state", "tmp"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        private.close_all(folder)
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
                umask=0o077,
            )
    return process.pid


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The environment variables of the process."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {"STATE_DIR": str(folder / "state"), "TMPDIR": str(folder / "tmp"), **settings}


def log_file(folder: Path) -> Path:
    """Its log."""
    return folder / "log"


def pid_file(folder: Path) -> Path:
    """The file with its process id, which it removes in an orderly end."""
    return folder / "pid"


def state_error(line: str, folder: Path) -> DeployError | None:
    """The error that the last ``line`` of its log tells of files of its state; ``None`` where there is none."""
    state = folder / "state"
    return faults.error_in(line, str(state), partial(faults.copy_command, state))


def running_pid(folder: Path) -> int | None:
    """The id of the process that serves ``folder``, even where it does not answer; ``None`` when there is none."""
    try:
        pid = int(pid_file(folder).read_text())
    except (FileNotFoundError, ValueError):
        return None
    if has_ended(pid):
        return None
    command = processes.run(["ps", "-ww", "-o", "command=", "-p", str(pid)], limit=10).output
    return pid if _APPLICATION in command and str(pid_file(folder)) in command else None


def was_killed(folder: Path) -> bool:
    """Whether the last process that served ``folder`` ended without writing its state."""
    return pid_file(folder).exists() and running_pid(folder) is None


def is_alive(folder: Path, pid: int) -> bool:
    """Whether the process just started in ``folder`` runs; one that ended has no state to lose."""
    if has_ended(pid):
        pid_file(folder).unlink(missing_ok=True)  # else ``was_killed`` would report a loss
        return False
    return True


def has_ended(pid: int) -> bool:
    """Whether the process has ended, even where its parent has not waited for it."""
    try:
        return os.waitpid(pid, os.WNOHANG) != (0, 0)
    except ChildProcessError:
        state = processes.run(["ps", "-o", "state=", "-p", str(pid)], limit=10).output.strip()
        return not state or state.startswith("Z")


def stop(pid: int) -> bool:
    """Terminates the process, which writes its state; ``False`` where it had to be killed after 120 seconds."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _ORDERLY_SECONDS
    while not has_ended(pid):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(_POLL_SECONDS)
    return True
