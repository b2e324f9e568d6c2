"""The routes of a player's statistics."""

from handlers.conditional import if_match, versioned, versioned_or_known
from handlers.dispatch import prefetch, preload
from handlers.idempotency import Once, keys
from services.players import stats
from utils.http import Request, Response
from utils.writes import Key

_POST = "stats-post"


def _player_and_stats(request: Request) -> list[Key]:
    return stats.keys(request.sandbox, request.path_parameters["player_id"])


def _with_the_record(request: Request) -> list[Key]:
    return [*_player_and_stats(request), *keys(request, _POST)]


@prefetch(_player_and_stats)
def show(request: Request) -> Response:
    """``GET /players/{player_id}/stats``."""
    player_id = request.path_parameters["player_id"]
    return versioned_or_known(request, stats.find(request.items, request.sandbox, player_id))


@preload("models.result_body")
@prefetch(_with_the_record)
def record(request: Request) -> Response:
    """``POST /players/{player_id}/stats``."""
    from models.result_body import ResultBody

    player_id = request.path_parameters["player_id"]
    result = request.body(ResultBody)
    once = Once.of(request, _POST)

    def act(done: bool) -> Response:
        if done:
            found = stats.read(request.sandbox, player_id)
        else:
            found = stats.record(
                request.items,
                request.sandbox,
                player_id,
                result,
                if_match=if_match(request),
                also=once.records(),
            )
        return once.settled(versioned(request, found))

    return once.run(act)
