"""``/_emulator/limits``: how many requests a client may send to the partner's routes."""

from typing import TYPE_CHECKING

from services.emulation import limits
from utils.http import Request, Response, success

if TYPE_CHECKING:
    from models.limit_body import LimitBody


def put(request: Request, body: "LimitBody") -> Response:
    """Limit the rate of requests.

    Of each client to the partner's routes of this sandbox, from the next request on. What is over the limit is answered
    429 until the window ends; every answer tells how many requests are left.

    Answers:
        200: The limit.
    """
    return success(request, limits.put(request.sandbox, body))


def show(request: Request) -> Response:
    """Read the rate limit.

    Answers:
        200: The limit.
    """
    return success(request, limits.read(request.sandbox))


def delete(request: Request) -> Response:
    """Lift the rate limit.

    Answers:
        204: There is no limit any more.
    """
    limits.remove(request.sandbox)
    return Response(204)
