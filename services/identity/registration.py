"""What a user is told of a client or a URI that is not registered."""

from collections.abc import Collection
from typing import Final

from utils.oauth_errors import InvalidRequestException
from utils.settings import settings

_LONGEST_SHOWN: Final = 300
_SHOWN_ON: Final = ("local", "dev")
"""The environments whose registrations are no secret."""


def unregistered(parameter: str, sent: str, registered: Collection[str]) -> InvalidRequestException:
    """The error of a ``parameter`` whose value, as it was ``sent``, is not registered; empty where there is none.

    On local and dev it says which values are.
    """
    if sent:
        said = [f"The parameter {parameter} is not registered. Sent was: {sent[:_LONGEST_SHOWN]}"]
    else:
        said = [f"The parameter {parameter} is missing or repeated."]
    if settings().environment in _SHOWN_ON:
        said += [
            f"Registered: {', '.join(registered) or 'none'}.",
            "How clients are registered: docs/guides/integrators.md.",
        ]
    return InvalidRequestException(" ".join(said))
