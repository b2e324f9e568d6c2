"""``/_emulator/tokens``: tokens to order."""

from typing import TYPE_CHECKING

from services.identity import token_orders
from utils.http import Request, Response, success

if TYPE_CHECKING:
    from models.token_order import TokenOrder


def order(request: Request, body: "TokenOrder") -> Response:
    """Order a token.

    With the claims, audience, scope and lifetime that a test needs, or with a defect for which it must be refused.

    Answers:
        201: The token.
    """
    return success(request, token_orders.fulfil(request.sandbox, body), status=201)
