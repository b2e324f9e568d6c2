"""The clock of a sandbox."""

from datetime import datetime, timedelta
from typing import Any

from .api import Api, duration


class Clock:
    """The clock of the sandbox at ``path``: what it shows, and what changes that. Every change answers what the API
    tells of the clock, among others the tokens that have fallen ``due``.

    Each method raises ``EmulatorError``.
    """

    def __init__(self, api: Api, path: str) -> None:
        self._api = api
        self._path = f"{path}/clock"

    @property
    def now(self) -> datetime:
        """The time that the clock shows, in UTC."""
        shown: str = self._api.operate("GET", self._path)["data"]["now"]
        return datetime.fromisoformat(shown.replace("Z", "+00:00"))

    def advance(self, length: timedelta | float | str) -> dict[str, Any]:
        """Shows a time later by a ``timedelta``, seconds, or an ISO 8601 duration such as ``PT1H``; with a minus
        before it, an earlier one."""
        text = duration(length)
        backwards = {"allow_backwards": True} if text.startswith("-") else {}
        return self._change({"advance": text, **backwards})

    def set(self, now: datetime | str, *, freeze: bool = False) -> dict[str, Any]:
        """Shows ``now``, an aware time; with ``freeze`` it stands still there."""
        return self._change({"now": now, "freeze": freeze, "allow_backwards": True})

    def freeze(self) -> dict[str, Any]:
        """Stands still."""
        return self._change({"freeze": True})

    def unfreeze(self) -> dict[str, Any]:
        """Goes on from where it stands."""
        return self._change({"freeze": False})

    def reset(self) -> dict[str, Any]:
        """Shows real time again."""
        return self._change({"reset": True})

    def _change(self, body: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self._api.operate("PUT", self._path, body)["data"]
        return told
