"""When the keys of a rotation sign and are published: plain arithmetic on key sets, in seconds since 1970.

A new key is published at once and signs when everybody who keeps a copy of the published set has had time to see
it. The one before stays published until the last token that it signed has expired, and known for ``id_token_hint``
until the last browser session has. The times in a key are explained by
``services.identity.signing_keys`` (``signs_from``) and ``services.identity.public_keys`` (``published_until``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from seeding.signing_keys import Jwk

REREAD_SECONDS = 30
"""After so long a function reads the keys again."""
ASK_AGAIN_SECONDS = 30
"""After so long a function that verifies tokens asks again for the published set."""
PUBLISHED_SECONDS = 300
"""So long may others keep the published set: its ``max-age``."""
_SLACK_SECONDS = 15
"""For the time that an answer takes, and for clocks that differ."""

SOON_SECONDS = REREAD_SECONDS + ASK_AGAIN_SECONDS + _SLACK_SECONDS
"""From a key's being published until all functions know of it, when they need it."""
LEAD_SECONDS = SOON_SECONDS + PUBLISHED_SECONDS
"""From a key's being published until everybody knows of it."""


@dataclass(frozen=True, slots=True)
class KeySchedule:
    """The private ``keys`` after a rotation, the newest last, and the ids of the keys that it ``dropped``. ``begun``
    says that an earlier rotation made the newest."""

    keys: tuple[Jwk, ...]
    dropped: tuple[str, ...]
    begun: bool

    @property
    def added(self) -> str:
        """The id of the newest key."""
        return str(self.keys[-1]["kid"])

    @property
    def signs_from(self) -> int:
        """The time from which the newest key signs, in seconds since 1970."""
        return int(self.keys[-1]["signs_from"])

    @property
    def leaving(self) -> dict[str, int]:
        """The times until which the keys that go are published, in seconds since 1970, by key id; those left out that
        will be published no more when the newest one signs."""
        until = {
            str(key["kid"]): int(key["published_until"]) for key in self.keys if "published_until" in key
        }
        return {kid: seconds for kid, seconds in until.items() if seconds > self.signs_from}


def schedule_rotation(
    keys: Sequence[Jwk],
    new_key: Callable[[], dict[str, Any]],
    *,
    at: int,
    lead: int,
    token_seconds: int,
    session_seconds: int,
) -> KeySchedule:
    """The schedule of a rotation of the private ``keys`` at the time ``at``, to a key of ``new_key`` that signs
    ``lead`` seconds later. ``token_seconds`` is how long a token lives at most, ``session_seconds`` how long a browser
    session does, in which an ID token is understood as a hint when its key is no longer published.

    Where the newest of ``keys`` does not sign yet, the rotation goes on with that key, and it signs no later than it
    was to.
    """
    kept = sorted(
        (key for key in keys if key.get("published_until", inf) + session_seconds > at),
        key=lambda key: float(key.get("signs_from", -inf)),
    )
    begun = bool(kept) and kept[-1].get("signs_from", -inf) > at
    newest = dict(kept.pop()) if begun else new_key()
    signs_from = min(newest.get("signs_from", inf), at + lead)
    until = signs_from + token_seconds + REREAD_SECONDS + _SLACK_SECONDS
    leaving = [{**key, "published_until": min(key.get("published_until", inf), until)} for key in kept]
    stay = {key["kid"] for key in kept} | {newest["kid"]}
    return KeySchedule(
        (*leaving, {**newest, "signs_from": signs_from}),
        tuple(str(key["kid"]) for key in keys if key["kid"] not in stay),
        begun,
    )
