"""Starts a Docker engine that is installed but not running, and installs one for root on Debian and Ubuntu."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.terminal import display
from infrastructure.tools import disk, paths, processes

Ping = Callable[[], str | None]
"""Asks the engine for an answer: ``None``, or the reason why there is none."""

_START_SECONDS = 60
_SETTLING_SECONDS = 2
_DESKTOP_SECONDS = 180
_INSTALL_SECONDS = 900
_INSTALL_MIB = 1024
_PID_FILES = {
    "dockerd": Path("/var/run/docker.pid"),
    "containerd": Path("/var/run/docker/containerd/containerd.pid"),
}
_EXTRA_PATH = ":/usr/sbin:/sbin:/usr/local/sbin"
_SYSTEMD = Path("/run/systemd/system")
_DESKTOP = Path("/Applications/Docker.app")
_HOW = "Install Docker (https://docs.docker.com/engine/install/) and start it, then run this again."


def start(ping: Ping) -> None:
    """Starts the installed engine on the default socket; for root on Debian and Ubuntu installs one before.

    Raises ``DeployError`` when neither is possible, or when the started engine does not answer.
    """
    with disk.lock_file(paths.cache() / "docker.lock", "starting Docker"):
        if ping() is None:
            return
        if sys.platform == "darwin":
            _start_desktop(ping)
        elif not is_root():
            _start_rootless(ping)
        else:
            if not executable():
                _install()
                if wait(ping, _SETTLING_SECONDS) is None:  # its package may have started it
                    return
            _start_system(ping)


def is_root() -> bool:
    """Whether this user is root."""
    return os.geteuid() == 0


def executable() -> str | None:
    """The path of ``dockerd``; ``None`` when it is not installed."""
    return shutil.which("dockerd", path=os.environ.get("PATH", "") + _EXTRA_PATH)


def can_install() -> bool:
    """Whether this is Debian or Ubuntu, whose packages ``apt_install`` installs."""
    return bool(shutil.which("apt-get"))


def launch(ping: Ping, folder: Path, arguments: Sequence[str] = ()) -> None:
    """Starts ``dockerd`` in the background, with log and pid file in ``folder``; returns when it answers.

    Raises ``DeployError`` with the last line of its log when it does not within a minute.
    """
    program = executable()
    if not program:
        raise DeployError("Docker is not installed.", _HOW)
    _remove_stale_pid_files()
    with disk.reporting_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "dockerd.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
            )
    disk.replace_file(folder / "dockerd.pid", f"{process.pid}\n")
    cause = wait(ping, _START_SECONDS, lambda: process.poll() is None)
    if cause:
        lines = log.read_text(errors="replace").splitlines()
        raise DeployError(
            f"The Docker engine was started but does not answer: {lines[-1] if lines else cause}",
            f"Read {log}, then start Docker by hand.",
        )


def _remove_stale_pid_files() -> None:
    """Removes the pid files of an engine that was killed.

    ``dockerd`` takes any process with the number in such a file for its own: it would refuse to start, or wait for a
    containerd that does not exist.
    """
    for name, file in _PID_FILES.items():
        if file.exists() and not _is_running(name, file.read_text().strip()):
            file.unlink(missing_ok=True)


def _is_running(name: str, pid: str) -> bool:
    try:
        number, rest = Path("/proc", pid, "stat").read_text().split(" (", 1)
    except (OSError, ValueError):
        return False
    command, fields = rest.rsplit(") ", 1)
    return number == pid and command == name and not fields.startswith("Z")


def wait(ping: Ping, seconds: float, alive: Callable[[], bool] = lambda: True) -> str | None:
    """Pings until the engine answers; ``None``, or the reason after ``seconds`` or when it is not ``alive``."""
    deadline = time.monotonic() + seconds
    while cause := ping():
        if time.monotonic() > deadline or not alive():
            return cause
        time.sleep(0.2)
    return None


def _start_desktop(ping: Ping) -> None:
    if not _DESKTOP.exists():
        raise DeployError(
            "Docker is not running.", "Start it, or install Docker Desktop, then run this again."
        )
    with display.progress("Starting Docker Desktop", "the functions run in containers"):
        processes.run(["open", "--background", "-a", "Docker"], limit=30)
        if cause := wait(ping, _DESKTOP_SECONDS):
            raise DeployError(
                f"Docker Desktop was started but does not answer: {cause}", "Look at its window."
            )


def _start_rootless(ping: Ping) -> None:
    unit = Path.home() / ".config/systemd/user/docker.service"
    if unit.exists() and processes.run(["systemctl", "--user", "start", "docker"], limit=60).ok:
        with display.progress("Starting this user's own Docker", "the functions run in containers"):
            if wait(ping, _START_SECONDS) is None:
                return
    if executable():
        raise DeployError(
            "Docker is installed but not running, and starting it takes root.",
            "Run: sudo systemctl start docker (or: sudo service docker start).",
        )
    raise DeployError("Docker is not installed, and installing it takes root.", _HOW)


def _start_system(ping: Ping) -> None:
    with display.progress("Starting the Docker engine", "the functions run in containers"):
        if not _SYSTEMD.exists() or not processes.run(["systemctl", "start", "docker"], limit=90).ok:
            launch(ping, paths.cache() / "docker")
        elif cause := wait(ping, _START_SECONDS):
            raise DeployError(
                f"Docker was started but does not answer: {cause}", "Read: journalctl -u docker"
            )


def _install() -> None:
    if not can_install():
        raise DeployError("Docker is not installed.", _HOW)
    disk.require_space(Path("/var/lib"), _INSTALL_MIB, "to install Docker")
    with display.progress("Installing Docker (docker.io)", "the functions run in containers"):
        apt_install("docker.io")
    if not executable():
        raise DeployError("The package docker.io was installed, but there is no dockerd.", _HOW)


def apt_install(package: str) -> None:
    """Installs a package with apt, after an update of the package lists. Raises ``DeployError`` when that fails."""
    options = ["-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
    environment = {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", package]):
        outcome = processes.run(
            ["apt-get", *options, *command], limit=_INSTALL_SECONDS, environment=environment
        )
    if not outcome.ok:
        raise DeployError(
            f"The package {package} cannot be installed: {outcome.last_line}",
            f"Try it by hand: apt-get install {package}",
        )
