"""Whether a token opens a route: what the authorizer said, remembered as the gateway does."""

import time
from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

LIFETIME: Final = timedelta(minutes=5)
_MOST: Final = 10_000

type Claims = Mapping[str, Any]


class Decisions:
    """What the authorizer allowed, by the token and the route's key, for so long; the oldest go when there are many."""

    def __init__(self, lifetime: timedelta = LIFETIME) -> None:
        self._lifetime = lifetime.total_seconds()
        self._allowed: OrderedDict[tuple[str, str], tuple[float, Claims]] = OrderedDict()

    def get(self, authorization: str, key: str) -> Claims | None:
        """The context that the authorizer gave the function; ``None`` when it has to be asked."""
        found = self._allowed.get((authorization, key))
        return found[1] if found is not None and time.monotonic() < found[0] else None

    def keep(self, authorization: str, key: str, claims: Claims) -> None:
        """Remember an allowance."""
        self._allowed.pop((authorization, key), None)
        self._allowed[authorization, key] = time.monotonic() + self._lifetime, claims
        if len(self._allowed) > _MOST:
            self._allowed.popitem(last=False)
