"""The players' routes."""

from functools import partial
from urllib.parse import urlencode

from handlers.conditional import if_match, versioned, versioned_or_known
from handlers.dispatch import prefetch, preload
from handlers.idempotency import Once, keys
from models.player import Player
from models.responses import PageMeta, PageResponse
from services.players import listing, player_items, players
from utils.etags import Versioned
from utils.http import Request, Response
from utils.settings import settings
from utils.writes import Key

_CREATE = "players-create"


def _player(request: Request) -> list[Key]:
    return player_items.keys(request.sandbox, request.path_parameters["player_id"])


def _cursor_secret(request: Request) -> list[Key]:
    return [listing.secret_key(request.sandbox)]


@preload("models.player_body", "uuid_utils")
@prefetch(partial(keys, route=_CREATE))
def create(request: Request) -> Response:
    """``POST /players``."""
    from models.player_body import PlayerBody

    body = request.body(PlayerBody)
    once = Once.of(request, _CREATE)

    def answer(made: Versioned[Player]) -> Response:
        location = settings().url(f"/players/{made.value.player_id}")
        return versioned(request, made, status=201, headers={"Location": location})

    def act(_: bool) -> Response:
        return answer(players.create(request.sandbox, body, lambda made: once.records(answer(made))))

    return once.run(act)


@preload("models.players_query")
@prefetch(_cursor_secret)
def index(request: Request) -> Response:
    """``GET /players``."""
    from models.players_query import PlayersQuery

    query = request.parameters(PlayersQuery)
    page = listing.page(request.items, request.sandbox, query)
    headers = {}
    if page.next_cursor:
        following = {
            **query.model_dump(exclude_defaults=True),
            "limit": query.limit,
            "cursor": page.next_cursor,
        }
        headers["Link"] = f'<{settings().url("/players")}?{urlencode(following)}>; rel="next"'
    meta = PageMeta(request.request_id, page.next_cursor, query.limit)
    return Response(200, PageResponse(page.players, meta), headers)


@prefetch(_player)
def show(request: Request) -> Response:
    """``GET /players/{player_id}``."""
    player_id = request.path_parameters["player_id"]
    return versioned_or_known(request, players.find(request.items, request.sandbox, player_id))


@preload("models.player_body")
@prefetch(_player)
def update(request: Request) -> Response:
    """``PUT /players/{player_id}``."""
    from models.player_body import PlayerBody

    player_id = request.path_parameters["player_id"]
    body = request.body(PlayerBody)
    after = players.replace(request.items, request.sandbox, player_id, body, if_match(request))
    return versioned(request, after)


@prefetch(_player)
def delete(request: Request) -> Response:
    """``DELETE /players/{player_id}``."""
    player_id = request.path_parameters["player_id"]
    players.remove(request.items, request.sandbox, player_id, if_match(request))
    return Response(204)
