"""The routes that make, describe, reset and delete sandboxes."""

from typing import TYPE_CHECKING

from handlers.paging import paged
from models.responses import PageMeta
from routes import path_to
from services.sandboxes import declared, directory, exporting, importing
from services.sandboxes.opening import require_name
from utils import strict_json
from utils.errors import PSNEmulatorException
from utils.http import Request, Response, success
from utils.settings import DEFAULT_SANDBOX

if TYPE_CHECKING:
    from models.sandbox_body import ExportQuery, ImportQuery, SandboxBody, SandboxesQuery
    from models.sandbox_document import SandboxDocument


class ForeignSandboxException(PSNEmulatorException):
    """The administrator of a sandbox other than the default one asks for another."""

    status = 403
    code = "foreign_sandbox"
    title = "Foreign sandbox"

    def __init__(self) -> None:
        super().__init__("Only an administrator of the default sandbox operates other sandboxes.")


def declare(request: Request, body: "SandboxBody") -> Response:
    """Declare a sandbox.

    One that there is keeps what it holds: its end and strictness change, and its next reset is to the new seed.

    Answers:
        200: The sandbox, which was there.
        201: The sandbox, which is new.
    """
    sandbox, is_new = declared.declare(_name(request), body)
    if not is_new:
        return success(request, sandbox)
    location = request.sandbox.url(path_to("sandboxes-get", name=sandbox.name))
    return success(request, sandbox, status=201, headers={"Location": location})


def show(request: Request) -> Response:
    """Describe a sandbox.

    Answers:
        200: The sandbox.
    """
    return success(request, declared.describe(*declared.find(_name(request))))


def index(request: Request, query: "SandboxesQuery") -> Response:
    """List sandboxes.

    In order of their names: all for the default sandbox's administrator, its own for another's. A page may have fewer
    than `limit` though more follow.

    Answers:
        200: A page of sandboxes. The header `Link` leads to the next one, if there is one.
    """
    if request.bearer_sandbox == DEFAULT_SANDBOX:
        page = directory.page(request.items, request.sandbox, query.limit, query.cursor)
    else:
        page = directory.only(request.bearer_sandbox)
    return paged(request, page.sandboxes, page.next_cursor, limit=query.limit)


def delete(request: Request) -> Response:
    """Delete a sandbox with all that it holds.

    Its tokens are dead at once.

    Answers:
        204: The sandbox is gone.
    """
    declared.delete(_name(request))
    return Response(204)


def reset(request: Request) -> Response:
    """Reset a sandbox to its seed.

    All else that it holds is gone, its clock is the real one again, and its tokens are dead.

    Answers:
        200: The sandbox.
    """
    return success(request, declared.reset(_name(request)))


def export(request: Request, query: "ExportQuery") -> Response:
    """Export the state of a sandbox.

    A document of users, clients, players, statistics and the clock, members in order of their names; with more players
    than `limit` in pages, of which users, clients and clock stand in the first. Tokens are no part of it.

    Answers:
        200: A page of the document.
    """
    document, next_cursor = exporting.page(_name(request), query.limit, query.cursor)
    meta = strict_json.dump(PageMeta(request.request_id, next_cursor, query.limit))
    return Response(200, f'{{"data":{strict_json.canonical(document)},"meta":{meta}}}')


def import_(request: Request, query: "ImportQuery", body: "SandboxDocument") -> Response:
    """Give a sandbox the state of a document.

    It replaces all that the sandbox holds, and takes an export's pages in their order. The sandbox has the new state
    after the last one, and until then its old.

    Answers:
        200: The sandbox, which has the state now.
        202: What to send the next page with.
    """
    result = importing.take(_name(request), body, query.continued)
    return success(request, result, status=200 if result.next_page is None else 202)


def _name(request: Request) -> str:
    """The name in the path. Raises :class:`InvalidSandboxException` and :class:`ForeignSandboxException`."""
    name = require_name(request.path_parameters["name"])
    if request.bearer_sandbox not in {DEFAULT_SANDBOX, name}:
        raise ForeignSandboxException
    return name
