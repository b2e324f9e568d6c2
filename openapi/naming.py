"""What the route table names, found: a ``module:name`` is a function, a class or a type of the application."""

import re
from collections.abc import Collection
from difflib import get_close_matches
from importlib import import_module
from importlib.util import find_spec
from typing import Any


class RowError(Exception):
    """Something that the row of a route says is not so; the message says what, without the row's name."""


def resolve(name: str) -> Any:
    """The object that ``module:name`` names. Raises :class:`RowError` where there is none."""
    path, _, attribute = name.partition(":")
    module = load(path)
    if not hasattr(module, attribute):
        raise RowError(f"{path} has no {attribute}{_meant(attribute, dir(module))}")
    return getattr(module, attribute)


def load(path: str) -> Any:
    """The module of that path. Raises :class:`RowError` where there is none."""
    try:
        is_there = find_spec(path) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise RowError(f"there is no module {path}")
    try:
        return import_module(path)
    except Exception as error:
        raise RowError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error


def require_known(name: str, known: Collection[str], what: str) -> None:
    """Raises :class:`RowError` unless ``name`` is one of ``known``; ``what`` says what they are."""
    if name not in known:
        raise RowError(f"there is no {what} {name}{_meant(name, known)}")


def _meant(name: str, known: Collection[str]) -> str:
    public = [one for one in known if not re.match("_", one)]
    close = get_close_matches(name, public, n=1)
    return f" (is {close[0]} meant?)" if close else ""
