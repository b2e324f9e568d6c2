"""``/_emulator/clock``: what the time is in a sandbox."""

from typing import TYPE_CHECKING

from services.sandboxes import due, timekeeping
from utils.http import Request, Response, success

if TYPE_CHECKING:
    from models.clock_body import ClockBody


def show(request: Request) -> Response:
    """Read the clock.

    Of the sandbox, which no other sandbox follows.

    Answers:
        200: What the time is.
    """
    return success(request, timekeeping.read(request.sandbox))


def change(request: Request, body: "ClockBody") -> Response:
    """Change the clock.

    To a time (`now`), by a duration (`advance`), or back to real time (`reset`). With `freeze` it stands still, and
    from where it stands it goes on with `"freeze": false`. Everything in the sandbox that has a time follows.

    Answers:
        200: What the time is, and what fell due.
    """
    sandbox = timekeeping.change(request.sandbox, body)
    told = due.tell(sandbox)
    return success(request, timekeeping.changed(sandbox, told.due, more_due=told.more))
