"""``Idempotency-Key``: a request that is sent again gets the answer that it had."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from models.responses import FieldError
from services.idempotency import Answer, Intent, record_key
from utils import strict_json
from utils.errors import PSNEmulatorException, ValidationException
from utils.http import Request, Response
from utils.writes import Key, Put

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEY_PATTERN = r"[\x21-\x7e]{1,255}"
"""What a client may choose for a key: visible ASCII."""

_KEY = re.compile(KEY_PATTERN)
_MALFORMED = FieldError(HEADER, "idempotency_key", "Input should be 1 to 255 visible ASCII characters.")


def keys(request: Request) -> list[Key]:
    """The key of the request's record; none when it has no ``Idempotency-Key``, or a malformed one.

    The same key means the same to one subject, by one client, on one route; to others it is another's.
    """
    chosen = request.headers.get(HEADER.lower())
    if chosen is None or not _KEY.fullmatch(chosen):
        return []
    names = (str(request.claims.get("sub")), str(request.claims.get("client_id")), request.route, chosen)
    return [record_key(request.sandbox, *names)]


@dataclass(frozen=True, slots=True)
class Once:
    """One request, carried out once if it asks for that."""

    request: Request
    intent: Intent | None

    @classmethod
    def of(cls, request: Request) -> Self:
        """The request, its JSON body read; :class:`ValidationException` when its ``Idempotency-Key`` is malformed."""
        if HEADER.lower() not in request.headers:
            return cls(request, None)
        found = keys(request)
        if not found:
            raise ValidationException([_MALFORMED])
        content = f"{request.path}\n{strict_json.canonical(request.json())}"
        return cls(request, Intent(request.sandbox, found[0], content))

    def run(self, act: Callable[[bool], Response]) -> Response:
        """What ``act`` answers, or what it answered an earlier request with the same key.

        ``act`` is told whether that earlier one has done all but note its answer. It writes what :meth:`records`
        gives in the transaction that does it; a refusal is not recorded, for nothing was done.
        """
        if self.intent is None:
            return act(False)
        found = self.intent.find(self.request.items)
        if found is None:
            try:
                return act(False)
            except PSNEmulatorException as refusal:
                found = self.intent.find_after(refusal)
        if "answer" not in found:
            return act(True)
        return _response(found["answer"], {REPLAYED: "true"})

    def records(self, answer: Response | None = None) -> list[Put]:
        """What is to be written with what is done; ``answer`` if it is known by then, else see :meth:`settled`."""
        return [] if self.intent is None else [self.intent.record(_stored(answer) if answer else None)]

    def settled(self, answer: Response) -> Response:
        """The answer that counts: ``answer``, unless another request has noted one for the same."""
        return answer if self.intent is None else _response(self.intent.settle(_stored(answer)))


def _stored(response: Response) -> Answer:
    body = response.to_gateway()["body"]
    return {"status": response.status, "headers": dict(response.headers), "body": body}


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer["status"], answer["body"], {**answer["headers"], **(headers or {})})
