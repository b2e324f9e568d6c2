"""The body that declares a sandbox, and the parameters of the routes of sandboxes."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag
from pydantic_core import PydanticCustomError

from models.examples import Examples
from models.players_query import DEFAULT_LIMIT, MAX_LIMIT, Limit
from models.sandbox_document import EXAMPLE, Duration, SandboxDocument

SHORTEST_TTL = timedelta(minutes=1)
LONGEST_TTL = timedelta(days=30)
MAX_PLAYERS = 1000

type NamedSeed = Literal["empty", "default", "large-1000"]


def _kind(seed: Any) -> str:
    return "document" if isinstance(seed, dict | SandboxDocument) else "name"


def _within(ttl: timedelta) -> timedelta:
    if not SHORTEST_TTL <= ttl <= LONGEST_TTL:
        raise PydanticCustomError("ttl", "Input should be from PT1M to P30D")
    return ttl


def _whole(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_PLAYERS))):
        raise PydanticCustomError("limit", f"Input should be a whole number from 1 to {MAX_PLAYERS}")
    return int(text)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class SandboxBody(_Part):
    """The body of ``PUT /_emulator/sandboxes/{name}``; what is left out goes back to its default.

    ``seed`` is a name or a document, ``seed_number`` what generated data follows from. ``ttl`` is how long the sandbox
    lives from now on, an ISO 8601 duration from PT1M to P30D, by default P7D. One that is ``strict`` must be declared
    before it is used.
    """

    seed: Annotated[
        Annotated[NamedSeed, Tag("name")] | Annotated[SandboxDocument, Tag("document")], Discriminator(_kind)
    ] = "default"
    seed_number: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0
    ttl: Annotated[Duration, AfterValidator(_within)] | None = None
    strict: bool = False


class SandboxesQuery(_Part):
    """The parameters of ``GET /_emulator/sandboxes``."""

    limit: Limit = Field(
        DEFAULT_LIMIT,
        description=f"How many sandboxes a page has at the most, up to {MAX_LIMIT}; {DEFAULT_LIMIT} when left out.",
    )
    cursor: str | None = Field(None, description="Where the page before ended: its `next_cursor`.")


class ExportQuery(_Part):
    """The parameters of ``GET /_emulator/sandboxes/{name}/export``."""

    limit: Annotated[int, Field(ge=1, le=MAX_PLAYERS), BeforeValidator(_whole)] = Field(
        MAX_PLAYERS, description=f"How many players a page has at the most; {MAX_PLAYERS} when left out."
    )
    cursor: str | None = Field(None, description="Where the page before ended: its `next_cursor`.")


class ImportQuery(_Part):
    """The parameters of ``POST /_emulator/sandboxes/{name}/import``."""

    continued: str | None = Field(
        None, alias="continue", description="For every page but the first: the `next_page` of the one before."
    )


def examples() -> Examples:
    """See ``models.examples``."""
    return {
        SandboxBody: {
            "Two hours": {"ttl": "PT2H"},
            "A thousand players": {"seed": "large-1000", "seed_number": 7, "ttl": "PT2H"},
            "A document": {"seed": EXAMPLE, "ttl": "PT2H", "strict": True},
        }
    }
