"""HTML from templates, with everything that is put into them escaped."""

from collections.abc import Iterable
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def markup(template: str, **values: str) -> Markup:
    """``template``, which is HTML with ``{name}`` where a value belongs; all but :class:`Markup` is escaped.

    A value belongs between tags or into a quoted attribute; nowhere else is escaping enough.
    """
    safe = {name: one if isinstance(one, Markup) else escape(one) for name, one in values.items()}
    return Markup(template.format_map(safe))


def joined(parts: Iterable[Markup]) -> Markup:
    """The ``parts`` one after another."""
    return Markup("".join(parts))
