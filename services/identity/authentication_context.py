"""The Authentication Context Class (``acr``) of a login: what a request asks for, of what the stack's setting offers.

By OpenID Connect Core sections 3.1.2.1 (``acr_values``) and 5.5.1.1 (the ``acr`` claim). Every login is the same
one, by
password; the setting ``acr_values`` says which classes it is to pass for.
"""

from collections.abc import Mapping
from typing import Any

from services.identity.authorization_errors import UnmetAuthenticationRequirementsException
from services.identity.claims import accepts
from utils.settings import settings


def offered() -> list[str]:
    """The classes that a login passes for."""
    return settings().acr_values.split(" ")


def chosen(acr_values: str | None, claim: Mapping[str, Any] | None) -> str | None:
    """The first class asked for that is offered, by the ``acr`` claim of the ID token before ``acr_values``.

    ``None`` when none is asked for or offered. Raises :class:`UnmetAuthenticationRequirementsException` when the claim
    is essential and none of its values is offered (section 5.5.1.1).
    """
    if claim is None:
        return next((acr for acr in (acr_values or "").split(" ") if acr in offered()), None)
    values = [claim["value"]] if "value" in claim else claim.get("values", offered())
    acr = next((value for value in values if value in offered() and accepts(claim, value)), None)
    if acr is None and claim.get("essential"):
        raise UnmetAuthenticationRequirementsException("No login here is of the acr that is asked for.")
    return acr
