"""The engine's plugins for AWS and Docker: Pulumi's own, or on a local stack the stand-in, ``local.plugin``."""

import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from infrastructure.errors import DeployError
from infrastructure.stack.settings import Settings
from infrastructure.terminal import display
from infrastructure.tools import credentials, disk, engine, paths, processes

NEEDED = {"aws": version("pulumi-aws"), "docker": version("pulumi-docker")}
"""The plugins that every stack uses, each in the version of its SDK."""

FAILURE = "the official Pulumi plugins"
"""The name under which ``disk`` remembers a failed download."""

_SOURCE = "https://get.pulumi.com"
_PROBE_SECONDS = 10
_DOWNLOAD_SECONDS = 900
_DOWNLOAD_MIB = 1536


@dataclass(frozen=True, slots=True)
class Decision:
    """Which plugins serve a stack: the ``official`` ones, or the stand-in, of which ``reason`` says why."""

    official: bool
    reason: str = ""

    def __str__(self) -> str:
        names = ", ".join(f"{name} {number}" for name, number in NEEDED.items())
        return f"official: {names}" if self.official else f"the stand-in ({self.reason})"


@contextmanager
def serve(settings: Settings) -> Iterator[dict[str, str]]:
    """Serves the plugins while the block runs; yields the environment variables by which the engine finds them, and
    they on a local stack the credential.

    Raises ``DeployError`` as ``decide`` does.
    """
    variables = credentials.made_before().environment() if settings.local else {}
    if decide(settings).official:
        yield variables
        return
    from infrastructure.local import plugin

    with plugin.serve() as addresses:
        yield variables | {"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true", **addresses}


def decide(settings: Settings) -> Decision:
    """The plugins for a stack: the official ones if they are here or can be downloaded, else the stand-in.

    A download that failed is not tried again for a day. The stand-in serves local stacks only: for others
    ``DeployError`` is raised.
    """
    if not (absent := missing()):
        return Decision(official=True)
    cause = disk.recent_failure(FAILURE) if settings.local else None
    if not cause:
        cause = _download(absent)
        if cause is None:
            return Decision(official=True)
        disk.record_failure(FAILURE, cause)
    if not settings.local:
        raise DeployError(
            f"Stack {settings.stack!r} needs the official Pulumi plugins, which cannot be downloaded: {cause}.",
            "Install them where there is a network: "
            + "; ".join(f"pulumi plugin install resource {name} {NEEDED[name]}" for name in absent),
        )
    return Decision(official=False, reason=cause)


def missing() -> list[str]:
    """The names of the official plugins that are not on this machine."""
    return [name for name, number in NEEDED.items() if not _installed(name, number)]


def _installed(name: str, number: str) -> bool:
    """Whether the engine finds the plugin by itself: in its own folder, or on PATH."""
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    executable = f"pulumi-resource-{name}"
    downloaded = home / "plugins" / f"resource-{name}-v{number}" / executable
    return os.access(downloaded, os.X_OK) or shutil.which(executable) is not None


def _download(names: list[str]) -> str | None:
    """Why the plugins cannot be downloaded; ``None`` when they were."""
    if cause := _unreachable():
        return cause
    disk.require_space(Path.home(), _DOWNLOAD_MIB, "to download the Pulumi plugins")
    pulumi = engine.resolve().path
    environment = {"PULUMI_SKIP_UPDATE_CHECK": "true"}
    with disk.lock_file(paths.cache() / "plugins.lock", "downloading the Pulumi plugins"):
        for name in names:
            with display.progress(
                f"Downloading the Pulumi plugin for {name}", "the stack's resources need it"
            ):
                outcome = processes.run(
                    [pulumi, "plugin", "install", "resource", name, NEEDED[name]],
                    limit=_DOWNLOAD_SECONDS,
                    environment=environment,
                )
            if not outcome.ok:
                return outcome.last_line
    return None


def _unreachable() -> str | None:
    """Why the plugins' source cannot be reached; ``None`` when it can. The download itself gives up after minutes."""
    try:
        urllib.request.build_opener().open(_SOURCE, timeout=_PROBE_SECONDS).close()
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        return f"{_SOURCE} cannot be reached ({getattr(error, 'reason', error)})"
    return None
