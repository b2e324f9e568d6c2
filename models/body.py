"""Bodies as plain dataclasses: a module may hold what a route takes beside what it answers, and yet not load pydantic.

Pydantic reads the dataclass where one is validated, which only a function that takes bodies does.
"""

from collections.abc import Callable
from typing import Any, ClassVar


class Body:
    """The root of such bodies. As in every body of the API, fields that are not known are refused, and values are not
    converted from one type to another."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {"extra": "forbid", "strict": True, "hide_input_in_errors": True}


class MaxLength:
    """In ``Annotated[str, MaxLength(4096)]``: the most characters that a text may have."""

    def __init__(self, characters: int) -> None:
        self._characters = characters

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        """Pydantic's own constraint (its documentation: "Custom types", annotations as metadata)."""
        return {**handler(source), "max_length": self._characters}
