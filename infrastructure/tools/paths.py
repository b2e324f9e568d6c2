"""The folders and addresses of the local environment."""

import os
from pathlib import Path

from infrastructure.errors import DeployError

ROOT = Path(__file__).resolve().parents[2]
"""The project's root folder."""
MACHINE = "host.docker.internal"
"""The host name by which containers reach the machine of the local AWS."""


def home() -> Path:
    """The git-ignored folder of this checkout's local state: ``LOCAL_HOME``, by default ``.local``."""
    return Path(os.environ.get("LOCAL_HOME") or ROOT / ".local").absolute()


def cache() -> Path:
    """The user's folder of downloaded and built tools, which all checkouts share.

    That is ``PSN_EMULATOR_CACHE``, by default ``psn-emulator`` in the user's cache folder.
    """
    if override := os.environ.get("PSN_EMULATOR_CACHE"):
        return Path(override).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "psn-emulator"


def aws_port() -> int:
    """The port of the local AWS: ``LOCAL_AWS_PORT``, by default 4566. Raises ``DeployError`` when that is no port."""
    port = os.environ.get("LOCAL_AWS_PORT") or "4566"
    if not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise DeployError(
            f"LOCAL_AWS_PORT is {port!r}, which is no port.", "Give it a number from 1 to 65535."
        )
    return int(port)


def aws_endpoint() -> str:
    """The base URL of the local AWS on this machine."""
    return f"http://localhost:{aws_port()}"


def aws_endpoint_for_functions() -> str:
    """The base URL of the local AWS in the functions' containers, which cannot reach this machine's loopback."""
    return f"http://{MACHINE}:{aws_port()}"
