"""The players' routes."""

from functools import partial
from urllib.parse import urlencode

from handlers.conditional import if_match, versioned, versioned_or_not_modified
from handlers.dispatch import prefetch, preload
from handlers.idempotency import IdempotentRequest, record_keys
from models.player import Player
from models.responses import PageMeta, PageResponse
from services.players import listing, player_items, players
from utils.etags import Versioned
from utils.http import Request, Response
from utils.settings import settings
from utils.writes import Key, Put

_CREATE = "players-create"


def _player_keys(request: Request) -> list[Key]:
    return player_items.player_keys(request.sandbox, request.path_parameters["player_id"])


def _cursor_secret(request: Request) -> list[Key]:
    return [listing.secret_key(request.sandbox)]


@preload("models.player_body", "uuid_utils")
@prefetch(partial(record_keys, route=_CREATE))
def create(request: Request) -> Response:
    """``POST /players``: 201 with the player and its ``Location``."""
    from models.player_body import PlayerBody

    body = request.body(PlayerBody)
    idempotent = IdempotentRequest.from_request(request, _CREATE)

    def answer(player: Versioned[Player]) -> Response:
        location = settings().url(f"/players/{player.value.player_id}")
        return versioned(request, player, status=201, headers={"Location": location})

    def record(player: Versioned[Player]) -> list[Put]:
        return idempotent.writes(answer(player))

    return idempotent.execute(lambda: answer(players.create(request.sandbox, body, record)))


@preload("models.players_query")
@prefetch(_cursor_secret)
def index(request: Request) -> Response:
    """``GET /players``: a page of players, and the URL of the next one in ``Link`` (RFC 8288)."""
    from models.players_query import PlayersQuery

    query = request.parameters(PlayersQuery)
    page = listing.page(request.items, request.sandbox, query)
    headers = {}
    if page.next_cursor:
        next_query = {
            **query.model_dump(exclude_defaults=True),
            "limit": query.limit,
            "cursor": page.next_cursor,
        }
        headers["Link"] = f'<{settings().url("/players")}?{urlencode(next_query)}>; rel="next"'
    meta = PageMeta(request.request_id, page.next_cursor, query.limit)
    return Response(200, PageResponse(page.players, meta), headers)


@prefetch(_player_keys)
def show(request: Request) -> Response:
    """``GET /players/{player_id}``: the player."""
    player_id = request.path_parameters["player_id"]
    return versioned_or_not_modified(request, players.find(request.items, request.sandbox, player_id))


@preload("models.player_body")
@prefetch(_player_keys)
def update(request: Request) -> Response:
    """``PUT /players/{player_id}``: the player as it is then."""
    from models.player_body import PlayerBody

    player_id = request.path_parameters["player_id"]
    body = request.body(PlayerBody)
    player = players.replace(request.items, request.sandbox, player_id, body, if_match(request))
    return versioned(request, player)


@prefetch(_player_keys)
def delete(request: Request) -> Response:
    """``DELETE /players/{player_id}``: 204."""
    player_id = request.path_parameters["player_id"]
    players.remove(request.items, request.sandbox, player_id, if_match(request))
    return Response(204)
