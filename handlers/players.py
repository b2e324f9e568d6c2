"""The players' routes."""

from urllib.parse import urlencode

from handlers.dispatch import prefetch, preload
from models.responses import APIResponse, FieldError, PageMeta
from services import players
from utils.errors import ValidationException
from utils.http import Request, Response, success
from utils.settings import settings
from utils.writes import Key

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_PARAMETERS = frozenset({"limit", "cursor"})


def _player(request: Request) -> list[Key]:
    return players.keys(request.sandbox, request.path_parameters["player_id"])


@preload("models.player_body", "uuid_utils")
def create(request: Request) -> Response:
    """``POST /players``."""
    from models.player_body import PlayerBody

    player = players.create(request.sandbox, request.body(PlayerBody))
    location = settings().url(f"/players/{player.player_id}")
    return success(request, player, status=201, headers={"Location": location})


def index(request: Request) -> Response:
    """``GET /players``."""
    limit = _limit(request)
    page = players.page(request.sandbox, limit=limit, cursor=request.query.get("cursor"))
    headers = {}
    if page.next_cursor:
        following = urlencode({"limit": limit, "cursor": page.next_cursor})
        headers["Link"] = f'<{settings().url("/players")}?{following}>; rel="next"'
    meta = PageMeta(request.request_id, page.next_cursor, limit)
    return Response(200, APIResponse(page.players, meta), headers)


@prefetch(_player)
def show(request: Request) -> Response:
    """``GET /players/{player_id}``."""
    player_id = request.path_parameters["player_id"]
    return success(request, players.find(request.items, request.sandbox, player_id))


@preload("models.player_body")
@prefetch(_player)
def update(request: Request) -> Response:
    """``PUT /players/{player_id}``."""
    from models.player_body import PlayerBody

    player_id = request.path_parameters["player_id"]
    body = request.body(PlayerBody)
    return success(request, players.replace(request.items, request.sandbox, player_id, body))


@prefetch(_player)
def delete(request: Request) -> Response:
    """``DELETE /players/{player_id}``."""
    players.remove(request.items, request.sandbox, request.path_parameters["player_id"])
    return Response(204)


def _limit(request: Request) -> int:
    """The page's size; :class:`ValidationException` names it and every parameter that is not known.

    An unknown one is refused rather than passed over: who filters by it must not take all players for the answer.
    """
    faults = [
        FieldError(name, "unknown_parameter", "This parameter is not known here.")
        for name in sorted(request.query.keys() - _PARAMETERS)
    ]
    text = request.query.get("limit", str(DEFAULT_LIMIT))
    known = text.isascii() and text.isdecimal() and len(text) <= 3
    limit = int(text) if known else 0
    if not 1 <= limit <= MAX_LIMIT:
        faults.append(FieldError("limit", "limit", f"Input should be a whole number from 1 to {MAX_LIMIT}."))
    if faults:
        raise ValidationException(faults)
    return limit
