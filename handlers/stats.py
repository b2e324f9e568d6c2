"""The routes of a player's statistics."""

from handlers.conditional import if_match, versioned, versioned_or_not_modified
from handlers.dispatch import prefetch, preload
from handlers.idempotency import IdempotentRequest, record_keys
from services.players import stats
from utils.http import Request, Response
from utils.writes import Key

_POST = "stats-post"


def _stats_keys(request: Request) -> list[Key]:
    return stats.keys(request.sandbox, request.path_parameters["player_id"])


def _stats_and_record_keys(request: Request) -> list[Key]:
    return [*_stats_keys(request), *record_keys(request, _POST)]


@prefetch(_stats_keys)
def show(request: Request) -> Response:
    """``GET /players/{player_id}/stats``: the statistics."""
    player_id = request.path_parameters["player_id"]
    return versioned_or_not_modified(request, stats.find(request.items, request.sandbox, player_id))


@preload("models.result_body")
@prefetch(_stats_and_record_keys)
def record(request: Request) -> Response:
    """``POST /players/{player_id}/stats``: the statistics with the result added."""
    from models.result_body import ResultBody

    player_id = request.path_parameters["player_id"]
    result = request.body(ResultBody)
    idempotent = IdempotentRequest.from_request(request, _POST)

    def add_result() -> Response:
        added = stats.record(
            request.items,
            request.sandbox,
            player_id,
            result,
            if_match=if_match(request),
            further_writes=idempotent.writes(),
        )
        return versioned(request, added)

    def answer_again() -> Response:
        return versioned(request, stats.read(request.sandbox, player_id))

    return idempotent.execute(add_result, answer_again)
