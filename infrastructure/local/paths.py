"""Where the local environment keeps its things."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project's root folder."""


def home() -> Path:
    """The git-ignored folder of this checkout's local state (``LOCAL_HOME``, default ``.local``)."""
    return Path(os.environ.get("LOCAL_HOME", ROOT / ".local")).absolute()


def cache() -> Path:
    """The user's folder of downloaded and built tools, shared by all checkouts (``PSN_EMULATOR_CACHE``)."""
    if override := os.environ.get("PSN_EMULATOR_CACHE"):
        return Path(override).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "psn-emulator"


def aws_port() -> int:
    """The port of the local AWS (``LOCAL_AWS_PORT``, default 4566)."""
    return int(os.environ.get("LOCAL_AWS_PORT", "4566"))


def aws_endpoint() -> str:
    """The base URL of the local AWS as seen from this machine."""
    return f"http://localhost:{aws_port()}"
