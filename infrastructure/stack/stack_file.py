"""Reads ``Pulumi.<stack>.yaml``: the settings that it gives, and what is wrong with it, by its keys."""

from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from infrastructure.stack.names import PROJECT
from seeding import strict_yaml

_ENGINES = frozenset({"encryptedkey", "encryptionsalt", "environment", "secretsprovider"})
"""What the engine itself keeps in the file."""
_AWS = frozenset({"region", "profile"})


def key(setting: str) -> str:
    """The key of a setting in the file, such as ``psn-emulator:log_level``."""
    return f"{'aws' if setting in _AWS else PROJECT}:{setting}"


def read_settings(path: Path, settings: Collection[str]) -> tuple[dict[str, Any], list[str]]:
    """The values that the file gives to ``settings``, by name, and what is wrong with its form and its keys."""
    try:
        content = strict_yaml.load(path) or {}
    except ValueError as error:
        return {}, [str(error)]
    config = (content.get("config") or {}) if isinstance(content, dict) else None
    if not isinstance(config, dict):
        return {}, ["config is not a mapping of keys to values"]
    if strangers := sorted(map(str, content.keys() - _ENGINES - {"config"})):
        return {}, [
            f"{name} is not a part of a stack's file{_suggestion(name, {'config'})}" for name in strangers
        ]
    known = {key(setting): setting for setting in settings}
    faults = [
        f"{name} is not a setting{_suggestion(str(name), known)}" for name in config if name not in known
    ]
    return {known[name]: value for name, value in config.items() if name in known}, faults


def fault_of(error: ErrorDetails) -> str:
    """An error of pydantic's in a line, with the key and the value where it is about one."""
    text = error["msg"].removeprefix("Value error, ").replace("valid tuple", "list")
    if not error["loc"]:
        return text
    setting, *within = map(str, error["loc"])
    name = ".".join([key(setting), *within])
    if error["type"] == "extra_forbidden":
        return f"{name} is not a setting"
    return f"{name}: {text} (it is {error['input']!r})"


def _suggestion(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.7)
    return f" (is {close[0]} meant?)" if close else ""
