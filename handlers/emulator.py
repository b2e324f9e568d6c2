"""The routes that operate the emulator."""

from services.identity import lockout
from utils.http import Request, Response


def unlock(request: Request) -> Response:
    """Lift a lock-out.

    Of the user, and of the client, of this name, whatever address the failed logins came from.

    Answers:
        204: Whoever has this name may try again.
    """
    lockout.lift(request.sandbox, request.path_parameters["account"])
    return Response(204)
