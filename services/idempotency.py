"""Requests that are carried out once, however often they are sent.

That one was carried out is recorded by the transaction that does it, so there is never the one without the other,
whatever breaks off when. Of two at once one transaction fails, and its request gets what the other one was answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from services import clock
from utils import strict_json, table
from utils.attributes import Item
from utils.errors import (
    IdempotencyKeyInUseException,
    IdempotencyKeyReusedException,
    PSNEmulatorException,
)
from utils.table import Snapshot
from utils.writes import ABSENT, Key, Put, Update, below

LIFETIME = timedelta(hours=24)
"""How long a request is remembered."""

type Answer = Mapping[str, Any]
"""What was answered, in values that the table holds."""


def record_key(sandbox: str, *names: str) -> Key:
    """The key of the record of one request: ``names`` are whose, to what, and under which key of theirs."""
    return f"{sandbox}#idempotency#{_digest(strict_json.dump(names))}", "-"


@dataclass(frozen=True, slots=True)
class Intent:
    """A request that is to be carried out once: the key of its record, and all that makes it what it is."""

    sandbox: str
    key: Key
    content: str

    def find(self, items: Snapshot) -> Item | None:
        """Its record among ``items``, if it was carried out within :data:`LIFETIME`.

        The record may lack its ``answer``. Raises :class:`IdempotencyKeyReusedException`.
        """
        found = items.get(self.key)
        if found is None or found["expires_at"] <= clock.seconds(self.sandbox):
            return None
        if found["fingerprint"] != _digest(self.content):
            raise IdempotencyKeyReusedException
        return found

    def find_after(self, refusal: PSNEmulatorException) -> Item:
        """Its record, when ``refusal`` came of its being carried out by another request meanwhile; else raises.

        That is ``refusal``, or :class:`IdempotencyKeyInUseException` when the other one is still at it.
        """
        found = self.find(table.get_many([self.key]))
        if found is not None:
            return found
        if isinstance(refusal, table.Collision) and self.key in refusal.keys:
            raise IdempotencyKeyInUseException
        raise refusal

    def record(self, answer: Answer | None) -> Put:
        """The record, to be written with what is done; its condition fails when that was done before.

        ``answer`` is ``None`` when it is not known before that: then :meth:`settle` has to follow.
        """
        moment, (pk, sk) = clock.seconds(self.sandbox), self.key
        item = {
            "pk": pk,
            "sk": sk,
            "fingerprint": _digest(self.content),
            "expires_at": moment + int(LIFETIME.total_seconds()),
        }
        known = {} if answer is None else {"answer": answer}
        return Put({**item, **known}, ABSENT | below("expires_at", moment + 1))

    def settle(self, answer: Answer) -> Answer:
        """Record ``answer`` where none is recorded yet; return the one that is."""
        settled: Answer = table.write(Update(self.key, assign_once={"answer": answer}))["answer"]
        return settled


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
