"""What the service says about itself; no pydantic, see ``models.responses``."""

from dataclasses import dataclass
from typing import Literal, NewType

from models.examples import Examples


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of ``GET /healthz``: ``checks`` has one entry per dependency."""

    status: Literal["ok", "unavailable"]
    image_tag: str
    checks: dict[str, Literal["ok", "unavailable"]]


@dataclass(frozen=True, slots=True)
class Root:
    """The answer of ``GET /``: name and version, and in ``links`` the URLs to start with, by relation.

    ``release`` is the version with its origin as build metadata, such as ``0.1.0+0f3c9e1d2b4a.dirty``.
    """

    name: str
    version: str
    release: str
    environment: str
    links: dict[str, str]


Description = NewType("Description", dict[str, object])
"""An OpenAPI 3.1 document."""


def examples() -> Examples:
    """See ``models.examples``."""
    tag, issuer = "20260101-120000-0123abcd", "https://api.example"
    links = {"self": f"{issuer}/", "players": f"{issuer}/players"}
    return {
        Health: {
            "200": Health("ok", tag, {"table": "ok"}),
            "503": Health("unavailable", tag, {"table": "unavailable"}),
        },
        Root: {"A release": Root("PSN Partner Emulator", "0.1.0", "0.1.0+0f3c9e1d2b4a", "dev", links)},
        Description: {"The least there is": Description({"openapi": "3.1.1"})},
    }
