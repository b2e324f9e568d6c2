"""What the route table names as ``module:name``."""

from importlib import import_module
from typing import Any


def named(name: str) -> Any:
    """The object of that name, its module imported."""
    module, _, attribute = name.partition(":")
    return getattr(import_module(module), attribute)
