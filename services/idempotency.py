"""Requests with an ``Idempotency-Key``: each is carried out once, however often it is sent.

The record of a request is written by the transaction that carries it out, so neither is ever stored without the other.
Of two requests at once with one key one transaction fails, and its request gets the answer of the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from services import clock, keys
from services.expiry import expiry
from utils import strict_json, table
from utils.attributes import Item
from utils.errors import PSNEmulatorException, ThrottledException
from utils.sandbox import Sandbox
from utils.table import ConditionFailedError, Snapshot
from utils.writes import ABSENT, Key, Put, Update, below

LIFETIME = timedelta(hours=24)
"""How long a record counts, by its sandbox's clock."""

type Answer = Mapping[str, Any]
"""The answer of a request, in values that the table holds (``utils.attributes``)."""


class IdempotencyKeyInUseException(PSNEmulatorException):
    """Another request with the same key is being carried out, and was through all attempts of this one."""

    status = 409
    code = "idempotency_key_in_use"
    title = "Idempotency key in use"

    def __init__(self) -> None:
        super().__init__(
            "A request with this Idempotency-Key is still being carried out.", headers={"Retry-After": "1"}
        )


class IdempotencyKeyReusedException(PSNEmulatorException):
    """Another request, with another body or path, was carried out under the same key."""

    status = 422
    code = "idempotency_key_reused"
    title = "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("Another request was sent with this Idempotency-Key.")


def record_key(sandbox: Sandbox, subject: str, client_id: str, route: str, idempotency_key: str) -> Key:
    """The key of a request's record: an ``Idempotency-Key`` counts for one subject, client and route."""
    names = strict_json.dump([subject, client_id, route, idempotency_key])
    return keys.alone(sandbox, "idempotency", _digest(names))


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """The record of one request: its key, and in ``content`` all that makes the request what it is."""

    sandbox: Sandbox
    key: Key
    content: str

    def find(self, items: Snapshot) -> Item | None:
        """The stored record among ``items``; ``None`` when there is none, or one older than :data:`LIFETIME`.

        It has no ``answer`` while :meth:`settle` is still to come. Raises :class:`IdempotencyKeyReusedException` when
        it is of another content.
        """
        item = items.get(self.key)
        if item is None or item["expires_at"] <= clock.seconds(self.sandbox):
            return None
        if item["fingerprint"] != _digest(self.content):
            raise IdempotencyKeyReusedException
        return item

    def require_after(self, error: PSNEmulatorException | ConditionFailedError) -> Item:
        """The stored record, when carrying the request out ended in ``error`` because another one was faster.

        Raises ``error`` when there is no record, or :class:`IdempotencyKeyInUseException` when the other one is not
        through yet.
        """
        item = self.find(table.get_many([self.key]))
        if item is not None:
            return item
        if isinstance(error, ThrottledException) and self.key in error.contended:
            raise IdempotencyKeyInUseException
        raise error

    def put(self, answer: Answer | None) -> Put:
        """The write of the record, for the transaction that carries the request out; fails if it was carried out.

        ``answer`` is ``None`` when it is not known before the transaction: then :meth:`settle` has to follow.
        """
        now, (pk, sk) = clock.seconds(self.sandbox), self.key
        item: Item = {
            "pk": pk,
            "sk": sk,
            "fingerprint": _digest(self.content),
            **expiry(now, now + int(LIFETIME.total_seconds())),
        }
        if answer is not None:
            item["answer"] = answer
        return Put(item, ABSENT | below("expires_at", now + 1))

    def settle(self, answer: Answer) -> Answer:
        """Store ``answer`` in the record unless it has one already; return the one that it has now."""
        settled: Answer = table.write(Update(self.key, assign_once={"answer": answer}))["answer"]
        return settled


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
