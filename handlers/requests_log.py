"""``/_emulator/requests``: the journal of a sandbox, told, awaited, asked and cleared."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from models.journal import NOW, JournalMeta
from services.emulation import journal_reading
from services.emulation.matching import path_matches
from services.players.listing import secret
from utils import cursors, strict_json
from utils.errors import NotFoundException
from utils.http import Request, Response, success
from utils.settings import settings

if TYPE_CHECKING:
    from models.journal_body import RequestsQuery, VerifyBody


class JournalOffException(NotFoundException):
    """The stack keeps no journal."""

    code = "journal_off"
    title = "Journal off"

    def __init__(self) -> None:
        super().__init__("This stack keeps no journal: its setting journal says so.")


class RequestNotFoundException(NotFoundException):
    """The journal has no request of this id, or has it no longer."""

    code = "request_not_found"
    title = "Request not found"

    def __init__(self) -> None:
        super().__init__("The journal has no request of this id.")


def index(request: Request, query: "RequestsQuery") -> Response:
    """List the requests of a sandbox to the partner's routes.

    With their answers, in the order in which they were answered, for 24 hours, secrets masked. A part may have fewer
    than `limit` though more is there, which `has_more` tells. `next_cursor`, sent as `after`, passes nothing over:
    those of the last second are told again. With `wait` they are told once, when they are a second old; while there is
    none, the answer waits for one.

    Answers:
        200: A part of the journal.
    """
    _require_journal()
    key, listing = secret(request.items, request.sandbox), _listing(request, query.order)
    after = query.after
    if after is not None:
        after = journal_reading.settled_at_first() if after == NOW else cursors.decode(key, listing, after)
    wanted = _filter(query)
    if query.order == "asc":
        wait = None if query.wait is None else timedelta(seconds=query.wait)
        part = journal_reading.ascending(request.sandbox, after, query.limit, wanted, wait)
    else:
        part = journal_reading.descending(request.sandbox, after, query.limit, wanted)
    goes_on = part.has_more or query.order == "asc"
    cursor = cursors.encode(key, listing, part.position) if goes_on else None
    meta = JournalMeta(request.request_id, cursor, part.has_more, query.limit)
    return Response(200, strict_json.dump({"data": part.rows, "meta": meta}))


def show(request: Request) -> Response:
    """Show a request of the journal.

    By its `X-Request-Id`.

    Answers:
        200: The request, with its answer.
    """
    _require_journal()
    row = journal_reading.find(request.sandbox, request.path_parameters["request_id"])
    if row is None:
        raise RequestNotFoundException
    return success(request, row)


def clear(request: Request) -> Response:
    """Clear the journal.

    Of the sandbox, which begins anew.

    Answers:
        204: The journal is empty.
    """
    _require_journal()
    journal_reading.clear(request.sandbox)
    return Response(204)


def verify(request: Request, body: "VerifyBody") -> Response:
    """Verify which requests were sent.

    How many there were that match, or whether there were some in an order, at the latest `within` some time. Nothing is
    confirmed that a request which is missing in the journal could make wrong: `complete` says that none is.

    Answers:
        200: It is as expected.
    """
    from services.emulation import verification

    _require_journal()
    return success(request, verification.verify(request.sandbox, body))


def _require_journal() -> None:
    if not settings().journal:
        raise JournalOffException


def _listing(request: Request, order: str) -> str:
    """What a cursor is valid for: whatever the filters, so that who marks a place may choose them later."""
    return strict_json.dump([request.sandbox.universe, "requests", order])


def _filter(query: "RequestsQuery") -> Callable[[dict[str, Any]], bool]:
    """What a row has to be for ``query`` to ask for it."""

    def wanted(row: dict[str, Any]) -> bool:
        status = str(row["response"]["status"])
        return (
            query.method in {None, row["method"]}
            and (query.path is None or path_matches(query.path, row["path"]))
            and query.status in {None, status, f"{status[0]}xx"}
            and query.client_id in {None, row["client_id"]}
            and (query.fault in {None, row["fault"]} or (query.fault == "*" and row["fault"] is not None))
        )

    return wanted
