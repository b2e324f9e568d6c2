"""The environment of a function, read once and typed."""

import os
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from typing import Any, get_args

from variables import VARIABLES, BaseURL, BaseURLs, Environment, Sandboxes, Settings

__all__ = ["DEFAULT_SANDBOX", "Environment", "Settings", "SettingsError", "from_environment", "settings"]

DEFAULT_SANDBOX = "default"
"""The sandbox of a request whose token names none."""


class SettingsError(RuntimeError):
    """The environment is incomplete or wrong; the message names every variable at fault."""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings in ``environment``; :class:`SettingsError` when one is missing or not of its kind."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    for field, declared in Settings.__annotations__.items():
        variable = VARIABLES[field].name
        try:
            values[field] = _READERS[declared.__origin__](_given(environment.get(variable, "")))
        except ValueError as error:
            faults.append(f"{variable} {error}")
    if faults:
        raise SettingsError(f"the function's environment is wrong: {'; '.join(faults)}")
    return Settings(**values)


@cache
def settings() -> Settings:
    """This process's settings, read on first use. Raises :class:`SettingsError`."""
    return from_environment(os.environ)


def _given(text: str) -> str:
    if not text:
        raise ValueError("is missing")
    return text


def _one_of(choices: Any) -> Callable[[str], str]:
    """Reads one of a ``Literal``."""

    def read(text: str) -> str:
        if text not in get_args(choices):
            raise ValueError(f"is none of {', '.join(get_args(choices))}")
        return text

    return read


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise ValueError("is not a positive number")
    return int(text)


def _seconds(text: str) -> timedelta:
    if not (text.isdecimal() and int(text) > 0):
        raise ValueError("is not a positive number of seconds")
    return timedelta(seconds=int(text))


def _truth(text: str) -> bool:
    if text not in _TRUTHS:
        raise ValueError("is neither true nor false")
    return _TRUTHS[text]


_TRUTHS: Mapping[str, bool] = {"true": True, "false": False}
_READERS: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    BaseURL: lambda text: text.rstrip("/"),
    BaseURLs: lambda text: frozenset(url.rstrip("/") for url in text.split()),
    Environment: _one_of(Environment),
    Sandboxes: _one_of(Sandboxes),
    int: _count,
    bool: _truth,
    timedelta: _seconds,
}
"""What reads a variable, by the type of its field."""
