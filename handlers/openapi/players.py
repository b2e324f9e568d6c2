"""The routes of players and of their statistics."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, Field

from handlers.idempotency import HEADER, KEY_PATTERN, REPLAYED
from handlers.openapi.operation import Answer, Body, Operation, Parameter
from handlers.openapi.samples import META, PAGE_META, PLAYER, STATS
from models.player import Player
from models.player_body import PlayerBody
from models.players_query import DEFAULT_LIMIT, PlayersQuery
from models.responses import APIResponse, PageResponse
from models.result_body import ResultBody
from models.stats import Stats
from services.idempotency import IdempotencyKeyInUseException, IdempotencyKeyReusedException
from services.players.players import (
    EmailTakenException,
    PlayerNotFoundException,
    UsernameTakenException,
)
from utils.errors import InvalidCursorException, ValidationException, VersionConflictException

_PLAYER_ID: Final = Parameter(
    "player_id", "path", "The player's id, a UUIDv7.", example=PLAYER.player_id, required=True
)
_IDEMPOTENCY_KEY: Final = Parameter(
    HEADER,
    "header",
    "Sent again with the same key within 24 hours, the request is carried out once and answered the same.",
    Annotated[str, Field(pattern=f"^{KEY_PATTERN}$")],
)
_ONCE: Final = (IdempotencyKeyReusedException, IdempotencyKeyInUseException)
_IF_MATCH: Final = Parameter("If-Match", "header", "The `ETag` that the change is meant for; `*` for any.")
_IF_NONE_MATCH: Final = Parameter(
    "If-None-Match", "header", "The `ETag` that the caller has; the answer is 304 if it still holds."
)
_KNOWN: Final = Answer("The caller has it already.", headers=("ETag",))
_STATS: Final = APIResponse(STATS, META)
_PLAYER: Final = APIResponse(PLAYER, META)
_TAKEN: Final = (UsernameTakenException, EmailTakenException)
_BODIES: Final = (
    Body(
        PlayerBody,
        {
            "The least there is": {"username": PLAYER.username, "email": PLAYER.email},
            "All there is": {
                "username": PLAYER.username,
                "email": PLAYER.email,
                "display_name": PLAYER.display_name,
                "country": PLAYER.country,
                "language": PLAYER.language,
                "status": "suspended",
            },
        },
    ),
)


def _onward(player_id: str) -> dict[str, dict[str, str]]:
    """The links to everything about the player whose id is where ``player_id`` says."""
    names = ("players-get", "players-update", "players-delete", "stats-get", "stats-post")
    return {name: {"player_id": player_id} for name in names}


def _of_query(model: type[BaseModel], told: Mapping[str, str]) -> tuple[Parameter, ...]:
    """The parameters that are the fields of ``model``, each with what is told of it."""
    return tuple(
        Parameter(name, "query", told[name], field.annotation) for name, field in model.model_fields.items()
    )


OPERATIONS: Final[Mapping[str, Operation]] = {
    "players-create": Operation(
        tag="Players",
        summary="Create a player",
        description="Username and e-mail address are unique in the sandbox, whatever their case.",
        parameters=(_IDEMPOTENCY_KEY,),
        bodies=_BODIES,
        answers={
            201: Answer(
                "The player.",
                APIResponse[Player],
                _PLAYER,
                headers=("Location", "ETag"),
                sometimes=(REPLAYED,),
                links=_onward("$response.body#/data/player_id"),
            )
        },
        errors=(*_TAKEN, *_ONCE),
    ),
    "players-list": Operation(
        tag="Players",
        summary="List players",
        description="In order of creation, a page at a time; players that come or go meanwhile do not disturb.",
        parameters=_of_query(
            PlayersQuery,
            {
                "limit": f"How many players a page has at the most; {DEFAULT_LIMIT} when left out.",
                "cursor": "Where the page before ended: its `next_cursor`.",
                "username": "Only the one who has this username, whatever the case.",
                "email": "Only the one who has this e-mail address, whatever the case.",
                "country": "Only those of this country.",
                "status": "Only those of this status.",
                "sort": "In order of creation; with a minus the latest first.",
            },
        ),
        answers={
            200: Answer(
                "A page of players. The header `Link` leads to the next one, if there is one.",
                PageResponse[Player],
                PageResponse([PLAYER], PAGE_META),
                sometimes=("Link",),
                links={
                    **_onward("$response.body#/data/0/player_id"),
                    "players-list": {"cursor": "$response.body#/meta/next_cursor"},
                },
            )
        },
        errors=(InvalidCursorException, ValidationException),
    ),
    "players-get": Operation(
        tag="Players",
        summary="Read a player",
        parameters=(_PLAYER_ID, _IF_NONE_MATCH),
        answers={
            200: Answer("The player.", APIResponse[Player], _PLAYER, headers=("ETag",)),
            304: _KNOWN,
        },
        errors=(PlayerNotFoundException,),
    ),
    "players-update": Operation(
        tag="Players",
        summary="Replace a player",
        description="What the body leaves out goes back to its default.",
        parameters=(_PLAYER_ID, _IF_MATCH),
        bodies=_BODIES,
        answers={200: Answer("The player as it is now.", APIResponse[Player], _PLAYER, headers=("ETag",))},
        errors=(PlayerNotFoundException, VersionConflictException, *_TAKEN),
    ),
    "players-delete": Operation(
        tag="Players",
        summary="Delete a player with its statistics",
        parameters=(_PLAYER_ID, _IF_MATCH),
        answers={204: Answer("The player is gone.")},
        errors=(PlayerNotFoundException, VersionConflictException),
    ),
    "stats-get": Operation(
        tag="Statistics",
        summary="Read a player's statistics",
        description="A new player's are zeros.",
        parameters=(_PLAYER_ID, _IF_NONE_MATCH),
        answers={
            200: Answer("The statistics.", APIResponse[Stats], _STATS, headers=("ETag",)),
            304: _KNOWN,
        },
        errors=(PlayerNotFoundException,),
    ),
    "stats-post": Operation(
        tag="Statistics",
        summary="Add the result of a match",
        description="Atomically: of results that arrive at once, every one is counted.",
        parameters=(_PLAYER_ID, _IF_MATCH, _IDEMPOTENCY_KEY),
        bodies=(
            Body(
                ResultBody,
                {
                    "A win": {
                        "outcome": "win",
                        "score": 1900,
                        "playtime_seconds": 1800,
                        "experience": 500,
                        "trophies": {"bronze": 1},
                        "played_at": "2026-01-02T08:30:00Z",
                    },
                    "A draw just now": {"outcome": "draw"},
                },
            ),
        ),
        answers={
            200: Answer(
                "The statistics as they are now.",
                APIResponse[Stats],
                APIResponse(STATS, META),
                headers=("ETag",),
                sometimes=(REPLAYED,),
            )
        },
        errors=(PlayerNotFoundException, VersionConflictException, *_ONCE),
    ),
}
