"""The routes of a player's statistics."""

from handlers.conditional import if_match, versioned, versioned_or_known
from handlers.dispatch import prefetch, preload
from services import stats
from utils.http import Request, Response
from utils.writes import Key


def _player_and_stats(request: Request) -> list[Key]:
    return stats.keys(request.sandbox, request.path_parameters["player_id"])


@prefetch(_player_and_stats)
def show(request: Request) -> Response:
    """``GET /players/{player_id}/stats``."""
    player_id = request.path_parameters["player_id"]
    return versioned_or_known(request, stats.find(request.items, request.sandbox, player_id))


@preload("models.result_body")
@prefetch(_player_and_stats)
def record(request: Request) -> Response:
    """``POST /players/{player_id}/stats``."""
    from models.result_body import ResultBody

    player_id = request.path_parameters["player_id"]
    result = request.body(ResultBody)
    added = stats.record(request.items, request.sandbox, player_id, result, if_match(request))
    return versioned(request, added)
