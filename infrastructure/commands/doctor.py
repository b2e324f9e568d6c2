"""Checks what a deploy needs of this machine, in a second or two, and changes nothing."""

import shutil
import sys
from dataclasses import asdict, dataclass
from typing import Any

from botocore.exceptions import BotoCoreError

from infrastructure.automation import plugins
from infrastructure.cloud import session
from infrastructure.errors import DeployError
from infrastructure.local import aws, aws_port, base_image
from infrastructure.stack.settings import Settings
from infrastructure.tools import disk, docker, engine, packages, paths, processes

_ROOM_MIB = 4096


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a deploy needs: what was ``found`` of it, and the remedy where that is not ``ok``."""

    name: str
    ok: bool
    found: str
    remedy: str = ""

    def __post_init__(self) -> None:
        if self.ok:
            object.__setattr__(self, "remedy", "")

    def as_json(self) -> dict[str, Any]:
        """The check's fields by name, as JSON-ready values."""
        return asdict(self)


def run_checks(settings: Settings) -> list[Check]:
    """The checks of everything that deploying the stack needs of this machine. Starts, installs and downloads nothing;
    raises nothing for what is missing."""
    checks = [_uv(), _python(), _git(), _docker(), _engine(settings), _plugins(settings)]
    checks += [_base_image(settings), _local_aws()] if settings.local else [_credentials(settings)]
    return [*checks, _disk()]


def _uv() -> Check:
    try:
        uv = packages.find_uv()
    except DeployError as error:
        return Check("uv", False, error.cause, error.remedy)
    return Check("uv", True, f"{uv}, {processes.run([uv, '--version'], limit=20).last_line}")


def _python() -> Check:
    number = ".".join(str(part) for part in sys.version_info[:3])
    return Check("Python", sys.version_info >= (3, 13), f"{number}, {sys.executable}", "Run bin/setup.")


def _git() -> Check:
    git = shutil.which("git")
    found = processes.run([git, "--version"], limit=20).last_line if git else "none"
    return Check("git", git is not None, found, "Install git: a release names its commit.")


def _docker() -> Check:
    try:
        endpoint = docker.endpoint()
    except DeployError as error:
        return Check("Docker", False, error.cause, error.remedy)
    if docker.is_running():
        return Check("Docker", True, f"{endpoint.host} ({endpoint.source})")
    remedy = "make deploy starts it, or on Debian and Ubuntu as root installs it."
    return Check("Docker", False, f"{endpoint.host} ({endpoint.source}) does not answer", remedy)


def _engine(settings: Settings) -> Check:
    installed = engine.installed()
    found = (
        f"{installed.version}, {installed.path}"
        if installed
        else f"none of version {engine.REQUIRED} or newer"
    )
    return Check("Pulumi engine", installed is not None, found, _by_deploy(settings))


def _plugins(settings: Settings) -> Check:
    absent = plugins.missing()
    if not absent:
        return Check("Pulumi plugins", True, str(plugins.Decision(official=True)))
    cause = disk.recent_failure(plugins.FAILURE)
    if settings.local and cause:
        return Check("Pulumi plugins", True, str(plugins.Decision(official=False, reason=cause)))
    found = f"not here: {', '.join(absent)}" + (f"; the last download failed: {cause}" if cause else "")
    return Check("Pulumi plugins", False, found, _by_deploy(settings))


def _base_image(settings: Settings) -> Check:
    recorded = base_image.recorded()
    ok = recorded is not None and docker.is_running() and base_image.is_here(recorded)
    return Check("base image", ok, recorded or "none chosen yet", _by_deploy(settings))


def _local_aws() -> Check:
    status = aws.status()
    found = str(status) if status.running or status.occupant else f"{status}; make deploy starts it"
    if status.occupant and not aws_port.is_chosen():
        return Check("local AWS", True, f"{status}; make deploy takes the next port that is free")
    remedy = f"Stop it, or set LOCAL_AWS_PORT={status.port + 1} in .env."
    return Check("local AWS", status.occupant is None, found, remedy)


def _credentials(settings: Settings) -> Check:
    """Whether there are credentials; not whether AWS takes them, which only AWS can say."""
    remedy = f"Log in (aws sso login, or AWS_PROFILE=…), then: make doctor STACK={settings.stack}"
    try:
        credentials = session.session(settings).get_credentials()
    except BotoCoreError as error:
        return Check("AWS credentials", False, str(error), remedy)
    found = f"from {credentials.method}" if credentials else "none"
    return Check("AWS credentials", credentials is not None, found, remedy)


def _by_deploy(settings: Settings) -> str:
    return f"make deploy STACK={settings.stack} sets it up."


def _disk() -> Check:
    free = min(disk.free_mebibytes(folder) for folder in (paths.cache(), paths.home()))
    found = f"{free / 1024:.1f} GiB free for {paths.cache()} and {paths.home()}"
    return Check(
        "disk space", free >= _ROOM_MIB, found, f"Free some: building takes {_ROOM_MIB // 1024} GiB."
    )
