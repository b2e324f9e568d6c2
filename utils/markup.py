"""HTML from templates; every value is escaped unless it is :class:`Markup`."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


def markup(template: str, **values: str) -> Markup:
    """``template`` with ``{name}`` replaced by the value of that name, escaped unless it is :class:`Markup`.

    Safe for placeholders between tags and in quoted attributes only; elsewhere (scripts, styles, tag names) escaping
    is not enough. Raises ``KeyError`` for a placeholder without a value.
    """
    safe = {name: value if isinstance(value, Markup) else escape(value) for name, value in values.items()}
    return Markup(template.format_map(safe))


def joined(parts: Iterable[Markup]) -> Markup:
    """The ``parts`` joined without a separator."""
    return Markup("".join(parts))
