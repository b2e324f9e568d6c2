"""The part of bodies that says which requests are meant."""

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from models.matching import Match
from routes import SERVICE_SEGMENTS

_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - the name that RFC 9110 section 5.6.2 gives it
_SEGMENT: Final = re.compile(r"\*|\{[A-Za-z_]+\}|[^*{}?#]*")


def _pattern(path: str) -> str:
    """Refuses what matches no request to the partner's routes, or another than it seems to."""
    segments = path.removeprefix("/").split("/")
    if segments[0] in {"s", *SERVICE_SEGMENTS}:
        raise PydanticCustomError(
            "path",
            "Input should be a path of the partner's, as it is under the base URL: without /s/<name>, and none that"
            " only the emulator has",
        )
    *before, last = segments
    if not all(map(_SEGMENT.fullmatch, before)) or not (last == "**" or _SEGMENT.fullmatch(last)):
        raise PydanticCustomError(
            "path",
            "Input should be a path without a query; a * or a {name} should be a whole segment of it, and ** its"
            " last one",
        )
    return path


type PathPattern = Annotated[
    str, Field(min_length=1, max_length=1024, pattern="^/"), AfterValidator(_pattern)
]
"""A path with ``*`` or ``{name}`` for a segment and ``**`` for the rest."""
type HTTPMethod = Annotated[
    str, Field(max_length=32, pattern=r"^[A-Za-z]+$"), AfterValidator(lambda method: method.upper())
]
type HeaderName = Annotated[str, Field(max_length=128, pattern=f"^{_TOKEN}$")]
type HeaderValue = Annotated[str, Field(max_length=1024)]
type _Name = Annotated[str, Field(min_length=1, max_length=255)]


class MatchBody(BaseModel):
    """Which requests are meant: those that have all of this; what is left out says nothing.

    ``path`` is under the base URL, with ``*`` for one segment and ``**`` at its end for the rest, or as this document
    writes it, such as ``/players/{player_id}``. ``sub`` and ``client_id`` are the caller's, ``player_id`` the player's
    in the path; ``header`` has the values of headers.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    method: HTTPMethod | None = None
    path: PathPattern | None = None
    sub: _Name | None = None
    client_id: _Name | None = None
    player_id: _Name | None = None
    header: Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)] = {}

    def to_match(self) -> Match:
        """What it says, without pydantic."""
        said: dict[str, Any] = {name: getattr(self, name) for name in MatchBody.model_fields}
        return Match(**said)
