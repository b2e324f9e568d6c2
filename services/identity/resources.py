"""The resources that tokens are for (RFC 8707): the API by its URL, and those of a client's entry in the seed."""

from collections.abc import Sequence

from services.identity.seed import Client
from utils.oauth_errors import InvalidTargetException
from utils.sandbox import Sandbox
from utils.settings import settings


def audience_of(sandbox: Sandbox, resources: Sequence[str], client: Client) -> list[str]:
    """The audience of tokens of ``client`` for ``resources``, each once; empty if none is named.

    The API's URL stands for the API's audience, as RFC 8707 section 2 allows. Raises :class:`InvalidTargetException`
    for a resource that is neither the API nor one of the client's, its audience among them.
    """
    deployment = settings()
    audience: list[str] = []
    for resource in resources:
        is_api = deployment.is_own_issuer(resource.rstrip("/"), sandbox.name)
        if is_api or resource == deployment.audience:
            audience.append(deployment.audience)
        elif resource in client.resources or resource in client.audience:
            audience.append(resource)
        else:
            raise InvalidTargetException("A resource is unknown, or not one of this client's.")
    return list(dict.fromkeys(audience))


def narrowed(sandbox: Sandbox, resources: Sequence[str], client: Client, granted: Sequence[str]) -> list[str]:
    """The audience for ``resources`` of those ``granted``, all of them if none is named (RFC 8707 section 2.2).

    Raises :class:`InvalidTargetException` for one that was not granted.
    """
    audience = audience_of(sandbox, resources, client)
    if not set(audience) <= set(granted or [settings().audience]):
        raise InvalidTargetException("A resource was not granted.")
    return audience or list(granted)
