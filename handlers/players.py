"""The players' routes."""

from typing import TYPE_CHECKING

from handlers.conditional import if_match, versioned, versioned_or_not_modified
from handlers.paging import paged
from models.player import Player
from routes import path_to
from services.players import players
from utils.etags import Versioned
from utils.http import Request, Response
from utils.writes import Put

if TYPE_CHECKING:
    from models.player_body import PlayerBody
    from models.players_query import PlayersQuery


def create(request: Request, body: "PlayerBody") -> Response:
    """Create a player.

    Username and e-mail address are unique in the sandbox, whatever their case.

    Answers:
        201: The player.
    """
    from handlers.idempotency import IdempotentRequest

    idempotent = IdempotentRequest.from_request(request)

    def answer(player: Versioned[Player]) -> Response:
        location = request.sandbox.url(path_to("players-get", player_id=player.value.player_id))
        return versioned(request, player, status=201, headers={"Location": location})

    def record(player: Versioned[Player]) -> list[Put]:
        return idempotent.writes(answer(player))

    return idempotent.execute(lambda: answer(players.create(request.sandbox, body, record)))


def index(request: Request, query: "PlayersQuery") -> Response:
    """List players.

    In order of creation, a page at a time; players that come or go meanwhile do not disturb.

    Answers:
        200: A page of players. The header `Link` leads to the next one, if there is one.
    """
    from services.players import listing

    page = listing.page(request.items, request.sandbox, query, is_stale=request.is_stale)
    parameters = query.model_dump(exclude_defaults=True)
    return paged(request, page.players, page.next_cursor, limit=query.limit, parameters=parameters)


def show(request: Request) -> Response:
    """Read a player.

    Answers:
        200: The player.
        304: The caller has it already.
    """
    player_id = request.path_parameters["player_id"]
    return versioned_or_not_modified(request, players.find(request.items, request.sandbox, player_id))


def update(request: Request, body: "PlayerBody") -> Response:
    """Replace a player.

    What the body leaves out goes back to its default.

    Answers:
        200: The player as it is now.
    """
    player_id = request.path_parameters["player_id"]
    player = players.replace(request.items, request.sandbox, player_id, body, if_match(request))
    return versioned(request, player)


def delete(request: Request) -> Response:
    """Delete a player with its statistics.

    Answers:
        204: The player is gone.
    """
    player_id = request.path_parameters["player_id"]
    players.remove(request.items, request.sandbox, player_id, if_match(request))
    return Response(204)
