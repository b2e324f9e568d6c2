"""The header ``Idempotency-Key``: a request that is sent again is answered as it was the first time."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from models.problems import FieldError
from services.idempotency import Answer, IdempotencyRecord, record_key
from utils import strict_json
from utils.errors import PSNEmulatorException, ValidationException
from utils.http import Request, Response
from utils.table import ConditionFailedError
from utils.writes import Key, Put

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""The header of an answer that was given before, with the value ``true``."""
KEY_PATTERN = r"[\x21-\x7e]{1,255}"
"""What a client may choose for a key: 1 to 255 visible ASCII characters."""

_KEY = re.compile(KEY_PATTERN)
_MALFORMED = FieldError(HEADER, "idempotency_key", "Input should be 1 to 255 visible ASCII characters.")


def record_keys(request: Request) -> list[Key]:
    """The key of the record of ``request`` to the route of this name; none without a well-formed key in the header."""
    idempotency_key = request.headers.get(HEADER.lower())
    if idempotency_key is None or not _KEY.fullmatch(idempotency_key):
        return []
    subject, client_id = (str(request.claims.get(name)) for name in ("sub", "client_id"))
    return [record_key(request.sandbox, subject, client_id, request.route, idempotency_key)]


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that is carried out once if it has an ``Idempotency-Key``; ``record`` is ``None`` if it has none."""

    request: Request
    record: IdempotencyRecord | None

    @classmethod
    def from_request(cls, request: Request) -> Self:
        """``request``, whose record is read before its handler runs, as the row of its route is idempotent.

        Reads its JSON body; raises :class:`ValidationException` when its ``Idempotency-Key`` is malformed.
        """
        if HEADER.lower() not in request.headers:
            return cls(request, None)
        keys = record_keys(request)
        if not keys:
            raise ValidationException([_MALFORMED])
        content = f"{request.path}\n{strict_json.canonical(request.json())}"
        return cls(request, IdempotencyRecord(request.sandbox, keys[0], content))

    def execute(
        self, perform: Callable[[], Response], answer_again: Callable[[], Response] | None = None
    ) -> Response:
        """The answer of ``perform``, or the one that an earlier request with the same key was given.

        ``perform`` carries the request out in a transaction that includes :meth:`writes`. If it raises, nothing is
        recorded, for nothing was done. ``answer_again`` is for a request whose answer is not known within that
        transaction: it makes the answer for a request that was carried out and then cut off before it was answered.
        """
        if self.record is None:
            return perform()
        item = self.record.find(self.request.items)
        if item is None:
            try:
                answer = perform()
            except (PSNEmulatorException, ConditionFailedError) as error:
                item = self.record.require_after(error)
            else:
                return answer if answer_again is None else _settled(self.record, answer)
        if answer_again is None or "answer" in item:
            return _response(item["answer"], {REPLAYED: "true"})
        return _settled(self.record, answer_again())

    def writes(self, answer: Response | None = None) -> list[Put]:
        """What the transaction that carries the request out has to write as well; ``answer`` if it is known by then."""
        if self.record is None:
            return []
        return [self.record.put(None if answer is None else _stored(answer))]


def _settled(record: IdempotencyRecord, answer: Response) -> Response:
    """``answer``, or the one that another request with the same key has recorded meanwhile."""
    return _response(record.settle(_stored(answer)))


def _stored(response: Response) -> Answer:
    body = response.to_gateway()["body"]
    return {"status": response.status, "headers": dict(response.headers), "body": body}


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer["status"], answer["body"], {**answer["headers"], **(headers or {})})
