"""``/_emulator/faults``: the rules that inject faults into a sandbox."""

from typing import TYPE_CHECKING

from handlers.paging import paged
from routes import path_to
from services.emulation import fault_control
from utils.http import Request, Response, success

if TYPE_CHECKING:
    from models.fault_body import FaultRuleBody, FaultsQuery


def create(request: Request, body: "FaultRuleBody") -> Response:
    """Make a rule of faults.

    It acts on the partner's routes in this sandbox, from the next request on, and before the rules that are older. The
    guide to faults tells what each fault does.

    Answers:
        201: The rule.
    """
    rule = fault_control.create(request.sandbox, body)
    location = request.sandbox.url(path_to("faults-get", fault_id=rule.id))
    return success(request, rule, status=201, headers={"Location": location})


def index(request: Request, query: "FaultsQuery") -> Response:
    """List rules of faults.

    The newest first, in the order in which they are asked; those that have come to their end among them.

    Answers:
        200: A page of rules. The header `Link` leads to the next one, if there is one.
    """
    page = fault_control.page(request.sandbox, query.limit, query.cursor)
    return paged(request, page.rules, page.next_cursor, limit=query.limit)


def delete_all(request: Request) -> Response:
    """Delete all rules of faults.

    Answers:
        204: There is none any more.
    """
    fault_control.remove_all(request.sandbox)
    return Response(204)


def show(request: Request) -> Response:
    """Read a rule of faults.

    Answers:
        200: The rule, and how often it has acted.
    """
    return success(request, fault_control.find(request.sandbox, request.path_parameters["fault_id"]))


def delete(request: Request) -> Response:
    """Delete a rule of faults.

    Answers:
        204: The rule is gone, from the next request on.
    """
    fault_control.remove(request.sandbox, request.path_parameters["fault_id"])
    return Response(204)
