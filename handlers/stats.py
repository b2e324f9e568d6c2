"""The routes of a player's statistics."""

from handlers.dispatch import prefetch, preload
from services import stats
from utils.http import Request, Response, success
from utils.writes import Key


def _player_and_stats(request: Request) -> list[Key]:
    return stats.keys(request.sandbox, request.path_parameters["player_id"])


@prefetch(_player_and_stats)
def show(request: Request) -> Response:
    """``GET /players/{player_id}/stats``."""
    player_id = request.path_parameters["player_id"]
    return success(request, stats.find(request.items, request.sandbox, player_id))


@preload("models.result_body")
@prefetch(_player_and_stats)
def record(request: Request) -> Response:
    """``POST /players/{player_id}/stats``."""
    from models.result_body import ResultBody

    player_id = request.path_parameters["player_id"]
    result = request.body(ResultBody)
    return success(request, stats.record(request.items, request.sandbox, player_id, result))
