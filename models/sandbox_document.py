"""The state of a sandbox as a document: what a seed may be, and what an export is and an import takes."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from models import durations
from models.examples import Examples
from models.player_body import PlayerBody
from models.responses import PageMeta
from models.result_body import Moment
from models.sandbox_accounts import ClientEntry, UserEntry

MOST_ACCOUNTS = 1000
"""How many users, and how many clients, a document may have."""
MOST_PLAYERS = 2000
"""How many players a document may have: as many as can be written while the gateway waits."""
MOST_PASSWORDS = 200
"""How many passwords and secrets a document may have that are yet to be hashed, each for about 50 ms."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MOMENT = datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)
_EXAMPLE_MOMENT = datetime(2026, 1, 1, 12, tzinfo=UTC)

type PlayerID = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
type Total = Annotated[int, Field(ge=0, le=10**18)]
type Version = Annotated[int, Field(ge=1, le=10**15)]


def _duration(value: Any) -> timedelta:
    """``value`` as a duration; pydantic's own parser would accept more than ISO 8601."""
    try:
        return durations.parse(value)
    except (TypeError, ValueError):
        raise PydanticCustomError(
            "time_delta", "Input should be an ISO 8601 duration of weeks, days, hours, minutes and seconds"
        ) from None


type Duration = Annotated[
    timedelta, BeforeValidator(_duration), WithJsonSchema({"type": "string", "format": "duration"})
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class PlayerEntry(PlayerBody):
    """A player, with the fields of ``POST /players`` and what the emulator sets otherwise.

    Without ``created_at`` the player is created when the document is taken up, without ``player_id`` it has one that
    follows from that time and the username.
    """

    player_id: PlayerID | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None
    version: Version = 1


class StatsEntry(_Part):
    """A player's sums and maxima; the player is one of the same document, named by ``player_id`` or ``username``."""

    player_id: PlayerID | None = None
    username: str | None = None
    matches_played: Total = 0
    wins: Total = 0
    losses: Total = 0
    draws: Total = 0
    score_total: Total = 0
    score_best: Total = 0
    playtime_seconds: Total = 0
    experience: Total = 0
    bronze: Total = 0
    silver: Total = 0
    gold: Total = 0
    platinum: Total = 0
    last_played_at: Moment | None = None
    version: Version = 1

    @model_validator(mode="after")
    def _of_one_player(self) -> Self:
        if (self.player_id is None) == (self.username is None):
            raise PydanticCustomError("player", "Input should have either player_id or username")
        return self


class ClockEntry(_Part):
    """The sandbox's clock: ``offset`` from real time, or ``frozen_at``, where it stands still."""

    offset: Duration = timedelta()
    frozen_at: Moment | None = None

    @model_validator(mode="after")
    def _within_years(self) -> Self:
        try:
            is_within = datetime.now(UTC) + self.offset >= _EPOCH
        except OverflowError:
            is_within = False
        if not is_within or not _EPOCH <= (self.frozen_at or _EPOCH) <= _LAST_MOMENT:
            raise PydanticCustomError("clock", "Input should be a time of the years 1970 to 9998")
        return self


class SandboxDocument(_Part):
    """The state of a sandbox.

    ``users`` and ``clients`` that are left out are the stack's, empty lists are none. ``is_last`` is false in all pages
    of an export but the last; users, clients and clock stand in the first.
    """

    users: Annotated[tuple[UserEntry, ...], Field(max_length=MOST_ACCOUNTS, strict=False)] | None = None
    clients: Annotated[tuple[ClientEntry, ...], Field(max_length=MOST_ACCOUNTS, strict=False)] | None = None
    players: Annotated[tuple[PlayerEntry, ...], Field(max_length=MOST_PLAYERS, strict=False)] = ()
    statistics: Annotated[tuple[StatsEntry, ...], Field(max_length=MOST_PLAYERS, strict=False)] = ()
    clock: ClockEntry | None = None
    is_last: bool = True

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        users, clients = self.users or (), self.clients or ()
        subjects = [str(user.subject) for user in users if user.subject is not None]
        ids = {player.player_id for player in self.players}
        names = {_folded(player.username) for player in self.players}
        told = [
            (entry.player_id, "" if entry.username is None else _folded(entry.username))
            for entry in self.statistics
        ]
        secret = [*(user.password for user in users), *(client.secret for client in clients)]
        for fault, is_there in (
            ("two users have the same username", _repeats(user.username.casefold() for user in users)),
            ("two users have the same subject", _repeats(subjects)),
            ("two clients have the same client_id", _repeats(client.client_id for client in clients)),
            (
                "a client has a user's subject for its client_id",
                bool({*subjects} & {client.client_id for client in clients}),
            ),
            ("two players have the same username", len(names) < len(self.players)),
            ("two players have the same email", _repeats(_folded(player.email) for player in self.players)),
            (
                "two players have the same player_id",
                _repeats(player.player_id for player in self.players if player.player_id),
            ),
            ("a player has two statistics", _repeats(told)),
            (
                "statistics are of a player who is not in the document",
                any(player_id not in ids if player_id else name not in names for player_id, name in told),
            ),
            (
                f"more than {MOST_PASSWORDS} passwords and secrets are not hashed",
                sum(one is not None for one in secret) > MOST_PASSWORDS,
            ),
        ):
            if is_there:
                raise PydanticCustomError("document", "{fault}", {"fault": fault[0].upper() + fault[1:]})
        return self


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold())


def _repeats(values: Iterable[object]) -> bool:
    listed = list(values)
    return len(set(listed)) < len(listed)


@dataclass(frozen=True, slots=True)
class Export:
    """A page of a sandbox's state; ``next_cursor`` is ``None`` on the last page only."""

    data: SandboxDocument
    meta: PageMeta


EXAMPLE = {
    "users": [
        {
            "username": "kim",
            "password": "a-password-of-tests",
            "email": "kim@example.com",
            "scopes": ["openid", "players:read", "emulator:admin"],
        }
    ],
    "clients": [],
    "players": [{"username": "Atreus", "email": "atreus@example.com", "country": "GR"}],
    "statistics": [{"username": "Atreus", "matches_played": 3, "wins": 2, "losses": 1}],
}


def examples() -> Examples:
    """See ``models.examples``."""
    exported = SandboxDocument.model_construct(
        players=(
            PlayerEntry.model_construct(
                player_id="0197d5c2-7d30-7c8e-b0c4-6f9a3d5e2b11",
                username="Atreus",
                email="atreus@example.com",
                display_name="Atreus",
                created_at=_EXAMPLE_MOMENT,
                updated_at=_EXAMPLE_MOMENT,
            ),
        ),
        clock=ClockEntry(),
    ).model_dump(mode="json", exclude_none=True)
    return {
        SandboxDocument: {"A user and a player": EXAMPLE},
        Export: {"The last page": {"data": exported, "meta": PageMeta("Yk3rDj9hIAMEPVA=", None, 1000)}},
    }
