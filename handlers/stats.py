"""The routes of a player's statistics."""

from typing import TYPE_CHECKING

from handlers.conditional import if_match, versioned, versioned_or_not_modified
from services.players import stats
from utils.http import Request, Response

if TYPE_CHECKING:
    from models.result_body import ResultBody


def show(request: Request) -> Response:
    """Read a player's statistics.

    A new player's are zeros.

    Answers:
        200: The statistics.
        304: The caller has it already.
    """
    player_id = request.path_parameters["player_id"]
    return versioned_or_not_modified(request, stats.find(request.items, request.sandbox, player_id))


def record(request: Request, body: "ResultBody") -> Response:
    """Add the result of a match.

    Atomically: of results that arrive at once, every one is counted.

    Answers:
        200: The statistics as they are now.
    """
    from handlers.idempotency import IdempotentRequest

    player_id = request.path_parameters["player_id"]
    idempotent = IdempotentRequest.from_request(request)

    def add_result() -> Response:
        added = stats.record(
            request.items,
            request.sandbox,
            player_id,
            body,
            if_match=if_match(request),
            further_writes=idempotent.writes(),
        )
        return versioned(request, added)

    def answer_again() -> Response:
        return versioned(request, stats.read(request.sandbox, player_id))

    return idempotent.execute(add_result, answer_again)
